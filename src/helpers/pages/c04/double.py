"""Double descent on digits: random ReLU features of more and more width, least squares, with and without ridge.

Belkin et al. 2019 show the curve, Nakkiran et al. 2021 that a well chosen ridge takes its peak away. Least squares has
an exact solution: no rate, no steps. Where more features than digits are there, it is the one of least norm.
"""

from collections.abc import Sequence

import numpy as np

from helpers.pages.c04 import small

RIDGES = tuple(10.0**power for power in range(-6, 3))


def errors(width: int, seed: int, count: int, wrong: float) -> dict[str, float]:
    """Shares named wrongly: `train` (of the labels given) and `test` of plain least squares; `ridge`, at the strength
    of `RIDGES` with the fewest errors in validation; `ridge_train` of the same."""
    data, rng = small.draw(seed, count, wrong), np.random.default_rng([seed, width])
    weights = rng.normal(size=(small.PIXELS, width)) / small.PIXELS**0.5
    bias = rng.normal(size=width) * 0.5

    def features(images: np.ndarray) -> np.ndarray:  # (n, width)
        return np.maximum(images @ weights + bias, 0) / width**0.5

    sides = [
        (features(images.double().numpy()), labels.numpy())
        for images, labels in (
            (data.images, data.given), (data.val_images, data.val_labels), (data.test_images, data.test_labels)
        )
    ]  # fmt: skip
    hot = np.eye(small.CLASSES)[sides[0][1]] - 1 / small.CLASSES
    u, s, vt = np.linalg.svd(sides[0][0], full_matrices=False)
    kept = s > 1e-10 * s[0]
    u, s, vt = u[:, kept], s[kept], vt[kept]

    def wrongly(ridge: float) -> list[float]:  # training, validation, test
        readout = vt.T @ ((s / (s**2 + ridge))[:, None] * (u.T @ hot))  # (width, classes)
        return [float(np.mean((x @ readout).argmax(1) != labels)) for x, labels in sides]

    plain, ridged = wrongly(0.0), [wrongly(ridge) for ridge in RIDGES]
    best = ridged[int(np.argmin([one[1] for one in ridged]))]
    return {"train": plain[0], "test": plain[2], "ridge": best[2], "ridge_train": best[0]}


def sweep(widths: Sequence[int], seeds: Sequence[int], count: int = 100, wrong: float = 0.1) -> dict[str, np.ndarray]:
    """`errors` at each width, by name: (widths, seeds).

    Raises
    ------
    ValueError
        Without a width or a seed.
    """
    if not len(widths) or not len(seeds):
        raise ValueError(f"expected widths and seeds, got {len(widths)} and {len(seeds)}")
    found = [[errors(width, seed, count, wrong) for seed in seeds] for width in widths]
    return {name: np.array([[one[name] for one in row] for row in found]) for name in found[0][0]}
