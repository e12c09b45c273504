"""What a machine with a GPU gets: a small tree, a small copy of the photographs, wheels."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.data import load_dataset

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import gpu_pack  # noqa: E402

TREE_MIB = 40  # of 64 that a call may carry; the rest is for wheels and photographs
GIVEN = {"image_size": 32, "val_fraction": 0.25, "progress": False}


def test_the_tree_stays_small():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = {name: (ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).is_file()}
    largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
    assert len(sizes) > 100
    assert sum(sizes.values()) <= TREE_MIB * 2**20, f"the largest files: {', '.join(largest)}"


def test_what_labs_need_beside_the_usual_is_pinned():
    names = [
        line for line in (ROOT / "benchmarks/gpu-wheels.txt").read_text().splitlines() if line[:1] not in ("#", "")
    ]
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    assert names == sorted(names)
    assert {"papermill", "ipykernel"} <= set(names) <= {pin.lower().replace("_", "-") for pin in pins}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Stanford Dogs in small, drawn: three classes, whole frames of which only the box is a photograph."""
    sys.path.insert(0, str(ROOT / "tests" / "data"))
    try:
        from test_stanford_dogs import Pack
    finally:
        sys.path.remove(str(ROOT / "tests" / "data"))
    (tmp_path / "whole").mkdir()
    Pack(tmp_path / "whole").write()
    monkeypatch.setenv("HELPERS_DATA", str(tmp_path / "whole"))
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_the_copy_has_the_lists_and_nearly_the_pixels_of_its_source(source, monkeypatch):
    whole = load_dataset("stanford_dogs", **GIVEN)
    text = gpu_pack.make_pack(source / "pack", size=32, limit_mib=1)
    assert "18 photographs of 32 px at quality 90" in text
    monkeypatch.setenv("HELPERS_DATA", str(source / "pack"))
    copy = load_dataset("stanford_dogs", **GIVEN)
    assert copy.class_names == whole.class_names
    for part in ("train", "val", "test"):
        ours, theirs = getattr(copy, part), getattr(whole, part)
        assert ours.names == theirs.names
        assert np.array_equal(ours.labels, theirs.labels)
        difference = np.abs(ours.images.astype(int) - theirs.images).mean()
        assert 0 < difference < 4  # grey levels; another box or photograph differs by dozens
    assert copy.fingerprint != whole.fingerprint
    assert copy.provenance["local_variant"]
    readme = (source / "pack" / "stanford_dogs" / "README.md").read_text()
    assert "12 photographs to learn from and 6 to be judged on, 32 x 32 pixels, JPEG quality 90" in readme
    assert "Never commit" in readme


def test_the_quality_falls_until_all_of_it_fits_and_no_further(source, monkeypatch):
    def sizes(limit):
        gpu_pack.make_pack(source / "pack", size=32, limit_mib=limit / 2**20)
        home = source / "pack" / "stanford_dogs"
        readme = (home / "README.md").read_text()
        return sum(path.stat().st_size for path in home.iterdir()), int(re.search(r"quality (\d+)", readme)[1])

    full, best = sizes(2**20)
    small, quality = sizes(full - 200)
    assert small <= full - 200
    assert quality < best == 90
    with pytest.raises(ValueError, match=r"18 photographs of 32 px do not fit into .* take a smaller --size"):
        sizes(1000)
    assert sum(path.stat().st_size for path in (source / "pack" / "stanford_dogs").iterdir()) == small  # as it was
