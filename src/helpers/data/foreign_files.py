"""Files among photographs that are none: what operating systems and programs leave behind, and what only looks alike.

The first kind is known by its name and left aside. The second is known by its first bytes, whatever its name says,
and is told what it is and what to do with it.
"""

import re
from fnmatch import fnmatchcase

# Name patterns, in lower case, of what nobody put there on purpose.
LEFT_BEHIND = (
    *(
        ".ds_store",
        "._*",
        "__macosx",
        ".trashes",
        ".trash*",
        ".spotlight-v100",
        ".fseventsd",
        "icon\r",
        "*.aae",
    ),  # Apple
    *("thumbs.db", "ehthumbs*.db", "desktop.ini", "$recycle.bin", "system volume information"),  # Windows
    *("@eadir", "#recycle", "@tmp", "lost+found", ".directory", ".thumbnails", ".nomedia"),  # servers, Linux, Android
    *(".ipynb_checkpoints", ".git*", ".picasa.ini", "picasa.ini", "zbthumbnail.info", "*.xmp"),  # programs
)
HIDDEN = "other hidden files"

_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_UNPACK = "an archive: unpack it and leave the archive out"
_VIDEO = "a video (an iPhone keeps one beside a live photo): leave it out, or save single pictures of it"
_RAW = "a raw camera file: export it as JPEG"
_BEGINNINGS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "the beginning of a JPEG, but cut short or damaged: copy it again"),
    (b"\x89PNG", "the beginning of a PNG, but cut short or damaged: copy it again"),
    (b"GIF8", "the beginning of a GIF, but cut short or damaged: copy it again"),
    (b"\xff\x0a", "a JPEG XL image, which Pillow does not read: convert it to JPEG or PNG"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL image, which Pillow does not read: convert it to JPEG or PNG"),
    (b"version https://git-lfs", "a git-lfs pointer, not the photograph: run `git lfs pull` where it was cloned"),
    (b"\x1aE\xdf\xa3", _VIDEO),
    (b"\x00\x00\x01\xba", _VIDEO),
    (b"%PDF", "a PDF document: save its pictures as JPEG or PNG"),
    (b"%!PS", "a PostScript drawing: export it as PNG"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript drawing: export it as PNG"),
    (b"PK\x03\x04", _UNPACK),
    (b"Rar!", _UNPACK),
    (b"7z\xbc\xaf", _UNPACK),
    (b"\x1f\x8b", _UNPACK),
    (b"BZh", _UNPACK),
    (b"\xfd7zXZ", _UNPACK),
    (b"\x00\x05\x16\x07", "a side-car file of macOS (._name): leave it out"),
    (b"bplist", "a property list of Apple: leave it out"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "a shortcut of Windows: copy the file that it points to"),
    (b"FUJIFILM", _RAW),
    (b"IIU\x00", _RAW),
    (b"IIRO", _RAW),
    (b"II*\x00", "the beginning of a TIFF, but cut short, damaged, or of a camera's own kind: export it as JPEG"),
    (b"MM\x00*", "the beginning of a TIFF, but cut short, damaged, or of a camera's own kind: export it as JPEG"),
)


def left_behind(name: str) -> str | None:
    """The pattern of what systems and programs leave behind that a file or folder name matches, or None."""
    lowered = name.lower()
    for pattern in LEFT_BEHIND:
        if fnmatchcase(lowered, pattern):
            return pattern.strip()
    return HIDDEN if name.startswith(".") else None


def what_is(data: bytes) -> str:
    """What a file that cannot be read as an image is by its first bytes, and what to do: half a sentence."""
    if not data:
        return "an empty file (0 bytes): copy it again"
    if not any(data[:512]):
        return "a file of zeros, as an interrupted copy leaves it: copy it again"
    if data[4:8] == b"ftyp":
        return _of_boxes(data)
    if data[:4] == b"RIFF":
        return _VIDEO if data[8:12] == b"AVI " else "the beginning of a WebP, but cut short or damaged: copy it again"
    for beginning, told in _BEGINNINGS:
        if data.startswith(beginning):
            return told
    return _of_text(data)


def _of_boxes(data: bytes) -> str:
    """HEIC, AVIF, videos and one raw format share a container; their brands tell them apart."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[8:12]} | {data[at : at + 4] for at in range(16, length, 4)}
    if brands & {b"avif", b"avis"}:
        return "an AVIF image that is damaged, or that this Pillow does not read: convert it to JPEG or PNG"
    if brands & _HEIC:
        return (
            "HEIC, the usual format of an iPhone, which Pillow does not read: convert it to JPEG, and for later "
            "photographs set the camera to Settings > Camera > Formats > Most Compatible"
        )
    return _RAW if b"crx " in brands else _VIDEO


def _of_text(data: bytes) -> str:
    start = data[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if re.match(rb"<!doctype html|<html|<head|<body", start):
        return "a saved web page (HTML), often an error page in place of a download: download the photograph again"
    if b"plist" in start:
        return "a side-car file with the edits of a photograph (AAE, a property list): leave it out"
    if b"<svg" in start:
        return "a drawing (SVG): export it as PNG"
    if start.startswith(b"<?xml"):
        return "an XML file: leave it out"
    try:
        data[:512].decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < min(len(data), 512) - 4:  # not a letter cut in two by the 512
            return f"no image format that Pillow reads (first bytes {data[:8].hex(' ')})"
    return "a text file, no image: leave it out"
