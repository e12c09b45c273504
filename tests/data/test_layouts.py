"""The folders that people really have: which part each photograph belongs to, and what stays together in a split."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from helpers.data import load_dataset
from helpers.data.base import grouped_split, single_groups, stratified_split
from helpers.data.layout import BESIDE, CLASS_FOLDERS, read_layout
from helpers.data.look import look_through, with_test_part


def picture(seed, size=48):
    """A picture with a hash of its own: coarse noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)


def fill(folder, count, seed):
    folder.mkdir(parents=True)
    for i in range(count):
        picture(1000 * seed + i).save(folder / f"{i}.png")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.fixture
def classes(root):
    """Class folders alone: 10 cats, 5 dogs."""
    fill(root / "cat", 10, 1)
    fill(root / "dog", 5, 2)
    return root


def load(root, **options):
    return load_dataset("folders", data_dir=str(root), **{"image_size": 16, "progress": False, **options})


def sizes(data):
    return len(data.train), len(data.val), len(data.test)


@pytest.mark.parametrize(
    ("parts", "expected", "form"),
    [
        (("train", "test"), (5, 2, 4), "train + test"),
        (("Train", "TEST"), (5, 2, 4), "train + test"),
        (("train", "val"), (5, 2, 4), "train + val"),
        (("Training", "Validation"), (5, 2, 4), "train + val"),
        (("train", "valid", "test"), (7, 4, 4), "train + val + test"),
        (("TRAIN", "Valid", "Testing"), (7, 4, 4), "train + val + test"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_parts_in_any_usual_name(root, parts, expected, form):
    for n, part in enumerate(parts):
        fill(root / part / "cat", 4 if n == 0 else 2, 2 * n)
        fill(root / part / "dog", 3 if n == 0 else 2, 2 * n + 1)
    data = load(root, val_fraction=0.3)
    assert sizes(data) == expected
    assert data.provenance["layout"] == form
    tested = {name.split("/")[0] for name in data.test.names}
    assert tested == {parts[-1]}


def test_a_folder_val_without_test_is_the_test_list_and_this_is_said(root, capsys):
    for n, part in enumerate(("train", "val")):
        for k, name in enumerate(("cat", "dog")):
            fill(root / part / name, 4, 2 * n + k)
    load(root)
    assert "test: the 8 photographs of the folder val/, since there is no test/" in capsys.readouterr().err


def test_class_folders_alone_are_split_by_the_seed(classes, capsys):
    data = load(classes, val_fraction=0.25)
    assert sizes(data) == (9, 3, 3)
    assert np.bincount(data.test.labels).tolist() == [2, 1]
    assert data.provenance["layout"] == CLASS_FOLDERS
    assert "test: 3 photographs drawn from the class folders" in capsys.readouterr().err
    whole = sorted(data.train.names + data.val.names + data.test.names)
    assert whole == sorted([f"cat/{i}.png" for i in range(10)] + [f"dog/{i}.png" for i in range(5)])
    assert load(classes, val_fraction=0.25).test.names == data.test.names
    assert load(classes, image_size=32, val_fraction=0.25).test.names == data.test.names
    others = [load(classes, val_fraction=0.25, seed=seed) for seed in range(1, 4)]
    assert {one.test.names for one in others} != {data.test.names}
    assert len({one.fingerprint for one in [data, *others]}) == 4
    assert load(classes, test_fraction=0.4).fingerprint != load(classes, test_fraction=0.3).fingerprint
    with pytest.raises(ValueError, match="test_fraction: expected 0 < test_fraction < 1, got 1"):
        load(classes, test_fraction=1)


def test_near_duplicates_stay_on_one_side(classes):
    for i in range(4):
        picture(1000 + i).resize((40, 40)).save(classes / "cat" / f"copy {i}.jpg", quality=70)
    shutil.copy(classes / "dog" / "0.png", classes / "dog" / "again.png")
    pairs = [{f"cat/{i}.png", f"cat/copy {i}.jpg"} for i in range(4)] + [{"dog/0.png", "dog/again.png"}]
    apart = 0
    for seed in range(8):
        data = load(classes, val_fraction=0.3, test_fraction=0.4, seed=seed)
        for split in (data.train, data.val, data.test):
            for pair in pairs:
                assert len(pair & set(split.names)) != 1, "one of a pair stands alone"
        assert data.provenance["near_duplicates"]["train/test"] == 0
        assert data.provenance["duplicates"]["train/test"] == 0
        apart += data.provenance["near_duplicates"]["within train"]
    assert apart > 0


def test_near_duplicates_across_given_parts_are_told_and_counted(root, capsys):
    for n, part in enumerate(("train", "test")):
        for k, name in enumerate(("cat", "dog")):
            fill(root / part / name, 3, 2 * n + k)
    picture(0).resize((30, 30)).save(root / "test" / "dog" / "smaller.png")
    data = load(root)
    assert data.provenance["near_duplicates"] == {
        "train/test": 1,
        "train/val": 0,
        "val/test": 0,
        "two classes": 1,
        "within train": 0,
    }
    assert "warning: 1 pair of nearly equal photographs: train/test" in capsys.readouterr().err


def test_flat_pictures_are_not_taken_for_one_another(root):
    for k, name in enumerate(("black", "white")):
        (root / name).mkdir()
        for i in range(3):
            Image.new("RGB", (20 + i, 20), (250 * k + i,) * 3).save(root / name / f"{i}.png")
    assert look_through(root, progress=False).near == []
    assert sizes(load(root, val_fraction=0.3)) == (2, 2, 2)


def test_a_class_that_looks_all_alike_is_split_and_this_is_said(classes, capsys):
    (classes / "film").mkdir()
    for i in range(4):
        picture(7, 60 + i).save(classes / "film" / f"{i}.png")
    data = load(classes, val_fraction=0.3)
    assert [np.sum(split.labels == 2) for split in (data.train, data.val, data.test)] == [2, 1, 1]
    assert "all photographs of film look nearly the same" in capsys.readouterr().err


def test_a_class_of_one_is_named(classes):
    fill(classes / "hat", 1, 3)
    fill(classes / "scarf", 1, 4)
    with pytest.raises(
        ValueError, match=r"at least 2 photographs in each class folder.*got hat \(1\), scarf \(1\): add"
    ):
        load(classes)
    shutil.rmtree(classes / "scarf")
    picture(9).save(classes / "hat" / "second.png")
    with pytest.raises(ValueError, match=r"at least 2 train images per class, got hat \(1\)"):
        load(classes)
    assert sizes(load(classes, val_fraction=0.0)) == (13, 0, 4)


def test_a_class_whose_second_photograph_is_broken_is_named(classes):
    fill(classes / "hat", 1, 3)
    (classes / "hat" / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"got hat \(1\)"):
        load(classes, on_broken="skip")
    (classes / "hat" / "broken.jpg").unlink()
    fill(classes / "more", 5, 5)
    for i in range(1, 3):
        picture(50 + i).save(classes / "hat" / f"{i}.png")
    (classes / "more" / "broken.jpg").write_bytes(b"no image")
    data = load(classes, on_broken="skip")
    assert data.provenance["skipped"] == 1


def test_droppings_and_files_beside_class_folders_are_counted(classes):
    (classes / "__MACOSX" / "cat").mkdir(parents=True)
    (classes / "__MACOSX" / "cat" / "._0.png").write_bytes(b"x")
    (classes / ".DS_Store").write_bytes(b"x")
    (classes / "cat" / "Thumbs.db").write_bytes(b"x")
    (classes / "labels.csv").write_text("a,b")
    layout = read_layout(classes)
    assert dict(layout.left_aside) == {"__macosx": 1, ".ds_store": 1, "thumbs.db": 1, BESIDE: 1}
    assert len(layout.photographs) == 15


def test_what_stands_beside_parts_is_counted(root):
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            fill(root / part / name, 2, 0)
    fill(root / "old", 2, 1)
    (root / "readme.txt").write_text("x")
    assert dict(read_layout(root).left_aside) == {BESIDE: 2}


def test_a_class_may_be_called_train(root):
    for k, name in enumerate(("train", "bus", "plane")):
        fill(root / name, 3, k)
    layout = read_layout(root)
    assert (layout.form, layout.class_names) == (CLASS_FOLDERS, ("bus", "plane", "train"))


def test_class_names_may_differ_in_capitals_between_parts(root):
    for n, part in enumerate(("train", "test")):
        fill(root / part / ("Cat" if n else "cat"), 3, 2 * n)
        fill(root / part / ("DOG" if n else "Dog"), 3, 2 * n + 1)
    data = load(root)
    assert data.class_names == ("Dog", "cat")
    assert {name.split("/")[1]: int(k) for name, k in zip(data.test.names, data.test.labels, strict=True)} == {
        "DOG": 0,
        "Cat": 1,
    }


def test_classes_that_differ_in_capitals_alone_stay_two(root):
    for part in ("train", "test"):
        for k, name in enumerate(("a", "A")):
            fill(root / part / name, 2, k)
    assert read_layout(root).class_names == ("A", "a")


# ---- what is no layout, with the way out -----------------------------------------------------------------------------


def test_train_alone_says_how_to_have_it_split(root):
    for k, name in enumerate(("cat", "dog")):
        fill(root / "train" / name, 4, k)
    with pytest.raises(ValueError, match=r"expected a folder test/.*To have train/ split, pass .*mine/train"):
        load(root)
    assert sizes(load(root / "train", val_fraction=0.3)) == (4, 2, 2)


def test_a_test_folder_without_classes_says_what_to_do_with_it(root):
    for k, name in enumerate(("cat", "dog")):
        fill(root / "train" / name, 4, k)
    fill(root / "test", 3, 5)
    with pytest.raises(ValueError, match=r"got 0\.png, 1\.png, 2\.png\..*move them out.*make classify"):
        load(root)


def test_photographs_of_no_class_folder_are_no_layout(root):
    fill(root / "train", 3, 0)
    fill(root / "test1", 3, 1)
    with pytest.raises(ValueError, match="expected a folder test/"):
        load(root)


def test_one_folder_deeper_is_said(root):
    for k, name in enumerate(("cat", "dog")):
        fill(root / "photos" / name, 2, k)
    (root / "__MACOSX").mkdir()
    with pytest.raises(ValueError, match=r"photos/ holds class folders: pass .*mine/photos"):
        load(root)


def test_a_folder_within_a_class_folder_is_named(classes):
    (classes / "cat" / "more").mkdir()
    with pytest.raises(ValueError, match="expected photographs, got folders: more"):
        load(classes)


# ---- links -----------------------------------------------------------------------------------------------------------


def test_links_are_followed_below_the_root_for_links_alone(classes, tmp_path):
    store = tmp_path / "store"
    (classes / "dog").rename(store)
    (classes / "dog").symlink_to(store)
    with pytest.raises(ValueError, match=r"links or other things:\n  dog/0\.png(.|\n)*link_root=FOLDER"):
        load(classes)
    with pytest.raises(ValueError, match="links"):
        load(classes, link_root=str(tmp_path / "cache"))
    data = load(classes, link_root=str(store))
    assert sum(sizes(data)) == 15
    assert str(store) not in str(data.provenance)
    assert load(classes, link_root=str(tmp_path)).fingerprint == data.fingerprint
    with pytest.raises(ValueError, match=r"link_root: .* holds no 'nowhere'"):
        load(classes, link_root=str(tmp_path / "nowhere"))
    with pytest.raises(ValueError, match="link_root: expected dataset='folders'"):
        load_dataset("breeds", image_size=32, link_root=str(tmp_path))


# ---- the split itself ------------------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40),
    st.floats(0.05, 0.9),
    st.integers(0, 5),
)
def test_groups_stay_together_and_every_class_is_on_both_sides(rows, fraction, seed):
    labels, groups = np.array(rows).T
    counts = np.bincount(labels)
    if counts[counts > 0].min() < 2:
        with pytest.raises(ValueError, match="at least 2 images per class"):
            grouped_split(labels, groups, fraction, seed)
        return
    first, second = grouped_split(labels, groups, fraction, seed)
    assert sorted([*first, *second]) == list(range(len(labels)))
    assert set(labels[first]) == set(labels[second]) == set(labels)
    together = ~np.isin(labels, single_groups(labels, groups))
    assert not set(groups[first][together[first]]) & set(groups[second][together[second]])


@given(st.lists(st.integers(0, 3), min_size=4, max_size=30), st.integers(0, 5))
def test_without_groups_it_is_the_plain_split(labels, seed):
    labels = np.array([*labels, 0, 0, 1, 1, 2, 2, 3, 3])
    own = np.random.default_rng(seed).permutation(len(labels))
    for mine, plain in zip(grouped_split(labels, own, 0.3, seed), stratified_split(labels, 0.3, seed), strict=True):
        assert np.array_equal(mine, plain)


def test_with_test_part_leaves_given_parts_alone(root):
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            fill(root / part / name, 2, 0)
    look = look_through(root, progress=False)
    assert with_test_part(look, 0.5, 0) is look
