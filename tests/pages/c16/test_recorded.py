"""What chapter 16 says of its study stands in the record; its figures show what they are given."""

import numpy as np
import pytest

from helpers.measure.intervals import Estimate
from helpers.pages.c16 import figures, maps, readers, recorded, study
from helpers.records import read_record


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_the_findings_of_the_record_follow_from_its_rows():
    record = read_record(recorded.STUDY, "cpu").model_dump()
    assert study.findings(record["runs"]) == record["summary"]["findings"]
    name = "vit, Grad-CAM at the chosen block: pairs told apart"
    chosen = maps.grad_cam_name(recorded.chosen_layer("vit_mini"))
    assert record["summary"]["findings"][name]["value"] == recorded.apart("vit_mini", chosen).value


def test_attention_is_at_one_half_by_construction_and_the_truth_at_one():
    for method in (maps.ROLLOUT, maps.attention_name(6), *maps.WITHOUT_NETWORK):
        found = recorded.apart("vit_mini", method)
        assert (found.value, found.low) == (0.5, None)
    assert recorded.apart("vit_mini", recorded.WORTH).value == 1
    assert recorded.finds("vit_mini", recorded.WORTH).value == pytest.approx(1)


def test_shuffling_the_head_leaves_attention_and_shuffling_all_leaves_what_asks_no_network():
    assert recorded.alike("vit_mini", maps.ROLLOUT, "first") == pytest.approx(1)
    assert abs(recorded.alike("vit_mini", maps.ROLLOUT, "all")) < 0.5
    for network in maps.LAYERS:
        for method in maps.WITHOUT_NETWORK:
            assert recorded.alike(network, method, "all") == pytest.approx(1)


def test_the_half_that_chooses_does_not_judge(monkeypatch):
    gains = {method: np.zeros(6) for method in map(maps.grad_cam_name, maps.LAYERS["vit_mini"])}
    lucky = maps.grad_cam_name("blocks.3.norm1")
    gains[lucky] = np.array([1.0, 1, 1, -1, -1.5, -2])
    monkeypatch.setattr(recorded, "gains", lambda network, method, kind="deletion": gains.get(method, np.zeros(6)))
    assert recorded.chosen_layer("vit_mini") == "blocks.3.norm1"
    assert recorded.judged("vit_mini", lucky, maps.BLOB).value == recorded.judged("vit_mini", lucky).value == -1.5


def test_rows_are_found_or_refused():
    with pytest.raises(ValueError, match="no row of 'ruler'"):
        recorded.some("ruler", method="by taste")
    with pytest.raises(ValueError, match="expected one row of 'cues'"):
        recorded.one("cues", network="vit_mini")
    assert recorded.plain("Grad-CAM, blocks.1.norm1") == "Grad-CAM, block 2"
    assert recorded.plain("Grad-CAM, entry.7") == "Grad-CAM, entry.7"
    assert len(recorded.names()) == len(readers.NETWORKS) * len(readers.CUES)
    card = recorded.report("vit_mini", [maps.ROLLOUT, maps.BLOB])
    assert [row["all shuffled"] for row in card][1] == "+1.00"
    assert recorded.with_sign(-0.001) == "+0.00"
    assert recorded.two_digits(-0.26) == "\N{MINUS SIGN}0.26"
    assert recorded.signed(Estimate(0.5, -0.1, 1.1, 9, "test sampling")) == "+0.50 [\N{MINUS SIGN}0.10, +1.10]"


def test_figures_draw_every_row_and_fill_the_chosen_layer():
    rows = {"ViT": Estimate(0.5, 0.4, 0.6, 9, "test sampling"), "a blob": Estimate(0.1, None, None, 9, "nothing")}
    ax = figures.layer_dots(rows, 0.2, "a blob", figures.BLUE, "ViT").axes[0]
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces == [figures.BLUE, "white"]
    assert "a blob" in " ".join(words(ax))


def test_the_steps_of_the_ruler_and_a_gallery():
    picture, curve = np.zeros((8, 8, 3), np.uint8), (np.linspace(0, 1, 5), np.ones(5), np.zeros(5))
    assert len(figures.ruler_step(1, picture, picture, np.eye(2), curve).axes) == 2
    assert words(figures.ruler_step(3, picture, picture, np.eye(2), curve).axes[0]) == ["by the map", "at random"]
    titles = [ax.get_title(loc="left") for ax in figures.gallery(picture, {"a": None, "b": np.eye(2)}).axes]
    assert titles == ["a", "b", ""]
    said = [("as it was", "spotted", "big-head")] * 3
    assert words(figures.two_readers([picture] * 3, said).axes[0]) == ["spotted", "big-head"]
