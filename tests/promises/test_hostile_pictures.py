"""Hostile pictures: gigapixels, bombs beside the pixels, foreign formats, damage."""

import io
import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from helpers.data.decode import decode_image, read_picture

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


def encoded(kind: str, size=(40, 30), seed: int = 0, **options) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*chunks: bytes) -> bytes:
    whole = encoded("PNG", (8, 8))
    return whole[:33] + b"".join(chunks) + whole[33:]


def frames(kind: str, number: int) -> bytes:
    file, shown = io.BytesIO(), [Image.new("L", (8, 8), k % 256) for k in range(number)]
    shown[0].save(file, kind, save_all=True, append_images=shown[1:])
    return file.getvalue()


ZEROS_MIB = 80  # more than all texts of a PNG may have


def zeros() -> bytes:
    return zlib.compress(bytes(ZEROS_MIB * MIB), 1)


LARGE = {  # 60,000 x 60,000 pixels in a few bytes
    "PNG": b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", b""),
    "GIF": b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0x80, 0, 0) + bytes(6)
    + b"," + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x01\x44\x00;",
    "BMP": b"BM" + struct.pack("<IHHI", 54, 0, 0, 54)
    + struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
    "PPM": b"P6 60000 60000 255\n",
    "PGM": b"P5 60000 60000 65535\n",
    "TGA": struct.pack("<BBBHHBHHHHBB", 0, 0, 10, 0, 0, 0, 0, 0, 60_000, 60_000, 24, 0),
    "TIFF": b"II*\x00\x08\x00\x00\x00" + struct.pack("<H", 6) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value)
        for tag, value in ((256, 60_000), (257, 60_000), (258, 8), (262, 1), (273, 8), (279, 1))
    ) + bytes(4),
}  # fmt: skip
LOOP = b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, 0x8769, 4, 1, 8) + struct.pack("<I", 8)
HEAVY = {
    "a text that unpacks to 80 MB": lambda: png_with(chunk(b"zTXt", b"k\0\0" + zeros())),
    "a hundred such texts": lambda: png_with(*[chunk(b"zTXt", b"k\0\0" + zeros())] * 100),
    "an international one": lambda: png_with(chunk(b"iTXt", b"k\0\1\0\0\0" + zeros())),
    "a colour profile that unpacks to 80 MB": lambda: png_with(chunk(b"iCCP", b"k\0\0" + zeros())),
    "an EXIF block that leads to itself": lambda: png_with(chunk(b"eXIf", LOOP)),
}

FOREIGN = {
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) run\n%%EOF\n",
    "EPS of DOS": b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 32, 60) + bytes(20)
    + b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 8, 8, 8, 3) + bytes(40),
    "FITS": b"SIMPLE  =                    T" + b" " * 50 + b"END",
    "WMF": b"\xd7\xcd\xc6\x9a" + bytes(60),
    "PCX": b"\x0a\x05\x01\x08" + bytes(124),
    "SGI": b"\x01\xda\x01\x01\x00\x03" + bytes(600),
    "DDS": b"DDS " + struct.pack("<I", 124) + bytes(120),
    "XBM": b"#define a_width 8\n#define a_height 8\nstatic char a_bits[] = {0};\n",
    "XPM": b"/* XPM */\nstatic char * a[] = {\n",
    "FLI": bytes(4) + b"\x11\xaf" + bytes(122),
    "MPEG": b"\x00\x00\x01\xb3" + bytes(20),
    "SPIDER": struct.pack(">27f", *([1.0] * 27)),
}  # fmt: skip


@pytest.mark.parametrize("kind", LARGE)
def test_a_picture_of_gigapixels_is_refused_before_it_is_decoded(within, kind, count):
    with within(20, mib=32), pytest.raises((ValueError, OSError), match=r"60,000 x 60,000|broken|GIF|truncated|cut"):
        decode_image(LARGE[kind], 8)
    count("pictures of gigapixels", 1)


@pytest.mark.parametrize("kind", HEAVY)
def test_what_stands_beside_the_pixels_stays_small(within, kind, count):
    data = HEAVY[kind]()
    with within(30, mib=150), suppress(ValueError, OSError):
        assert decode_image(data, 8).shape == (8, 8, 3)
    count("pictures with a bomb beside the pixels", 1)


def test_of_ten_thousand_frames_one_is_decoded(within, amount, count):
    kinds = ["GIF", "PNG", "TIFF"] + (["WEBP"] if features.check("webp") else [])
    number = amount(500, 10_000)
    for kind in kinds:
        data = frames(kind, number)
        with within(5):
            assert decode_image(data, 8).max() <= 4
    count("frames", number * len(kinds))


def test_only_formats_of_photographs_are_opened_and_no_other_program(tmp_path, monkeypatch, count):
    """Pillow hands PostScript to Ghostscript, where there is one: here there is, and it leaves a mark."""
    from PIL import EpsImagePlugin

    script, mark = tmp_path / "gs", tmp_path / "was run"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    with pytest.raises(OSError), Image.open(io.BytesIO(FOREIGN["EPS"])) as plain:
        plain.load()
    assert mark.exists(), "what is guarded against"
    mark.unlink()
    for name, data in FOREIGN.items():
        (tmp_path / "photo.jpg").write_bytes(data)
        with pytest.raises(ValueError, match=r"^picture: photo\.jpg: "):
            read_picture(tmp_path / "photo.jpg", 8)
        assert not mark.exists(), name
    count("formats that no photograph has", len(FOREIGN))


def test_any_bytes_are_a_picture_or_a_reason(within, tmp_path, amount, count):
    rng, tried, path = np.random.default_rng(1), amount(150, 20_000), tmp_path / "photo.jpg"
    seeds = [encoded(kind) for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "PPM", "TGA", "ICO")]
    seeds += [encoded("JPEG", progressive=True), encoded("PNG", optimize=True), encoded("TIFF", compression="tiff_lzw")]
    seeds += [encoded("WEBP")] if features.check("webp") else []
    seeds += [encoded("JPEG2000")] if features.check("jpg_2000") else []
    reasons = []
    for k in range(tried):
        data = bytearray(seeds[k % len(seeds)])
        place = rng.integers(0, min(len(data), int(rng.choice([64, len(data)]))), rng.integers(1, 12))
        for at in place:
            data[at] = rng.integers(256)
        path.write_bytes(data[: rng.integers(1, len(data) + 1)] if rng.random() < 0.2 else data)
        with within(60):
            try:
                assert read_picture(path, 16).shape == (16, 16, 3)
            except ValueError as error:
                reasons.append(str(error))
    assert len(reasons) > tried / 10
    assert [reason for reason in reasons if not reason.startswith("picture: photo.jpg: ")] == []
    count("damaged pictures", tried)
