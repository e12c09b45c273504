"""The sentence and the units by hand, that widths scale with the channels, what is refused, the size and the still."""

import json

import pytest

from helpers.pages.c06.blocks import BLOCKS, Step, block
from helpers.pages.c06.explorer import CHANNELS, SIDES, BlockExplorer, flow, kind, short, times_plain, told


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("channels", CHANNELS)
def test_widths_are_sixteenths_of_the_channels(name, channels):
    data = {one["key"]: one for one in BlockExplorer().data["blocks"]}[name]
    found = block(name, channels)
    scaled = tuple(
        tuple(Step(k, start * channels // 16, end * channels // 16, alone) for k, start, end, alone in branch)
        for branch in data["branches"]
    )
    assert scaled == found.branches


def test_what_has_an_order_is_a_list():
    data = BlockExplorer("convnext", 80, 56).data
    assert [one["key"] for one in data["blocks"]] == list(BLOCKS)
    assert data["channels"] == [16, 32, 64, 80, 96, 128, 192, 256, 384, 512, 768]
    assert data["sides"] == list(SIDES)
    assert json.loads(json.dumps(data)) == data


def test_the_sentence_by_hand():
    assert told("bottleneck", 256, 14) == (
        "Bottleneck (ResNet-50, 2015) with 256 channels on a map of 14 × 14: 1 × 1, 256 → 64 channels, then 3 × 3, "
        "64 → 64 channels, then 1 × 1, 64 → 256 channels; the input is added; 69,632 weights, 13,647,872 MACs, "
        "0.12 × a plain 3 × 3."
    )
    assert "map of 28 × 28, 4 branches side by side: 1 × 1, 256 → 64 channels; 1 × 1" in told("inception", 256, 28)
    assert "; pooling, then 1 × 1, 256 → 32 channels; 176,640 weights" in told("inception", 256, 28)
    assert ": 7 × 7 depthwise, 96 channels, then 1 × 1, 96 → 384 channels" in told("convnext", 96, 56)
    assert told("plain", 64, 7).endswith("36,864 weights, 1,806,336 MACs, 1.00 × a plain 3 × 3.")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"), (999, "999"), (1000, "1.00 k"), (9996, "10.0 k"), (12_250, "12.3 k"), (999_400, "999 k"),
        (999_500, "1.00 M"), (13_647_872, "13.6 M"), (3_121_348_608, "3.12 G"),
    ],
)  # fmt: skip
def test_three_digits_and_a_unit(number, text):
    assert short(number) == text


def test_ratios_and_names_of_layers():
    assert [times_plain(n, 16) for n in (2304, 6400, 288)] == ["1.00 ×", "2.78 ×", "0.13 ×"]
    layers = [Step(3, 8, 4), Step(3, 8, 8, depthwise=True), Step(0, 8, 8)]
    assert [kind(step) for step in layers] == ["3 × 3", "3 × 3 depthwise", "pooling"]
    assert [flow(step) for step in layers] == ["8 → 4", "8", "8 → 8"]


@pytest.mark.parametrize("name", ["bottleneck", "inception", "inverted"])
def test_explorer_is_light_and_has_a_still_picture(light_with_a_still, name):
    explorer = BlockExplorer(name)
    light_with_a_still(explorer)
    assert told(name, 256, 14) in explorer.alt


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="name: expected one of five, mlpconv"):
        BlockExplorer("swin")
    with pytest.raises(ValueError, match="channels: expected a multiple of 16, got 100"):
        BlockExplorer(channels=100)
    with pytest.raises(ValueError, match="channels: expected at most 768, got 784"):
        BlockExplorer(channels=784)
    with pytest.raises(ValueError, match="side: expected one of 7, 14, 28, 56; got 13"):
        BlockExplorer(side=13)
