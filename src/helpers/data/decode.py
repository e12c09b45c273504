"""From the bytes of a photograph to the square uint8 array that every model of the course starts from.

The resize rule is the simplest: the frame, or the box in it, is squashed to a square. Nothing is cut away and no
border is added, at the price of a distortion that all images of a set share (photographs of dogs are mostly 4 : 3).
Pillow decodes; where a JPEG is more than twice as large as needed, libjpeg already shrinks it while decoding
(``draft``), then one antialiased bilinear resize.
"""

import io
import os
import re
import threading

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from helpers.data.foreign_files import what_is
from helpers.data.paths import existing

# Change it when `decode_image` gives a plain JPEG or PNG other pixels: every cache and fingerprint holds it.
RULE = "squash, antialiased bilinear, JPEG draft, upright, over white, 1"
MAX_DECODING_BYTES = 1 << 30  # of one image; up to eight are decoded at a time
# Of what Pillow reads, the formats of photographs. For EPS it would start another program, Ghostscript, and forty more
# come from decades of which nobody has a photograph: each is a reader of a stranger's bytes.
FORMATS = ("JPEG", "MPO", "PNG", "WEBP", "TIFF", "GIF", "BMP", "DIB", "PPM", "JPEG2000", "AVIF", "ICO", "ICNS", "TGA")
REMEDY = re.compile(r"copy|convert|export|save|leave|unpack|download|git lfs")  # of a message that has one
Box = tuple[float, float, float, float]

_ORIENTATION = 274  # the EXIF tag
_UPRIGHT = {  # its value -> what turns the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_OPPOSITE = {6: 8, 8: 6}  # all others are their own
_OPENING = threading.Lock()

# Colour profiles and edit histories of some MiB are common, and Pillow's limit of 1 MiB a block refuses the picture.
# Its limit for all blocks of a file, 64 MiB, stays.
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY


def decode_image(data: bytes, size: int, box: Box | None = None) -> np.ndarray:
    """Decode one image file, cut the box out, squash it to a square, turn it upright.

    Parameters
    ----------
    data
        The bytes of a JPEG, PNG, ... file.
    size
        Side S of the result, pixels.
    box
        Left, top, right, bottom in pixels of the stored frame (before EXIF turns it); None takes all of it.

    Returns
    -------
    np.ndarray
        uint8 (S, S, 3), RGB. Transparent pixels are shown over white, 16-bit grey by its upper 8 bits.

    Raises
    ------
    OSError
        For what is no image (the message says what it is), or an image cut short.
    ValueError
        For the same where the decoder says it so, an image that takes more than `MAX_DECODING_BYTES` to decode, or a
        box outside of the frame.
    """
    try:
        with _open(data) as image:
            width, height = image.size
            if image.format in ("JPEG", "MPO"):
                left, top, right, bottom = _inside(box, width, height)
                image.draft(None, _enough(width, height, size, right - left, bottom - top))
            _refuse_if_costly(image, width, height)
            orientation = image.getexif().get(_ORIENTATION, 1)
            picture = _stored_frame(image, orientation)
            if image.format not in ("JPEG", "MPO"):
                width, height = picture.size
            left, top, right, bottom = _inside(box, width, height)
            across, down = picture.width / width, picture.height / height  # below 1 after `draft`
            picture = _as_rgb(picture)
            area = (left * across, top * down, right * across, bottom * down)
            if picture.size != (size, size) or area != (0, 0, size, size):
                picture = picture.resize((size, size), Image.Resampling.BILINEAR, area)
            if orientation in _UPRIGHT:
                picture = picture.transpose(_UPRIGHT[orientation])
            return np.asarray(picture)
    except UnidentifiedImageError:
        raise ValueError(what_is(data)) from None
    except Image.DecompressionBombError as error:  # of a picture inside of the file, as icons have them
        raise ValueError(str(error).split(", could")[0]) from error
    except (OSError, ValueError, MemoryError):
        raise
    except Exception as error:  # a SyntaxError is Pillow's word for a broken PNG; other decoders raise whatever comes
        raise ValueError(str(error) or type(error).__name__) from error


def read_picture(path: str | os.PathLike[str], size: int) -> np.ndarray:
    """One picture of the reader's, decoded as every training photograph is.

    Parameters
    ----------
    path
        Of the file; `~` is expanded.
    size
        Side S of the result, pixels.

    Returns
    -------
    np.ndarray
        uint8 (S, S, 3), RGB.

    Raises
    ------
    ValueError
        For a path that leads nowhere, with the part that is missing, and for what cannot be decoded, with the reason.
    """
    file = existing(path, "picture", kind="file")
    try:
        return decode_image(file.read_bytes(), size)
    except (OSError, ValueError) as error:
        told = str(error)
        remedy = "" if REMEDY.search(told) else ": copy it again, or export it as JPEG or PNG"
        raise ValueError(f"picture: {file.name}: {told}{remedy}") from error


def _open(data: bytes) -> Image.Image:
    """Read the header. Pillow's own limit counts pixels of the file, however few are decoded: ours comes after it."""
    with _OPENING:  # Pillow has one limit for all threads
        Image.init()  # all its plugins, once; some are not in every build
        formats = [name for name in FORMATS if name in Image.OPEN]
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(data), formats=formats)
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _refuse_if_costly(image: Image.Image, width: int, height: int) -> None:
    """ValueError where decoding takes too much memory: four bytes a pixel that is left after `draft`, and six for
    every pixel of a progressive JPEG, which libjpeg can only read as a whole."""
    progressive = image.format in ("JPEG", "MPO") and "progressive" in image.info
    cost = 4 * image.width * image.height + (6 * width * height if progressive else 0)
    if cost > MAX_DECODING_BYTES:
        kind = "of a progressive JPEG " if progressive else ""
        raise ValueError(
            f"{width:,} x {height:,} pixels {kind}take {cost / 1e9:.1f} GB to decode, more than the limit of "
            f"{MAX_DECODING_BYTES / 1e9:.1f} GB: save a smaller copy"
        )


