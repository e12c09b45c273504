"""Tiny ImageNet: dogs left out, no photograph in both lists, and a broken pack named."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.data.archives import ArchiveError
from helpers.data.tiny_imagenet import CLASSES, NAME, TEST, TRAIN, load_tiny_imagenet

# index, wnid, is_dog, name; the index is not the order of the wnid
TABLE = [(0, "n05", 0, "goldfish"), (1, "n02", 1, "poodle"), (2, "n01", 0, "tabby"), (3, "n09", 0, "bus")]


def photograph(colour: tuple[int, int, int] | int, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (64, 64), colour).save(file, "JPEG", quality=95)
    return file.getvalue()


def write_shard(path: Path, members: list[tuple[str, bytes]]) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    path.write_bytes(gzip.compress(content.getvalue(), mtime=0))  # the same bytes every time


class Pack:
    """Shards of four photographs a class for training (in two shards) and two for the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = "index\twnid\tis_dog\tname\n" + "".join("\t".join(map(str, row)) + "\n" for row in TABLE)
        self.shards = {name: [] for name in (*TRAIN, *TEST)}
        for part, (shard, first, count) in enumerate(((TRAIN[0], 0, 2), (TRAIN[1], 2, 2), (TEST[0], 4, 2))):
            for index, *_ in TABLE:
                for i in range(first, first + count):
                    stem = f"{part}{index}{i}"
                    self.shards[shard].append((f"{stem}.jpg", photograph((60 * index, 40 * i, 200))))
                    self.shards[shard].append((f"{stem}.cls", str(index).encode()))

    def load(self, **options):
        self.folder.mkdir(exist_ok=True)
        (self.folder / CLASSES).write_text(self.table, encoding="utf-8")
        for name, members in self.shards.items():
            write_shard(self.folder / name, members)
        return load_tiny_imagenet(**{"image_size": 16, "progress": False, **options})


@pytest.fixture
def pack(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_DATA", str(tmp_path))
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    return Pack(tmp_path / NAME)


def reds(split) -> list[list[int]]:
    """For each label, the red of its photographs: 60 times the index of the class in the table."""
    red = np.round(split.images[..., 0].mean(axis=(1, 2)) / 60).astype(int)
    return [sorted(set(red[split.labels == k].tolist())) for k in range(split.labels.max() + 1)]


def test_dogs_are_left_out_and_classes_come_in_the_order_of_their_wnid(pack):
    data = pack.load()
    assert data.class_names == ("tabby", "goldfish", "bus")
    assert (len(data.train), len(data.val), len(data.test)) == (12, 0, 6)
    assert reds(data.train) == reds(data.test) == [[2], [0], [3]]
    assert data.provenance["terms"] == "restricted"
    assert data.provenance["left_out_across_splits"] == 0


def test_dogs_may_be_kept_and_classes_be_fewer(pack):
    assert pack.load(dogs=True).class_names == ("tabby", "poodle", "goldfish", "bus")
    few = pack.load(num_classes=2)
    assert few.class_names == ("tabby", "goldfish")
    assert (len(few.train), len(few.test)) == (8, 4)
    assert reds(few.test) == [[2], [0]]
    for wrong in (1, 4):
        with pytest.raises(ValueError, match=f"expected 2 to 3, got {wrong}"):
            pack.load(num_classes=wrong)


def test_a_seed_draws_other_classes_and_keeps_their_order(pack):
    drawn = {seed: pack.load(num_classes=2, class_seed=seed).class_names for seed in range(8)}
    everything = pack.load().class_names
    assert all(list(names) == [name for name in everything if name in names] for names in drawn.values())
    assert len(set(drawn.values())) == 3  # two of three
    assert pack.load(num_classes=2, class_seed=5).class_names == drawn[5]


def test_each_selection_has_a_fingerprint_of_its_own(pack):
    options = ({}, {"dogs": True}, {"num_classes": 2}, {"val_fraction": 0.25}, {"image_size": 8})
    prints = [pack.load(**one).fingerprint for one in options]
    assert len(set(prints)) == len(options)
    assert pack.load().fingerprint == prints[0]


def test_a_training_photograph_that_is_a_test_photograph_is_left_out_and_counted(pack):
    tests = dict(pack.shards[TEST[0]])
    copied = tests["224.jpg"]  # a tabby
    pack.shards[TRAIN[1]] += [("copy.jpg", copied), ("copy.cls", b"2")]
    pack.shards[TRAIN[0]] += [("other.jpg", copied), ("other.cls", b"3")]  # under another class, too
    data = pack.load()
    assert data.provenance["left_out_across_splits"] == 2
    assert len(data.train) == 12
    assert not {"copy.jpg", "other.jpg"} & set(data.train.names)
    assert "224.jpg" in data.test.names


def test_a_photograph_without_a_class_or_with_a_wrong_one_is_refused_by_name(pack):
    pack.shards[TRAIN[0]] += [("alone.jpg", photograph(9, "L")), ("odd.jpg", photograph(9, "L")), ("odd.cls", b"17")]
    with pytest.raises(ArchiveError, match=r"alone\.jpg': a photograph without a class") as caught:
        pack.load()
    assert "'odd.cls': expected a class index, got '17'" in str(caught.value)


def test_a_grey_photograph_has_three_equal_channels(pack):
    pack.shards[TEST[0]] += [("grey.jpg", photograph(77, "L")), ("grey.cls", b"0")]
    data = pack.load()
    assert np.array_equal(data.test.images[data.test.names.index("grey.jpg")], np.full((16, 16, 3), 77))


@pytest.mark.parametrize("table", ["", "index\twnid\tname\n0\tn01\ttabby\n"])
def test_a_table_without_its_columns_is_refused(pack, table):
    pack.table = table
    with pytest.raises(ValueError, match=r"classes\.tsv: expected the columns index, wnid, is_dog, name"):
        pack.load()


def test_a_broken_photograph_stops_or_is_counted(pack):
    pack.shards[TRAIN[0]][0] = ("000.jpg", b"rotten")
    with pytest.raises(ValueError, match=r"000\.jpg"):
        pack.load()
    assert pack.load(on_broken="skip").provenance["skipped"] == 1


@pytest.mark.slow
@pytest.mark.skipif(
    not any((Path(f) / NAME / CLASSES).is_file() for f in os.environ.get("HELPERS_DATA", "").split(os.pathsep)),
    reason="HELPERS_DATA holds no tiny_imagenet",
)
def test_the_real_pack():
    data = load_tiny_imagenet(progress=False)
    assert (len(data.train), len(data.val), len(data.test), data.num_classes) == (34_919, 0, 3_880, 194)
    assert not set(data.train.names) & set(data.test.names)
    assert np.bincount(data.test.labels).tolist() == [20] * 194
