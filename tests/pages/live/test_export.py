"""What `make html` writes for the live page, and what a published book leaves out."""

import json

import pytest

from helpers.data.fetching import data_folders
from helpers.data.tiny_imagenet import _read_classes
from helpers.pages.live import export, measured, networks

OURS = ("vit_mini", "xception_mini")


def test_a_book_that_is_built_to_be_published_leaves_released_weights_out_unless_asked():
    left_out = lambda **environment: [name for name, why in export.wanted(environment).items() if why]  # noqa: E731
    assert left_out() == []
    assert left_out(GITHUB_REPOSITORY="a/b") == ["efficientnet_lite0"]
    assert left_out(GITHUB_REPOSITORY="a/b", LIVE="all") == []
    assert left_out(LIVE="ours") == ["efficientnet_lite0"]
    with pytest.raises(ValueError, match="auto, all, ours"):
        export.wanted({"LIVE": "yes"})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    return folder, export.write(folder, {"LIVE": "ours"})


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_our_networks_are_written_with_their_terms_and_the_released_one_is_not(written):
    folder, done = written
    assert [done[name] for name in OURS] == ["written"] * 2
    assert "not published" in done["efficientnet_lite0"]
    assert not list(folder.glob("efficientnet_lite0*"))
    for name in OURS:
        text = (folder / f"{name}.LICENSE.txt").read_text(encoding="utf-8")
        assert "Converted by us" in text
        assert "research and education" in text.replace("\n", " ")
    told = json.loads((folder / "parts.js").read_text(encoding="utf-8").split(" = ", 1)[1].rstrip(";\n"))
    assert [bool(one["absent"]) for one in told["networks"]] == [False, False, True]
    assert [one["name"] for one in told["pictures"]] == list(export.PICTURES)


def test_nothing_is_written_twice_and_the_same_files_give_the_same_bytes(written, tmp_path):
    folder, _ = written
    before = contents(folder)
    assert [export.write(folder, {"LIVE": "ours"})[name] for name in OURS] == ["kept"] * 2
    assert contents(folder) == before
    export.write(tmp_path, {"LIVE": "ours"})
    assert contents(tmp_path) == before


def test_a_network_that_is_no_longer_wanted_is_taken_away(written):
    folder, _ = written
    (folder / "efficientnet_lite0.0.js").write_text("")
    export.write(folder, {"LIVE": "ours"})
    assert not list(folder.glob("efficientnet_lite0*"))


def test_changed_weights_are_written_again(written, monkeypatch):
    folder, _ = written
    monkeypatch.setattr(export, "fingerprint", lambda name: "another")
    assert export.write_network(folder, "vit_mini") == "written"
    monkeypatch.undo()
    assert export.write_network(folder, "vit_mini") == "written"


def test_a_package_that_is_not_installed_is_said(written, monkeypatch):
    def missing(folder, name):
        raise FileNotFoundError("which is not installed here")

    monkeypatch.setattr(export, "write_network", missing)
    assert "not installed" in export.write(written[0], {})["efficientnet_lite0"]
    monkeypatch.undo()
    export.write(written[0], {"LIVE": "ours"})


def test_every_output_has_a_name():
    for name, count in {"vit_mini": 194, "xception_mini": 194, "efficientnet_lite0": 1000}.items():
        names = networks.class_names(name)
        assert len(names) == count
        assert all(names)
    assert networks.class_names("efficientnet_lite0")[285] == "Egyptian cat"


def test_our_names_are_those_of_the_training_in_its_order():
    tables = [folder / "tiny_imagenet" / "classes.tsv" for folder in data_folders()]
    table = next((path for path in tables if path.is_file()), None)
    if table is None:
        pytest.skip("Tiny ImageNet is not here")
    told = "".join(f"{wnid}\t{name}\n" for wnid, name in _read_classes(table, dogs=False).items())
    assert networks.CLASSES.read_text(encoding="utf-8") == told


def test_the_table_counts_what_eight_bits_change():
    found = measured.eight_bits("vit_mini")
    assert found.photographs == 7
    assert 0 <= found.same_first <= 7
    assert 0 < found.largest < 0.5
    assert 1 < found.megabytes < 3
    assert measured.accuracy("vit_mini")["n"] == 3880
    assert measured.accuracy("efficientnet_lite0") is None


def test_a_network_that_is_not_installed_has_a_row_that_says_so(monkeypatch):
    def missing(name):
        raise FileNotFoundError

    monkeypatch.setattr(measured, "eight_bits", missing)
    assert [row["loads"] for row in measured.table()] == ["not installed"] * 3


def test_the_released_weights_carry_the_full_licence():
    try:
        networks.source_file("efficientnet_lite0")
    except FileNotFoundError:
        pytest.skip("the package of released weights is not installed")
    text = networks.licence_text("efficientnet_lite0")
    assert "Converted by us" in text
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in text
