"""The drawn folder holds the oddities of real ones, and the look finds each of them."""

import shutil

import numpy as np
import pytest

from helpers.data.folders import from_look
from helpers.data.look import look_through, with_test_part
from helpers.pages.l16 import finds
from helpers.pages.l16.drawn import write_drawn_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_drawn_folder(tmp_path_factory.mktemp("drawn") / "photographs", 3, 8, 0.3)


@pytest.fixture
def look(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    return look_through(folder, on_broken="skip", progress=False)


def test_what_was_planted_is_found(look):
    told = {row["what"]: row["found"] for row in finds.files(look)}
    assert told["layout"] == "class folders alone"
    assert told["formats"] == "PNG (25), JPEG (1)"
    assert told["stored on their side, turned upright by their EXIF tag"] == "1"
    assert told["left aside, as no photographs"] == ".ds_store (1), __macosx (1)"
    assert told["cannot be read, left out"] == "1"
    assert [name.split("/")[1] for name, _ in look.broken] == ["IMG_0001.HEIC"]
    assert "iPhone" in look.broken[0][1]


def test_the_photograph_on_its_side_stands_upright(folder, look, tmp_path):
    """Beside the same dog, drawn again."""
    lying = next(path for path in folder.glob("*/002.png") if path.parent.name == sorted_names(folder)[1])
    row = [photograph.path for photograph in look.layout.photographs].index(lying)
    upright = finds.small_images(look, [row])[0]
    from PIL import Image

    stored = np.asarray(Image.open(lying).convert("RGB").resize((64, 64)), dtype=float)
    turned = np.rot90(stored, -1)
    assert np.abs(upright - turned).mean() < np.abs(upright - stored).mean() / 4


def sorted_names(folder):
    """The class names in the order in which they were drawn: the second one holds the HEIC file."""
    holding = next(folder.glob("*/IMG_0001.HEIC")).parent.name
    others = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name not in (holding, "__MACOSX"))
    return [others[0], holding, *others[1:]]


def test_doubles_are_named_by_kind_and_shown_in_pairs(look):
    split = with_test_part(look, 0.25, 1)
    kinds = {(row["what"], row["where"]): row for row in finds.doubles(split)}
    equal = kinds["equal files", "in two classes"]
    assert (equal["times"], equal["which means"]) == (1, "one of the labels is wrong")
    splits = [with_test_part(look, 0.25, seed) for seed in range(8)]  # a pair in one test list is of no kind
    alike = [row for other in splits for row in finds.doubles(other) if row["what"] == "look alike"]
    assert {row["which means"] for row in alike} == {"perhaps the same: look"}  # a look-alike proves nothing
    pairs = finds.pairs_to_show(split)
    assert len(pairs) == 2
    titles = finds.pair_titles(split, pairs)
    assert titles[0].startswith("1: equal")
    assert titles[2].startswith("2: alike")
    assert finds.twins_in_test(split).sum() == 0
    assert sum(finds.twins_by_chance(look, 0.25, seed)[0] for seed in range(12)) > 0


def test_twins_across_given_lists_are_counted(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "mine"
    for part in ("train", "test"):
        shutil.copytree(folder, root / part, ignore=shutil.ignore_patterns("__MACOSX", "*.HEIC", ".*"))
    for path in root.glob("test/*/*"):
        if path.name not in ("000.png", "003.png"):
            path.unlink()
    for path in root.glob("train/*/003.png"):
        path.unlink()
    look = look_through(root, progress=False)
    twins = finds.twins_in_test(look)
    data = from_look(look, image_size=32, progress=False)
    assert [name.split("/")[-1] for name, twin in zip(data.test.names, twins, strict=True) if twin] == ["000.png"] * 3
    assert finds.twins_by_chance(look, 0.25, 0) is None


def test_an_equal_file_in_another_class_is_doubtful_and_a_look_alike_is_not(look):
    for seed in range(20):
        split = with_test_part(look, 0.25, seed)
        doubtful = finds.in_two_classes(split)
        test = [photograph for photograph in split.layout.photographs if photograph.part == "test"]
        names = [photograph.path.name for photograph in test if photograph.path.name != "IMG_0001.HEIC"]
        assert len(doubtful) == len(names)
        if "001 filed here too.png" in names:
            break
    else:
        pytest.fail("no split with the planted file in the test list")
    marked = [name for name, doubt in zip(names, doubtful, strict=True) if doubt]
    assert sorted(marked) == ["001 filed here too.png", "001.png"]


def test_class_sizes_and_what_they_ask_for(look):
    assert sorted(finds.class_sizes(look)) == [8, 9, 9]
    assert "Fewer than 10 photographs" in finds.size_advice(look)[0]
    assert len(finds.one_each(look)) == 3
    assert [row["photographs"] for row in finds.class_rows(look)] == [8, 9, 9]
    assert [row["photographs"] for row in finds.class_rows(look, most=2)] == [8, None, 9]


def test_a_class_of_one_is_named_before_anything_is_split(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    root = shutil.copytree(folder, tmp_path / "mine")
    (root / "hat").mkdir()
    shutil.copy(next(root.glob("*/004.png")), root / "hat" / "only.png")
    look = look_through(root, on_broken="skip", progress=False)
    assert "hat has 1 readable photograph: add some, or move its folder out." in finds.size_advice(look)
    with pytest.raises(ValueError, match=r"got hat \(1\)"):
        with_test_part(look, 0.2, 1)


def test_the_drawn_folder_refuses_numbers_out_of_range(tmp_path):
    for wrong in ((1, 8), (13, 8), (3, 2)):
        with pytest.raises(ValueError, match="drawn: expected 2 to 12 classes of at least 3"):
            write_drawn_folder(tmp_path / "x", *wrong, 0.3)
