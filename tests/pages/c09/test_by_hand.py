"""The worked example's picture shows the numbers of the layer."""

import numpy as np
import torch

from helpers.layers.attention import scaled_dot_product_attention
from helpers.pages.c09.by_hand import attention_by_hand


def test_every_number_of_the_example_stands_in_its_table():
    x = np.array([[1, 0], [0, 1], [1, 1]])
    q = x @ np.array([[1, 1], [0, 1]])
    (ax,) = attention_by_hand(x, q, x, 4 * x).axes
    shown = [text.get_text() for text in ax.texts]
    tensors = [torch.tensor(table, dtype=torch.float64) for table in (q, x, 4 * x)]
    outputs, weights = scaled_dot_product_attention(*tensors, return_weights=True)
    for table in (outputs, weights):
        for value in table.flatten().tolist():
            assert f"{value:.2f}" in shown
    assert {"X", "Q", "K", "V", "A", "AV"} <= set(shown)