def _stored_frame(image: Image.Image, orientation: int) -> Image.Image:
    """The frame as it lies in the file. Pillow turns TIFF upright while loading, and takes the tag away: undo it."""
    if image.format == "TIFF" and image.tag_v2.get(254, 0) & 1:  # type: ignore[attr-defined]
        raise ValueError("a raw camera file, of which only the thumbnail can be read: export it as JPEG")
    image.load()
    if orientation in _UPRIGHT and image.getexif().get(_ORIENTATION, 1) != orientation:
        return image.transpose(_UPRIGHT[_OPPOSITE.get(orientation, orientation)])
    return image


def _inside(box: Box | None, width: int, height: int) -> Box:
    """Clip a box to the frame; annotations overshoot by a pixel."""
    if box is None:
        return (0, 0, width, height)
    left, top, right, bottom = max(box[0], 0), max(box[1], 0), min(box[2], width), min(box[3], height)
    if right - left < 1 or bottom - top < 1:
        raise ValueError(f"box: expected left < right and top < bottom within {width} x {height}, got {box}")
    return (left, top, right, bottom)


def _enough(width: int, height: int, size: int, across: float, down: float) -> tuple[int, int]:
    """The frame that libjpeg may shrink to: its box still has at least size pixels each way."""
    return max(1, round(width * size / across)), max(1, round(height * size / down))


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise ValueError("expected an image of 8 or 16 bits per channel, got floating-point pixels")
    if image.mode.startswith("I"):  # 16-bit grey: Pillow's own conversion would clip it to white
        deep = np.asarray(image)
        if deep.min() < 0 or deep.max() > 65_535:
            raise ValueError(
                f"expected an image of 8 or 16 bits per channel, got pixels of {deep.min()} to {deep.max()}"
            )
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        pixels = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", pixels.size, "white"), pixels).convert("RGB")
    return image.convert("RGB")
