"""Linear CKA: its invariances, and what breaks them."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from helpers.measure.similarity import cka_matrix, linear_cka


@pytest.fixture
def features() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(40, 6)) * [1, 2, 3, 4, 5, 6]


def test_rotation_scale_and_shift_change_nothing(features: np.ndarray) -> None:
    rotation = ortho_group.rvs(6, random_state=1)
    assert linear_cka(features, 3 * features @ rotation + 7) == pytest.approx(1)


def test_a_linear_map_that_is_no_rotation_changes_it(features: np.ndarray) -> None:
    assert linear_cka(features, features / [1, 2, 3, 4, 5, 6]) < 0.95


def test_it_is_the_formula_on_features(features: np.ndarray) -> None:
    other = np.random.default_rng(2).normal(size=(40, 9)) + features[:, :1]
    x, y = features - features.mean(0), other - other.mean(0)
    expected = np.linalg.norm(y.T @ x) ** 2 / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y)
    assert linear_cka(features, other) == pytest.approx(expected)
    assert linear_cka(other, features) == pytest.approx(expected)


def test_independent_features_are_alike_only_when_images_are_few() -> None:
    rng = np.random.default_rng(3)
    few, many = (linear_cka(rng.normal(size=(n, 50)), rng.normal(size=(n, 50))) for n in (20, 2000))
    assert many < 0.05
    assert few > 0.5  # the bias that the docstring warns of


def test_matrix_compares_every_pair(features: np.ndarray) -> None:
    layers = [features, features**2, features[:, :2]]
    matrix = cka_matrix(layers, layers)
    assert np.allclose(np.diag(matrix), 1)
    assert np.allclose(matrix, matrix.T)
    assert matrix[0, 1] == pytest.approx(linear_cka(layers[0], layers[1]))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((3, 2)), np.ones((3, 2)), "vary over the images"),
        (np.eye(3), np.eye(4), r"same images in every layer, got \[3, 4\]"),
        (np.ones(3), np.eye(3), r"got \(3,\)"),
    ],
)
def test_bad_input_names_expected_and_received(x: np.ndarray, y: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        linear_cka(x, y)
