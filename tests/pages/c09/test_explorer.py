"""The softmax explorer: its numbers against the formulas, its data as drawn, what it refuses, what it weighs."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from helpers.pages.c09.explorer import SoftmaxExplorer, sharpness, softmax

PRODUCTS = np.array([[1.0, 2.0, 3.0], [-4.0, 0.0, 8.0]])


@pytest.mark.parametrize(
    ("products", "dimensions", "message"),
    [
        (PRODUCTS, [1, 4, 16], r"expected \(3, keys\) or \(3, queries, keys\).*got \(2, 3\)"),
        (PRODUCTS[0], [1], r"got \(3,\)"),
        (PRODUCTS[:, :1], [1, 4], r"at least 2 keys"),
        (np.full((2, 3), np.inf), [1, 4], r"finite"),
        (PRODUCTS, [4, 1], r"growing numbers >= 1, got \[4, 1\]"),
        (PRODUCTS, [0, 1], r"growing numbers >= 1"),
    ],
)
def test_products_that_do_not_fit_are_refused(products, dimensions, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxExplorer(products, dimensions)


@pytest.mark.parametrize("first", [{"dimension": 3}, {"temperature": 0.0}, {"temperature": 20.0}])
def test_a_first_view_that_is_not_there_is_refused(first):
    with pytest.raises(ValueError, match=r"expected a dimension of \[1, 4\] and a temperature"):
        SoftmaxExplorer(PRODUCTS, [1, 4], **first)


@pytest.mark.parametrize("drawn", [{"dimensions": ()}, {"dimensions": (0, 4)}, {"keys": 1}, {"queries": 0}])
def test_a_draw_of_nothing_is_refused(drawn):
    with pytest.raises(ValueError, match="expected dimensions >= 1, keys >= 2"):
        SoftmaxExplorer.draw(**drawn)


def test_softmax_agrees_with_torch_and_does_not_overflow():
    import torch

    scores = np.random.default_rng(0).normal(size=(5, 7)) * 300
    expected = torch.softmax(torch.tensor(scores) / 2.5, -1).numpy()
    np.testing.assert_allclose(softmax(scores, 2.5), expected, atol=1e-12)
    with pytest.raises(ValueError, match="expected a number > 0"):
        softmax(scores, 0)


def test_p_times_one_minus_p_is_the_diagonal_of_the_jacobian():
    import torch

    scores = torch.randn(6, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda z: torch.softmax(z, -1), scores)
    measured = sharpness(torch.softmax(scores, -1).numpy())
    assert measured["gradient"] == pytest.approx(float(jacobian.diagonal().mean()), abs=1e-12)


def test_sharpness_of_uniform_and_of_one_hot_weights():
    uniform, one_hot = sharpness(np.full(16, 1 / 16)), sharpness(np.eye(16)[3])
    assert uniform == pytest.approx({"largest": 1 / 16, "entropy": math.log(16), "gradient": 15 / 256})
    assert one_hot == pytest.approx({"largest": 1, "entropy": 0, "gradient": 0})


def test_the_variance_of_a_product_is_its_dimension():
    drawn = SoftmaxExplorer.draw(dimensions=(4, 64), keys=16, queries=300)
    np.testing.assert_allclose(drawn.products.var((1, 2)), [4, 64], rtol=0.1)


def test_a_smaller_dimension_takes_the_first_entries_of_the_same_vectors():
    short, long = (SoftmaxExplorer.draw(dimensions=d, queries=2) for d in ((16, 64), (4, 16, 64)))
    np.testing.assert_allclose(short.products, long.products[1:])


def test_without_the_scaling_weights_sharpen_with_the_dimension_and_with_it_they_do_not():
    """Facts 5.6: 16 keys, d = 512: mean largest weight 0.94 against 0.25, entropy 0.15 against 2.36, p(1-p) ten times
    smaller."""
    drawn = SoftmaxExplorer.draw(dimensions=(512,), keys=16, queries=400)
    raw, scaled = (
        {name: values.mean() for name, values in sharpness(drawn.weights(0, scaled=on)).items()} for on in (False, True)
    )
    assert raw == pytest.approx({"largest": 0.94, "entropy": 0.15, "gradient": 0.005}, abs=0.03)
    assert scaled == pytest.approx({"largest": 0.25, "entropy": 2.36, "gradient": 0.054}, abs=0.03)
    assert 8 < scaled["gradient"] / raw["gradient"] < 13


def test_the_data_holds_the_products():
    import base64

    explorer = SoftmaxExplorer.draw(queries=3)
    data = explorer.data
    levels = np.frombuffer(base64.b64decode(data["levels"]), "<i2").reshape(data["shape"])
    np.testing.assert_allclose(
        levels * np.array(data["tops"])[:, None, None] / 32767, explorer.products, atol=max(data["tops"]) / 32767
    )


def test_it_weighs_less_than_60_kb():
    assert SoftmaxExplorer.draw().weight() < 60_000


def test_its_output_holds_the_widget_a_picture_and_words_for_it():
    explorer = SoftmaxExplorer.draw(dimension=256, scaled=False)
    data, metadata = explorer._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    assert data["image/png"].startswith("iVBOR")
    assert metadata["alt"] == explorer.alt
    assert "d = 256, not scaled: largest weight" in explorer.alt


def test_the_still_shows_the_weights_of_the_first_query():
    explorer = SoftmaxExplorer.draw(dimension=16)
    figure = explorer.still()
    assert isinstance(figure, Figure)
    np.testing.assert_allclose([bar.get_height() for bar in figure.axes[0].patches], explorer.weights(2)[0])
    plt.close(figure)


def test_the_first_view_is_in_the_traits_that_a_kernel_reads():
    state = SoftmaxExplorer.draw(dimension=4, temperature=2.0, scaled=False).get_state()
    assert [state[name] for name in ("dimension", "temperature", "scaled", "query")] == [4, 2.0, False, 0]
