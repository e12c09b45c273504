r"""How alike two layers represent the same images: linear centred kernel alignment.

Kornblith, Norouzi, Lee and Hinton, "Similarity of Neural Network Representations Revisited", ICML 2019:
$\mathrm{CKA}(X,Y)=\frac{\lVert Y^\top X\rVert_F^2}{\lVert X^\top X\rVert_F\,\lVert Y^\top Y\rVert_F}$ with centred
columns. It ignores rotations and one common scale, and is 1 for representations equal up to these. With few images and
many features it is biased upwards: two independent random representations do not score 0. Compare at one number of
images.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def linear_cka(x: ArrayLike, y: ArrayLike) -> float:
    """CKA of two representations of the same n images, (n, p), (n, q) -> number in [0, 1].

    Raises
    ------
    ValueError
        For different n, fewer than 2 images, or features that never vary.
    """
    return float(cka_matrix([x], [y])[0, 0])


def cka_matrix(layers_a: Sequence[ArrayLike], layers_b: Sequence[ArrayLike]) -> np.ndarray:
    """CKA of every layer of one network with every layer of another, La x (n, p), Lb x (n, q) -> (La, Lb)."""
    kernels_a, kernels_b = ([_unit_kernel(layer) for layer in layers] for layers in (layers_a, layers_b))
    sizes = {kernel.shape for kernel in (*kernels_a, *kernels_b)}
    if len(sizes) != 1:
        raise ValueError(f"expected the same images in every layer, got {sorted(s[0] for s in sizes)} of them")
    return np.array([[np.vdot(a, b) for b in kernels_b] for a in kernels_a])


def _unit_kernel(features: ArrayLike) -> np.ndarray:
    """Centred linear kernel over images, of Frobenius norm 1, (n, p) -> (n, n)."""
    features = np.asarray(features, dtype=np.float64)
    if features.ndim != 2 or len(features) < 2:
        raise ValueError(f"expected features (n, p) of at least 2 images, got {features.shape}")
    centred = features - features.mean(0)
    kernel = centred @ centred.T
    norm = np.linalg.norm(kernel)
    if not np.isfinite(norm) or norm <= 1e-12 * max(1.0, float(np.square(features).sum())):
        raise ValueError(f"expected finite features that vary over the images, got a kernel of norm {norm:.2g}")
    return kernel / norm
