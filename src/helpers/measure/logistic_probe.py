"""A linear probe on frozen features: scikit-learn's logistic regression, its strength chosen by validation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

STRENGTHS = (0.001, 0.01, 0.1, 1.0, 10.0)  # scikit-learn's C: the larger, the weaker the regularisation


@dataclass(frozen=True)
class Probe:
    """A linear layer: weight float32 (K, D), bias float32 (K,), and the strength C it was fitted with."""

    weight: np.ndarray
    bias: np.ndarray
    strength: float

    def logits(self, features: np.ndarray) -> np.ndarray:
        """(n, D) -> (n, K)."""
        return features @ self.weight.T + self.bias


def fit_probe(features: np.ndarray, labels: np.ndarray, num_classes: int, strength: float) -> Probe:
    """Fit multinomial logistic regression to centred features on one common scale, folded into the layer.

    Not each feature on a scale of its own: one that hardly varies in these photographs would be blown up, and another
    kind of picture, in which it does vary, would get the most certain answer of all.

    Parameters
    ----------
    features
        float (n, D).
    labels
        int (n,), every class from 0 to K-1.

    Raises
    ------
    ValueError
        For a class without an example.
    """
    if absent := sorted(set(range(num_classes)) - set(labels.tolist())):
        raise ValueError(f"labels: expected an example of each of {num_classes} classes, got none of {absent}")
    centre = features.mean(0)
    scale = float(np.sqrt(features.var(0).mean())) or 1.0
    with threadpool_limits(1):  # products this small gain nothing from threads, and lose where cores are busy
        model = LogisticRegression(C=strength, max_iter=1000).fit((features - centre) / scale, labels)
    coefficients, intercepts = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # scikit-learn gives the difference of the two
        coefficients = np.concatenate([-coefficients, coefficients]) / 2
        intercepts = np.concatenate([-intercepts, intercepts]) / 2
    weight = coefficients / scale
    bias = intercepts - weight @ centre
    return Probe(weight.astype(np.float32), bias.astype(np.float32), strength)


def choose_probe(
    features: np.ndarray,
    labels: np.ndarray,
    val_features: np.ndarray,
    val_labels: np.ndarray,
    num_classes: int,
    strengths: Sequence[float] = STRENGTHS,
) -> Probe:
    """The probe whose strength gives the validation part the highest likelihood."""
    probes = [fit_probe(features, labels, num_classes, strength) for strength in strengths]
    return min(probes, key=lambda probe: negative_log_likelihood(probe.logits(val_features), val_labels))


def negative_log_likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean over pictures of minus the logarithm of the probability of the true class; (n, K), (n,)."""
    return float(-log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels].mean())
