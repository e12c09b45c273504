"""Pictures that the service was never meant for, five kinds of them, 64 pixels wide."""

from typing import Any

import numpy as np

from helpers.data import load_dataset
from helpers.data.fractals import draw_fractals
from helpers.data.samples import sample_photographs

COUNT, SIDE = 120, 64


def foreign_pictures() -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
    """Kind -> uint8 (n, 64, 64, 3), and which photograph each piece is cut from, where pieces share one."""
    from sklearn.datasets import load_digits

    sizes: dict[str, Any] = {"n_train_per_class": 1, "n_val_per_class": 0, "n_test_per_class": COUNT // 20}
    breeds = load_dataset("breeds", image_size=SIDE, progress=False, classes="pretrain", **sizes).test.images
    whole = np.stack(list(sample_photographs(4 * SIDE).values()))  # (7, 256, 256, 3)
    pieces = whole.reshape(-1, 4, SIDE, 4, SIDE, 3).swapaxes(2, 3).reshape(-1, SIDE, SIDE, 3)
    fractals, _ = draw_fractals(COUNT // 10, 10, SIDE, seed=5)
    digits = (load_digits().images[:COUNT] * 15.9).astype(np.uint8)  # (n, 8, 8) in 0..16
    enlarged = digits.repeat(SIDE // 8, 1).repeat(SIDE // 8, 2)[..., None].repeat(3, 3)
    noise = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.uint8)
    return {
        "dogs of other breeds": (breeds, None),
        "pieces of photographs": (pieces, np.repeat(np.arange(len(whole)), 16)),
        "fractals": (fractals, None),
        "digits": (enlarged, None),
        "noise": (noise, None),
    }
