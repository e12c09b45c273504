"""A small copy of Stanford Dogs, for a machine with a GPU that takes a few MiB and has no internet.

    python scripts/gpu_pack.py [--to _build/gpu/pack] [--size 96] [--limit 22]

Takes the set that HELPERS_DATA names: the same lists, in the same order, each photograph cut to its first box,
squashed to a square and saved as JPEG anew, at the highest quality with which all of them fit. The copy is read as any
other (HELPERS_DATA=<folder>) and is another data set: its records say "local variant". The photographs' terms hold for
it, too: it is never committed.
"""

import argparse
import gzip
import io
import os
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.data import Split, load_dataset
from helpers.data.fetching import fetch

SET = "stanford_dogs"
QUALITIES = (90, 75, 60, 50, 45, 40, 35, 30)
LIMIT_MIB = 22
README = """# {set}: a small copy

{train} photographs to learn from and {test} to be judged on, {size} x {size} pixels, JPEG quality {quality}: each was
cut to its first box, squashed and compressed again by scripts/gpu_pack.py from a copy whose images have the sha256
{source}.
Lists and order are that copy's. Scores on it compare with each other, and only roughly with those on the original.

Terms: the photographs come from ImageNet, for non-commercial research and education only; the copyright of each stays
with its photographer. Never commit or publish them.
"""


def jpeg(pixels: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, optimize=True)
    return file.getvalue()


def annotation(size: int) -> bytes:
    """The whole frame as the one box: the photographs are cut already."""
    box = f"<xmin>0</xmin><ymin>0</ymin><xmax>{size}</xmax><ymax>{size}</ymax>"
    return f"<annotation><object><bndbox>{box}</bndbox></object></annotation>".encode()


def archive(members: Iterable[tuple[str, bytes]]) -> bytes:
    """A compressed tar archive; the same members give the same bytes."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def images(splits: list[Split], quality: int) -> bytes:
    rows = (
        (f"Images/{name}", pixels) for split in splits for name, pixels in zip(split.names, split.images, strict=True)
    )
    return archive((name, jpeg(pixels, quality)) for name, pixels in rows)


def sample_bytes(splits: list[Split], quality: int, every: int) -> float:
    """What all photographs take at a quality, from each `every`-th."""
    some = [Split(s.images[::every], s.labels[::every], s.names[::every]) for s in splits]
    return len(images(some, quality)) * sum(map(len, splits)) / sum(map(len, some))


def replace(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    os.replace(partial, path)


def make_pack(folder: Path, size: int = 96, limit_mib: float = LIMIT_MIB) -> str:
    """Write the copy to `<folder>/stanford_dogs`, and say what it is.

    Raises
    ------
    ValueError
        If it does not fit at any quality.
    """
    data = load_dataset(SET, image_size=size, val_fraction=0.0)
    splits = [data.train, data.test]
    names = [name for split in splits for name in split.names]
    lists, source = fetch(SET, "lists.tar"), fetch(SET, "images.tar")
    boxes = archive((f"Annotation/{name.rsplit('.', 1)[0]}", annotation(size)) for name in names)
    room = limit_mib * 2**20 - len(boxes) - lists.bytes - len(README)
    every = max(1, len(names) // 1000)
    likely = [quality for quality in QUALITIES if sample_bytes(splits, quality, every) < 1.02 * room]
    for quality in likely:
        photographs = images(splits, quality)
        if len(photographs) <= room:
            break
    else:
        raise ValueError(
            f"{len(names)} photographs of {size} px do not fit into {limit_mib} MiB at quality {QUALITIES[-1]}: "
            "take a smaller --size"
        )
    home = folder / SET
    home.mkdir(parents=True, exist_ok=True)
    for old in home.iterdir():
        old.unlink()  # files of two copies are never mixed
    told = {"set": SET, "train": len(data.train), "test": len(data.test), "size": size}
    replace(home / "README.md", README.format(**told, quality=quality, source=source.sha256).encode())
    replace(home / f"lists.tar{'.gz' if lists.path.suffix == '.gz' else ''}", lists.path.read_bytes())
    replace(home / "annotation.tar.gz", boxes)
    replace(home / "images.tar.gz", photographs)
    total = sum(path.stat().st_size for path in home.iterdir())
    return f"{home}: {len(names)} photographs of {size} px at quality {quality}, {total / 2**20:.1f} MiB"


def main() -> int:
    parser = argparse.ArgumentParser(description="A small copy of Stanford Dogs for a machine with a GPU.")
    parser.add_argument("--to", type=Path, default=Path("_build/gpu/pack"))
    parser.add_argument("--size", type=int, default=96, help="side of the photographs in pixels")
    parser.add_argument("--limit", type=float, default=LIMIT_MIB, help="MiB in all")
    options = parser.parse_args()
    try:
        print(make_pack(options.to, options.size, options.limit))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
