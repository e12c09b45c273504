"""Broken pictures, paths to them, and folders of photographs work or are refused by name, with a way out."""

import io
import random
import struct
import sys
import zlib
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from PIL import Image

from helpers.data import load_dataset
from helpers.data.decode import read_picture

spec = spec_from_file_location("broken", Path(__file__).with_name("broken.py"))
broken = sys.modules["broken"] = module_from_spec(spec)
spec.loader.exec_module(broken)
tries = broken.tries

FORMATS = {
    "JPEG": {"quality": 90},
    "progressive JPEG": {"quality": 90, "progressive": True},
    "upright JPEG": {"exif": True},
    "PNG": {},
    "palette PNG": {"mode": "P"},
    "16-bit PNG": {"mode": "I;16"},
    "WebP": {},
    "animated WebP": {"frames": 3},
    "GIF": {"mode": "P"},
    "animated GIF": {"mode": "P", "frames": 3},
    "PGM": {"mode": "L"},
    "PPM": {},
    "BMP": {},
    "TIFF": {},
    "packed TIFF": {"compression": "tiff_lzw"},
    "ICO": {},
}


def picture(kind: str) -> bytes:
    """40 x 30 pixels of noise in blocks."""
    options = dict(FORMATS[kind])
    mode, frames = options.pop("mode", "RGB"), options.pop("frames", 1)
    rng = np.random.default_rng(0)
    if mode == "I;16":
        images = [Image.fromarray(rng.integers(0, 65_536, (30, 40)).astype(np.uint16))]
    else:
        blocks = rng.integers(0, 256, (frames, 6, 8, 3), dtype=np.uint8).repeat(5, 1).repeat(5, 2)
        images = [Image.fromarray(block).convert(mode) for block in blocks]
    if options.pop("exif", False):
        options["exif"] = Image.Exif()
        options["exif"][274], options["exif"][271] = 6, "A camera"
    if frames > 1:
        options |= {"save_all": True, "append_images": images[1:]}
    file = io.BytesIO()
    form = kind.split()[-1]
    images[0].save(file, {"PGM": "PPM"}.get(form, form), **options)
    return file.getvalue()


def with_right_sums(png: bytes) -> bytes:
    """A PNG whose checksums are those of its broken chunks, so that a decoder goes on."""
    found, at = png[:8], 8
    while at + 12 <= len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if at + 12 + length > len(png):
            break
        body = png[at + 4 : at + 8 + length]
        found += png[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += 12 + length
    return found + png[at:]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_broken_picture(kind, tries, amount, count):
    whole, rng = picture(kind), random.Random(kind)
    assert isinstance(whole, bytes)
    for number in range(amount(6, 120)):
        how, data = broken.mutated(whole, rng)
        if "PNG" in kind and number % 2:
            how, data = f"{how}, sums put right", with_right_sums(data)
        with tries.folder() as folder:
            file = folder / "mine.jpg"
            file.write_bytes(data)
            tries(f"{kind} {how}", lambda file=file: read_picture(file, 16), ("mine.jpg",), is_picture)
    count("pictures", tries.done())


def is_picture(pixels: np.ndarray) -> bool:
    return pixels.shape == (16, 16, 3) and pixels.dtype == np.uint8


def test_a_path_that_is_none(tries, amount, count):
    (tries.room / "here" / "folder").mkdir()
    parts = st.one_of(broken.TEXTS, st.sampled_from([".", "..", "folder", "x" * 300, "\ud800", "\n", "~", "CON"]))
    for typed in broken.drawn(st.lists(parts, min_size=1, max_size=4).map("/".join), amount(30, 500)):
        tries(f"picture={typed!r:.80}", lambda typed=typed: read_picture(typed, 16), ("picture",), is_picture)
    count("paths", tries.done())


def test_a_folder_of_photographs_with_anything_in_it(tries, amount, count):
    whole, rng = [picture("JPEG"), picture("PNG")], random.Random(1)
    names = ["train", "test", "val", "a", "b", "A", "ä", "a\u0308", "a\nb", "\udcff", ".x", "__MACOSX", "x" * 200]
    for _ in range(amount(15, 300)):
        with tries.folder() as folder:
            tell = grow(folder, rng, names, whole, depth=0)
            call = lambda folder=folder: load_dataset(  # noqa: E731
                "folders", data_dir=folder, image_size=16, val_fraction=0.0, progress=False
            )
            tries(f"folder of {tell}", call, (folder.name, "images", "photographs"), lambda data: len(data.test) > 0)
    count("folders", tries.done())


def grow(folder: Path, rng: random.Random, names: list[str], whole: list[bytes], depth: int) -> str:
    """Folders in folders, whole and broken pictures, texts, links; returns what was made."""
    told = []
    for name in rng.sample(names, rng.choice((0, 2, 2, 3))):
        inner = folder / name
        if depth < 2 and rng.random() < 0.8:
            inner.mkdir()
            told.append(f"{name!r}: {grow(inner, rng, names, whole, depth + 1)}")
        elif rng.random() < 0.2:
            inner.symlink_to(rng.choice(("..", "/etc/hostname", "nowhere", name)))
            told.append(f"{name!r} link")
    for number in range(rng.choice((1, 3)) if depth else rng.choice((0, 0, 1))):
        data = rng.choice(whole) if rng.random() < 0.9 else broken.mutated(rng.choice(whole), rng)[1]
        (folder / f"{number}.jpg").write_bytes(data + bytes([rng.randrange(256)]))
    return "{" + ", ".join(told) + "}"
