"""Chapter 11: memory by formula against the count, crossings, guesses whose right option is the measured one."""

import json

import matplotlib.pyplot as plt
import pytest
import torch

from helpers.measure.accuracy import Estimate
from helpers.measure.cost import saved_activation_bytes
from helpers.models.vit import VIT_CONFIGS
from helpers.pages.c11 import figures, memory, recorded
from helpers.pages.c11.explorer import MemoryExplorer, bytes_text, told
from helpers.pages.c11.guesses import GuessExplorer
from helpers.pages.c11.sentences import QUESTIONS, answered, right_option, values


@pytest.fixture(scope="module")
def networks():
    return {network.name: network for network in memory.networks()}


@pytest.mark.parametrize(("key", "size", "patch"), [("Ti", 224, 16), ("S", 384, 16), ("B", 224, 32), ("B", 288, 32)])
def test_a_vits_memory_and_parameters_follow_from_its_shape(key, size, patch):
    shape = tuple(VIT_CONFIGS[key][name] for name in ("depth", "embed_dim", "num_heads"))
    parameters, kept = memory.counted_vit(key, size, patch)
    assert parameters == memory.vit_parameters(*shape, size, patch)
    assert memory.vit_bytes(*shape, size, patch) == pytest.approx(kept, rel=0.003)


@pytest.mark.parametrize("name", memory.CNNS)
def test_a_cnns_memory_grows_with_its_pixels(networks, name):
    with torch.device("meta"):
        larger = saved_activation_bytes(memory.CNNS[name](), 384)
    assert networks[name].per_image(384, 16) == pytest.approx(larger, rel=0.011)


def test_two_networks_take_the_same_where_they_cross(networks):
    vit, mobile = networks["ViT-B"], networks["MobileNetV2"]
    meet = memory.crossing(vit, mobile, 224, 32)
    assert meet == pytest.approx(29.1, abs=0.05)
    assert vit.fixed(224, 32) + meet * vit.per_image(224, 32) == pytest.approx(
        mobile.fixed(224, 32) + meet * mobile.per_image(224, 32)
    )
    assert vit.total(29, 224, 32) > mobile.total(29, 224, 32)
    assert vit.total(30, 224, 32) < mobile.total(30, 224, 32)
    assert memory.crossing(vit, mobile, 224, 16) is None
    assert memory.crossing(networks["ViT-S"], networks["VGG-16"], 224, 16) is None
    assert memory.crossing(vit, vit, 224, 16) is None


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="patch: expected a divisor of 225"):
        memory.tokens(225, 16)
    with pytest.raises(ValueError, match="expected the shape of a ViT"):
        memory.Network("nothing", None).per_image(224, 16)


def test_the_memory_explorer_says_totals_and_where_they_cross(networks):
    explorer = MemoryExplorer(list(networks.values()))
    assert json.loads(json.dumps(explorer.data)) == explorer.data
    assert "They cross at a batch of 29" in explorer.alt
    assert told(networks["ViT-B"], networks["ViT-B"], 1, 224, 16).endswith("They do not cross.")
    assert "beyond this axis" not in told(networks["ViT-B"], networks["ResNet-50"], 1, 224, 32)
    assert (bytes_text(2**20 * 1023), bytes_text(2**20 * 1536)) == ("1023 MiB", "1.5 GiB")
    ax = explorer.still().axes[0]
    assert [text.get_text() for text in ax.texts] == ["ViT-B", "MobileNetV2"]
    plt.close("all")


def test_the_right_option_is_the_one_nearest_to_what_was_measured():
    for question, value in zip(QUESTIONS, values(), strict=True):
        options = sorted(question.options)
        chosen = list(question.options)[right_option(question, value)]
        others = [abs(option - value) for option in options if option != chosen]
        assert abs(chosen - value) < 0.25 * min(others), f"{question.sentence}: two options are near {value}"
        assert question.claim in recorded.verdicts()
        assert "{" not in answered(question, value)


def test_the_guesses_hold_all_that_the_page_needs():
    explorer = GuessExplorer()
    assert len(explorer.rows) == 10
    assert all(0 <= row["right"] < len(row["options"]) for row in explorer.rows)
    assert len(explorer.still().axes[0].texts) == 20
    plt.close("all")


def test_records_name_what_they_lack():
    for call, words in (
        (lambda: recorded.finding("costs", "nothing"), "no finding 'nothing'"),
        (lambda: recorded.field("vgg16", "features.99", "theory_px"), "no row for vgg16"),
        (lambda: recorded.dogs("nothing"), "no difference"),
        (lambda: recorded.accuracy("vit_mini", "nothing"), "no cell"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    assert recorded.leaked_share() == 1.0


def test_figures_show_a_row_each_and_refuse_nothing():
    ax = figures.kept_bars({"ResNet-50": 82.0, "ViT-B/32": 30.0}).axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["ViT-B/32", "ResNet-50"]
    ax = figures.compute_lines([112, 224], {"ViT-B/16": [4.0, 17.0], "ResNet-50": [1.0, 4.0]}).axes[0]
    assert len(ax.lines) == 2
    rows = {"small ViT": Estimate(0.5, 0.4, 0.6, 9, "both"), "counted": Estimate(0.2, None, None, 1, "nothing")}
    ax = figures.dots(rows, "share", (0, 1), (1.0, "all")).axes[0]
    assert [text.get_text() for text in ax.texts] == ["small ViT", "counted", "all"]
    row = Estimate(0.5, 0.4, 0.6, 9, "both")
    assert len(figures.learning_lines([1, 10], {"small CNN": [row, row]}).axes[0].lines) == 1
    for draw in (
        lambda: figures.kept_bars({}),
        lambda: figures.compute_lines([1], {}),
        lambda: figures.dots({}, "x", (0, 1)),
        lambda: figures.learning_lines([1], {}),
    ):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")
