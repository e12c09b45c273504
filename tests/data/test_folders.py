"""A reader's own photographs: what loads, and what is refused with a message that says what to change."""

import os
import shutil

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
    with pytest.raises(
        ValueError, match=r"data_dir: expected the folder that holds train/ and test/ or class folders, got"
    ):
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


# ---- validation, droppings, duplicates: what is said and counted -----------------------------------------------------


@pytest.mark.parametrize("name", ["val", "valid", "Validation", "VAL"])
def test_a_folder_of_validation_photographs_is_the_validation_split(photographs, name, capsys):
    (photographs / "test").rename(photographs / "Test")  # in any mixture of capitals
    for k, c in enumerate(COLOURS):
        (photographs / name / c).mkdir(parents=True)
        Image.new("RGB", (7, 7), (k, 9, 9)).save(photographs / name / c / "mine.png")
    data = load(photographs, val_fraction=0.25)
    assert data.val.names == tuple(f"{name}/{c}/mine.png" for c in COLOURS)
    assert (len(data.train), len(data.test)) == (8, 4)
    assert "validation: the 2 photographs of the folder val/" in capsys.readouterr().err
    assert data.provenance["validation"] == "a folder"
    (photographs / name / "cat").rename(photographs / name / "wolf")
    with pytest.raises(ValueError, match="same classes in train/ and val/"):
        load(photographs)


def test_two_folders_for_one_part_are_refused(photographs):
    for name in ("val", "validation"):
        (photographs / name).mkdir()
    with pytest.raises(ValueError, match="expected one folder for val, got val/, validation/"):
        load(photographs)


def test_what_operating_systems_leave_behind_is_left_aside_and_counted(photographs, capsys):
    names = (".DS_Store", "._photo 0.jpg", "Thumbs.db", "desktop.ini", "IMG_1.AAE", ".hidden", "Icon\r")
    for name in names:
        (photographs / "train" / "cat" / name).write_bytes(b"x")
    for folder in ("__MACOSX", "@eaDir", ".ipynb_checkpoints", ".Trashes"):
        (photographs / "train" / folder / "inner").mkdir(parents=True)
        (photographs / "test" / "dog" / folder).mkdir()
    data = load(photographs)
    assert data.class_names == ("cat", "dog")
    assert data.provenance["system_files"] == len(names) + 8
    assert "thumbs.db (1)" in capsys.readouterr().err


def test_the_same_photograph_twice_is_reported_and_counted(photographs, capsys):
    for path in photographs.glob("test/*/*"):
        path.unlink()
    rng = np.random.default_rng(0)
    for c in COLOURS:
        for i in range(3):
            pixels = rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(photographs / "test" / c / f"{i}.png")
    load(photographs)
    assert "warning" not in capsys.readouterr().err
    train = photographs / "train"
    shutil.copy(photographs / "test" / "cat" / "0.png", train / "cat" / "leak.png")
    shutil.copy(train / "cat" / "photo 1.png", train / "dog" / "other class.png")
    shutil.copy(train / "dog" / "photo 1.png", train / "dog" / "again.png")
    shutil.copy(train / "dog" / "photo 1.png", train / "dog" / "and again.png")
    data = load(photographs)
    counted = {"train/test": 1, "two classes": 1, "within train": 1, "train/val": 0, "val/test": 0}
    assert data.provenance["duplicates"] == counted
    told = capsys.readouterr().err
    assert "1 photograph in train and in test" in told
    assert "test/cat/0.png = train/cat/leak.png" in told
    assert "1 photograph in two classes" in told
    assert "train/cat/photo 1.png = train/dog/other class.png" in told
    assert "1 photograph more than once in a class of train" in told
    assert "photo" not in str(data.provenance["duplicates"])


# ---- names are data --------------------------------------------------------------------------------------------------


def test_names_that_are_no_text_become_readable_and_stay_different(photographs):
    odd = [b"caf\xe9", rb"caf\xe9", b"new\nline", "猫🐶".encode()]
    for part in ("train", "test"):
        for k, name in enumerate(odd):
            folder = os.path.join(os.fsencode(photographs / part), name)
            os.mkdir(folder)
            for i in range(2):
                Image.new("RGB", (5, 5), (k, i, len(part))).save(os.path.join(os.fsdecode(folder), f"{i}.png"))
    data = load(photographs)
    assert set(data.class_names) == {"cat", "dog", r"caf\xe9", r"caf\\xe9", r"new\nline", "猫🐶"}
    for text in (*data.class_names, *data.train.names, *data.test.names):
        assert text.encode("utf-8").decode().isprintable()


def test_an_accent_written_in_two_ways_is_one_class(photographs):
    (photographs / "train" / "cat").rename(photographs / "train" / "caf\u00e9")
    (photographs / "test" / "cat").rename(photographs / "test" / "cafe\u0301")
    assert load(photographs).class_names == ("caf\u00e9", "dog")
    (photographs / "train" / "cafe\u0301").mkdir()
    with pytest.raises(ValueError, match="same name 'café', written in two ways"):
        load(photographs)


# ---- messages with a way out -----------------------------------------------------------------------------------------


def test_the_home_folder_is_expanded_and_a_missing_part_is_named(photographs, monkeypatch):
    monkeypatch.setenv("HOME", str(photographs.parent))
    assert len(load("~/mine").test) == 4
    with pytest.raises(ValueError, match=r"data_dir: .* holds no 'mein' \(but mine\)"):
        load("~/mein/photos")
    (photographs.parent / "mine.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"got the file .*mine\.zip; unpack it"):
        load("~/mine.zip")


def test_a_missing_layout_lists_what_is_there(photographs):
    (photographs / "notes.txt").write_text("x")
    with pytest.raises(ValueError, match=r"It holds 4 files\..*train/<class>/"):
        load(photographs / "train" / "cat")
    (photographs.parent / "cache").mkdir()
    with pytest.raises(ValueError, match=r"holds the folders cache/, mine/; mine/ holds such parts: pass .*mine"):
        load(photographs.parent)
    (photographs / "test").rename(photographs / "exam")
    with pytest.raises(ValueError, match=r"the folders exam/, train/ and 1 file\."):
        load(photographs)


def test_refused_links_name_the_way_out(photographs):
    (photographs / "train" / "dog").rename(photographs.parent / "dogs elsewhere")
    (photographs / "train" / "dog").symlink_to(photographs.parent / "dogs elsewhere")
    with pytest.raises(ValueError, match=r"cp -rL"):
        load(photographs)


def test_a_class_that_lost_most_of_its_photographs_says_both_numbers_and_why(photographs):
    for path in list((photographs / "train" / "dog").iterdir())[:3]:
        path.write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(99))
    with pytest.raises(ValueError, match=r"dog \(1 of 4: 3 cannot be decoded.*train/dog/photo.*HEIC"):
        load(photographs, on_broken="skip")
