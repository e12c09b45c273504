"""Look for photographs that stand both in Tiny ImageNet's pre-training part and in Stanford Dogs' test list.

Perceptual hashes of 64 bits (`helpers.data.near_duplicates`). First what the hash can find: photographs of dogs that
are at hand as whole frames as well are cropped to their official box, squashed and compared with the set's own file
of that photograph; then their whole frames and centre squares are. Then every pair of the two sets. Writes
`near_duplicates.json` beside the weights, which their model card reads.

    HELPERS_DATA=/folder/of/data python scripts/near_duplicates.py [--dogs /folder/with/more/of/stanford_dogs]

A few minutes. `stanford_dogs/fullsize` of HELPERS_DATA holds the whole frames.
"""

import argparse
import json
import os
import tarfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.data import load_dataset
from helpers.data.near_duplicates import BITS, LIMIT, perceptual_hashes
from helpers.data.tiny_imagenet import load_tiny_imagenet
from helpers.models.pretrained import OURS
from helpers.records import code_version, write_atomically

SIZE = 64  # pixels
CORNERS = ("xmin", "ymin", "xmax", "ymax")
OUT = OURS["photographs"] / "near_duplicates.json"


def squashed(image: Image.Image, box: tuple[int, int, int, int] | None = None) -> np.ndarray:
    """(S, S, 3), as the sets are made: crop, then squash."""
    return np.asarray(image.convert("RGB").crop(box).resize((SIZE, SIZE), Image.Resampling.BILINEAR))


def whole_frames(folder: Path, names: set[str]) -> dict[str, dict[str, np.ndarray]]:
    """Photograph -> crop -> picture, of the whole frames whose name is in `names`."""
    found = {}
    with tarfile.open(folder / "images.tar") as images, tarfile.open(folder / "annotation.tar") as boxes:
        for member in images:
            name = member.name.removeprefix("Images/")
            if not member.isfile() or name not in names:
                continue
            image = Image.open(images.extractfile(member))
            box = ElementTree.parse(boxes.extractfile(f"Annotation/{name.removesuffix('.jpg')}")).find("object/bndbox")
            side, (width, height) = min(image.size), image.size
            left, top = (width - side) // 2, (height - side) // 2
            found[name] = {
                "same crop": squashed(image, tuple(int(box.findtext(corner)) for corner in CORNERS)),
                "whole frame": squashed(image),
                "centre square": squashed(image, (left, top, left + side, top + side)),
            }
    return found


def apart(hashes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The bits in which hashes differ, row by row."""
    return np.bitwise_count(hashes ^ others).astype(int)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dogs", help="another folder for stanford_dogs than HELPERS_DATA")
    options = parser.parse_args()
    tiny, frames = load_tiny_imagenet(image_size=SIZE), Path(os.environ["HELPERS_DATA"]) / "stanford_dogs" / "fullsize"
    os.environ["HELPERS_DATA"] = options.dogs or os.environ["HELPERS_DATA"]
    dogs = load_dataset("stanford_dogs", image_size=SIZE, val_fraction=0)
    files = {
        name: image for part in (dogs.train, dogs.test) for name, image in zip(part.names, part.images, strict=True)
    }
    known = whole_frames(frames, set(files))
    theirs = perceptual_hashes(np.stack([files[name] for name in known]))
    crops = {
        crop: sorted(apart(perceptual_hashes(np.stack([made[crop] for made in known.values()])), theirs).tolist())
        for crop in ("same crop", "whole frame", "centre square")
    }
    test, nearest = perceptual_hashes(dogs.test.images), BITS
    for part in (tiny.train, tiny.test):
        for one in perceptual_hashes(part.images):
            nearest = min(nearest, int(apart(one, test).min()))
    found = {
        "bits": BITS,
        "limit": LIMIT,
        "known_photographs": len(known),
        "known_bits": crops,
        "pre_training_photographs": len(tiny.train) + len(tiny.test),
        "dogs_test_photographs": len(dogs.test),
        "nearest_bits": nearest,
        "code_version": code_version(),
    }
    write_atomically(OUT, json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
