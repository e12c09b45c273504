"""What chapter 3 says of wrong labels is counted from the runs, and refused where the runs say something else."""

import numpy as np
import pytest

from helpers.pages.c03.overfitting import overfitting_figures, overfitting_table
from helpers.records import read_record

VARIANTS = ("identity", "tanh", "ReLU", "ReLU, weight decay")


@pytest.fixture
def claims():
    return read_record("11_claims", "cpu")


@pytest.fixture
def histories():
    """Two seeds; with right labels one look, with 40 wrong ones three; ReLU learns all, weight decay a tenth."""
    learned = {"identity": (0.2, 0.4, 1), "tanh": (0.3, 0.6, 1), "ReLU": (0.4, 0.8, 1)}
    learned["ReLU, weight decay"] = (0.1, 0.1, 0.1)
    test = {"identity": 0.60, "tanh": 0.65, "ReLU": 0.70, "ReLU, weight decay": 0.85}
    found = {(0, name): np.array([[[1, 0.90, np.nan]], [[1, 0.92, np.nan]]]) for name in VARIANTS}
    return found | {
        (40, name): np.array([[[1, test[name] + seed / 100, share] for share in learned[name]] for seed in range(2)])
        for name in VARIANTS
    }


def test_the_figures_are_differences_within_a_seed(histories, claims):
    figures = overfitting_figures(histories, claims)
    assert figures["clean_gap"].data == "+0.0\xa0points\xa0[+0.0,\xa0+0.0]"  # equal in each seed, whatever the seeds do
    assert figures["noisy_test"].data.startswith("+5.0\xa0points")
    assert figures["decay_test"].data.startswith("+15.0\xa0points")
    assert figures["learned_decay"] == pytest.approx(10)
    assert figures["recorded_n"] == claims.summary["findings"]["overfitting"]["gap, none minus relu"]["n"]


def test_the_table_has_the_looks_and_both_accuracies(histories):
    rows = overfitting_table(histories).data.splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == list(VARIANTS)
    assert rows[2].startswith("| ReLU | 40.0 · 80.0 · 100.0 | 70.5\xa0% [")
    assert " | 9.0 [" in rows[2]  # 1 - 0.91


def test_a_gain_of_relu_that_the_text_denies_is_refused(histories, claims):
    histories[0, "tanh"][:, :, 1] -= 0.05
    with pytest.raises(ValueError, match="clean_gap: expected an interval in which no large gain"):
        overfitting_figures(histories, claims)


def test_a_recorded_gap_that_the_text_does_not_fit_is_refused(histories, claims):
    claims.summary["findings"]["overfitting"]["gap, none minus relu"]["low"] = -0.001
    with pytest.raises(ValueError, match=r"recorded gap: expected an interval between 0 and 0\.01"):
        overfitting_figures(histories, claims)
