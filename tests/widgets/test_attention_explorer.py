"""The attention explorer takes weights and labels that fit, says what a row reads, and stays light."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from helpers.widgets import AttentionExplorer, AttentionMap
from helpers.widgets.attention import perplexity

ENGLISH, FRENCH = ["the", "green", "car"], ["la", "voiture", "verte", "."]
ALIGNED = np.array([[0.9, 0.05, 0.03, 0.02], [0.05, 0.14, 0.8, 0.01], [0.11, 0.81, 0.04, 0.04]])
PIXELS = np.zeros((32, 32, 3), np.uint8)


def random_weights(*shape, seed=0):
    raw = np.exp(np.random.default_rng(seed).normal(size=shape))
    return raw / raw.sum(-1, keepdims=True)


def unpacked(data):
    """What the script reads from a packed map, (L, h, N, M)."""
    import base64

    tops = np.frombuffer(base64.b64decode(data["tops"]), "<u2").reshape(data["shape"][:3]) / 65535
    levels = np.frombuffer(base64.b64decode(data["levels"]), f"<u{data['bits'] // 8}").reshape(data["shape"])
    return tops[..., None] * (levels / (2 ** data["bits"] - 1)) ** 2


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (5, 2, 3, 4)])
def test_weights_get_layers_and_heads(shape):
    kept = AttentionMap(random_weights(*shape), ENGLISH, FRENCH).weights
    assert kept.shape == (1,) * (4 - len(shape)) + shape


@pytest.mark.parametrize(
    ("weights", "queries", "keys", "message"),
    [
        (np.ones(4), ENGLISH, FRENCH, r"expected \(N, M\).*got \(4,\)"),
        (ALIGNED, ENGLISH[:2], FRENCH, r"queries: expected a list of 3 labels"),
        (ALIGNED, ENGLISH, FRENCH[:3], r"keys: expected a list of 4 labels"),
        (ALIGNED, "abc", FRENCH, r"queries: expected a list"),
        (ALIGNED * 0.99, ENGLISH, FRENCH, r"sum to 1 within 1e-3, got one that is off by 0.01"),
        (ALIGNED - [[0.1, -0.1, 0, 0]] * 3, ENGLISH, FRENCH, r">= 0, got -0.05"),
        (np.full((3, 4), np.nan), ENGLISH, FRENCH, r"finite"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(weights, queries, keys, message):
    with pytest.raises(ValueError, match=message):
        AttentionMap(weights, queries, keys)


def test_a_row_off_by_less_than_the_tolerance_is_taken():
    AttentionMap(ALIGNED * 1.0009, ENGLISH, FRENCH)


@pytest.mark.parametrize(
    ("shape", "image", "options", "message"),
    [
        ((16, 16), PIXELS, {}, r"expected \(..., 17, 17\) or \(..., 1, 17\).*got \(16, 16\)"),
        ((5, 17), PIXELS, {}, r"got \(5, 17\)"),
        ((17, 17), PIXELS.astype(float), {}, r"uint8 \(S, S, 3\), got float64"),
        ((17, 17), PIXELS[:16], {}, r"got uint8 \(16, 32, 3\)"),
        ((19, 19), PIXELS, {"prefix": 3}, r"0 to 2"),
    ],
)
def test_an_image_that_does_not_fit_is_refused(shape, image, options, message):
    with pytest.raises(ValueError, match=message):
        AttentionMap.of_image(random_weights(*shape), image, (4, 4), **options)


def test_patches_are_named_row_by_row_after_the_prefix():
    shown = AttentionMap.of_image(random_weights(8, 8), PIXELS, (2, 3), prefix=2)
    assert list(shown.queries) == [
        "class token",
        "distillation token",
        "patch row 1 column 1",
        "patch row 1 column 2",
        "patch row 1 column 3",
        "patch row 2 column 1",
        "patch row 2 column 2",
        "patch row 2 column 3",
    ]


def test_class_attention_has_the_class_token_as_its_only_query():
    shown = AttentionMap.of_image(random_weights(1, 17), PIXELS, (4, 4))
    assert list(shown.queries) == ["class token"]
    assert len(shown.keys) == 17


def test_the_sentence_says_the_three_largest_weights():
    shown = AttentionMap(ALIGNED, ENGLISH, FRENCH)
    assert shown.sentence(2) == '"car" reads "voiture" 0.81, "la" 0.11, "verte" 0.04; the other 1 share 0.04'


def test_the_sentence_of_a_patch_gives_the_spread():
    weights = np.full((5, 5), 0.2)
    said = AttentionMap.of_image(weights, PIXELS, (2, 2)).sentence(4)
    assert said.startswith("patch row 2 column 2 reads class token most (0.2), patch row 1 column 1 (0.2)")
    assert said.endswith("spread over 5.0 of 5 tokens")


def test_head_minus_one_is_the_mean_of_the_heads():
    weights = random_weights(2, 3, 3, 4)
    shown = AttentionMap(weights, ENGLISH, FRENCH)
    np.testing.assert_allclose(shown.row(1, layer=1), weights[1, :, 1].mean(0))
    np.testing.assert_array_equal(shown.row(1, layer=1, head=2), weights[1, 2, 1])


def test_perplexity_counts_equal_keys_and_ignores_the_others():
    assert perplexity(np.full(7, 1 / 7)) == pytest.approx(7)
    assert perplexity(np.array([0.5, 0.5, 0, 0])) == pytest.approx(2)
    assert perplexity(np.array([1.0, 0])) == pytest.approx(1)
    p = np.array([0.7, 0.2, 0.1])
    assert perplexity(p) == pytest.approx(math.exp(-(p * np.log(p)).sum()))


def test_packed_weights_come_back():
    words = AttentionMap(random_weights(2, 4, 3, 4), ENGLISH, FRENCH)
    np.testing.assert_allclose(unpacked(words.packed()), words.weights, atol=3e-5)
    patches = AttentionMap.of_image(random_weights(3, 17, 17), PIXELS, (4, 4))
    np.testing.assert_allclose(unpacked(patches.packed()), patches.weights, atol=2e-3)


def test_packed_zeros_stay_zeros():
    causal = np.tril(np.ones((4, 4))) / np.arange(1, 5)[:, None]
    labels = list("abcd")
    assert (unpacked(AttentionMap(causal, labels, labels).packed())[0, 0] == 0).tolist() == (causal == 0).tolist()


@pytest.mark.parametrize(
    "first", [{"example": 1}, {"layer": 1}, {"head": 1}, {"head": -2}, {"selected": 3}, {"selected": -1}]
)
def test_a_first_view_that_is_not_there_is_refused(first):
    with pytest.raises(ValueError, match=r"expected example < 1, layer <"):
        AttentionExplorer(AttentionMap(ALIGNED, ENGLISH, FRENCH), **first)


def test_something_else_than_maps_is_refused():
    with pytest.raises(ValueError, match="expected one AttentionMap or several, got"):
        AttentionExplorer([])
    with pytest.raises(ValueError, match="ndarray"):
        AttentionExplorer([ALIGNED])


def test_too_many_weights_are_refused():
    big = AttentionMap.of_image(random_weights(1, 12, 50, 50), PIXELS, (7, 7))
    with pytest.raises(ValueError, match="expected at most 60000 bytes"):
        AttentionExplorer([big, big])


def explorers():
    words = AttentionMap(random_weights(4, 4, 9, 9), [f"w{i}" for i in range(9)], [f"w{i}" for i in range(9)])
    patches = AttentionMap.of_image(random_weights(6, 50, 50), np.full((64, 64, 3), 90, np.uint8), (7, 7))
    return {
        "words": AttentionExplorer([AttentionMap(ALIGNED, ENGLISH, FRENCH, "car"), words], title="T", selected=2),
        "patches": AttentionExplorer(patches, head=2, selected=10),
    }


@pytest.mark.parametrize("kind", ["words", "patches"])
def test_an_explorer_weighs_less_than_60_kb(kind):
    assert explorers()[kind].weight() < 60_000


@pytest.mark.parametrize("kind", ["words", "patches"])
def test_its_output_holds_the_widget_a_picture_and_words_for_it(kind):
    explorer = explorers()[kind]
    data, metadata = explorer._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    assert data["image/png"].startswith("iVBOR")
    first = explorer.maps[0].sentence(explorer.selected, 0, explorer.head)
    assert metadata["alt"] == explorer.alt == f"{explorer.title} First view: {first}."


@pytest.mark.parametrize("kind", ["words", "patches"])
def test_the_still_shows_the_first_row(kind):
    explorer = explorers()[kind]
    figure = explorer.still()
    assert isinstance(figure, Figure)
    bars = sorted(bar.get_width() for bar in figure.axes[1].patches)
    row = np.sort(explorer.maps[0].row(explorer.selected, 0, explorer.head))
    np.testing.assert_allclose(bars, row[-len(bars) :])
    plt.close(figure)


def test_the_first_view_is_in_the_traits_that_a_kernel_reads():
    explorer = AttentionExplorer(AttentionMap(random_weights(2, 2, 3, 4), ENGLISH, FRENCH), layer=1, head=1, selected=2)
    state = explorer.get_state()
    assert [state[name] for name in ("example", "layer", "head", "selected")] == [0, 1, 1, 2]
