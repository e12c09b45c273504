"""A reader's own photographs: what loads, and what is refused with a message that says what to change."""

import os

import numpy as np
import pytest
from PIL import Image

from helpers.data import load_dataset
from helpers.data.cache import BrokenImagesError

COLOURS = {"cat": (200, 30, 30), "dog": (30, 200, 30)}


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """Four training and two test photographs of each class, in different formats."""
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "mine"
    for part, count in (("train", 4), ("test", 2)):
        for name, colour in COLOURS.items():
            (root / part / name).mkdir(parents=True)
            for i in range(count):
                suffix = ("jpg", "png", "webp", "JPEG")[i]
                Image.new("RGB", (30 + i, 20), colour).save(root / part / name / f"photo {i}.{suffix}")
    return root


def load(root, **options):
    options = {"image_size": 8, "val_fraction": 0.25, "progress": False, **options}
    return load_dataset("folders", data_dir=str(root), **options)


def caches(root):
    cache = root.parent / "cache"
    return [path.name for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_classes_splits_and_pixels(photographs):
    data = load(photographs)
    assert data.class_names == ("cat", "dog")
    assert (len(data.train), len(data.val), len(data.test)) == (6, 2, 4)
    assert sorted(data.test.names) == sorted(
        f"test/{c}/photo {i}.{s}" for c in COLOURS for i, s in ((0, "jpg"), (1, "png"))
    )
    for split in (data.train, data.val, data.test):
        assert split.images.mean(axis=(1, 2)).argmax(axis=1).tolist() == split.labels.tolist()
    assert data.provenance["terms"] == "user"
    assert str(photographs) not in str(data.provenance)


def test_fingerprint_follows_content_not_place(photographs):
    before = load(photographs).fingerprint
    moved = photographs.rename(photographs.parent / "moved")
    assert load(moved).fingerprint == before
    Image.new("RGB", (9, 9)).save(moved / "train" / "cat" / "photo 0.jpg")
    assert load(moved).fingerprint != before


def test_hidden_files_are_left_alone(photographs):
    for name in (".DS_Store", "Thumbs.db"):
        (photographs / "train" / "cat" / name).write_bytes(b"x")
    (photographs / "train" / ".hidden").mkdir()
    assert len(load(photographs).train) == 6


def test_no_folder_given():
    with pytest.raises(ValueError, match=r"data_dir: expected the folder that holds train/ and test/, got none"):
        load_dataset("folders", image_size=8)


def test_folder_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match="data_dir"):
        load(tmp_path / "absent")


@pytest.mark.parametrize("part", ["train", "test"])
def test_part_that_does_not_exist(photographs, part):
    (photographs / part).rename(photographs / "other")
    with pytest.raises(ValueError, match=f"expected a folder {part}/"):
        load(photographs)


def test_one_class_is_not_enough(tmp_path):
    for part in ("train", "test"):
        (tmp_path / part / "cat").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"at least 2 class folders, got \['cat'\]"):
        load(tmp_path)


@pytest.mark.parametrize("part", ["train", "test"])
def test_class_with_no_image(photographs, part):
    for path in (photographs / part / "dog").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=rf"{part}.dog: expected at least one photograph"):
        load(photographs)


def test_class_of_one_part_alone(photographs):
    (photographs / "test" / "wolf").mkdir()
    with pytest.raises(ValueError, match=r"only in test/: \['wolf'\]"):
        load(photographs)
    (photographs / "test" / "wolf").rmdir()
    (photographs / "train" / "fox").mkdir()
    with pytest.raises(ValueError, match=r"only in train/: \['fox'\]"):
        load(photographs)


def test_photographs_outside_of_a_class_folder(photographs):
    (photographs / "train" / "loose.jpg").write_bytes(b"x")
    with pytest.raises(ValueError, match=r"one folder per class and nothing else, got loose\.jpg"):
        load(photographs)


def test_folders_inside_of_a_class_folder(photographs):
    (photographs / "train" / "cat" / "more").mkdir()
    with pytest.raises(ValueError, match="got folders: more"):
        load(photographs)


def test_links_that_leave_the_folder_are_all_named(photographs):
    outside = photographs.parent / "outside.jpg"
    Image.new("RGB", (9, 9)).save(outside)
    (photographs / "train" / "cat" / "link.jpg").symlink_to(outside)
    (photographs / "test" / "dog" / "dangling.jpg").symlink_to(photographs / "nowhere.jpg")
    with pytest.raises(ValueError, match="links") as caught:
        load(photographs)
    assert "train/cat/link.jpg" in str(caught.value)
    assert "test/dog/dangling.jpg" in str(caught.value)
    assert caches(photographs) == []


def test_class_folder_that_is_a_link_to_elsewhere_is_refused(photographs):
    (photographs / "train" / "dog").rename(photographs.parent / "dogs elsewhere")
    (photographs / "train" / "dog").symlink_to(photographs.parent / "dogs elsewhere")
    with pytest.raises(ValueError, match=r"links(.|\n)*train/dog/photo 0\.jpg"):
        load(photographs)


def test_link_within_the_folder_is_fine(photographs):
    (photographs / "train" / "cat" / "again.jpg").symlink_to(photographs / "train" / "cat" / "photo 0.jpg")
    assert len(load(photographs).train) + len(load(photographs).val) == 9


def test_pipe_is_refused_not_waited_for(photographs):
    os.mkfifo(photographs / "train" / "cat" / "pipe.jpg")
    with pytest.raises(ValueError, match=r"train/cat/pipe\.jpg"):
        load(photographs)


def test_broken_photographs_are_all_named_or_skipped_and_counted(photographs):
    whole = (photographs / "train" / "cat" / "photo 0.jpg").read_bytes()
    (photographs / "train" / "cat" / "photo 0.jpg").write_bytes(whole[: len(whole) - 40])
    (photographs / "test" / "dog" / "photo 1.png").write_text("a text")
    (photographs / "train" / "dog" / "notes.txt").write_text("a text")
    with pytest.raises(BrokenImagesError) as caught:
        load(photographs)
    assert sorted(name for name, _ in caught.value.broken) == [
        "test/dog/photo 1.png",
        "train/cat/photo 0.jpg",
        "train/dog/notes.txt",
    ]
    assert caches(photographs) == []
    data = load(photographs, on_broken="skip")
    assert data.provenance["skipped"] == 3
    assert np.bincount(data.test.labels).tolist() == [2, 1]


def test_single_training_photograph_cannot_be_shared_with_validation(photographs):
    for i, suffix in ((1, "png"), (2, "webp"), (3, "JPEG")):
        (photographs / "train" / "cat" / f"photo {i}.{suffix}").unlink()
    with pytest.raises(ValueError, match=r"at least 2 train images per class, got cat \(1\)"):
        load(photographs)
    assert len(load(photographs, val_fraction=0.0).train) == 5
