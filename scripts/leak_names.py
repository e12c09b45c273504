"""Pack the name lists of the leak audit: official test names, and the published tenth of ImageNet's dogs.

    python scripts/leak_names.py FOLDER

FOLDER holds `official_test.txt` and `simclr_10percent.txt.gz`. Names are facts, no photograph is here; where each list
comes from stands in the packed file and in `helpers.measure.leakage`.
"""

import argparse
import gzip
import hashlib
import json
from collections import defaultdict
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src" / "helpers" / "measure" / "leak_names.json.gz"
SOURCES = {
    "official_test.txt": "Stanford Dogs, test_list.mat, as fields of a JSON file in"
    " github.com/Koorye/stanford-dogs2coco at 5428bc3304b0",
    "simclr_10percent.txt.gz": "imagenet_subsets/10percent.txt of github.com/google-research/simclr, Apache-2.0",
}


def grouped(names: list[str]) -> dict[str, list[int]]:
    """Names such as `n02085620_2650.jpg` as numbers by class, sorted."""
    classes: dict[str, list[int]] = defaultdict(list)
    for name in names:
        wnid, number = Path(name).stem.split("_")
        classes[wnid].append(int(number))
    return {wnid: sorted(numbers) for wnid, numbers in sorted(classes.items())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    test = grouped((folder / "official_test.txt").read_text().split())
    tenth = grouped(gzip.decompress((folder / "simclr_10percent.txt.gz").read_bytes()).decode().split())
    packed = {
        "sources": {
            name: {"from": text, "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
            for name, text in SOURCES.items()
        },
        "official_test": test,
        "published_tenth_of_the_dogs": {wnid: tenth[wnid] for wnid in test},
        "names_in_the_published_tenth": sum(len(numbers) for numbers in tenth.values()),
    }
    text = json.dumps(packed, separators=(",", ":"))
    TARGET.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
