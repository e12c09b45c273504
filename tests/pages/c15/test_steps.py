"""What chapter 15 says about the tuning step, from the recorded lab."""

import pytest

from helpers.pages.c15.steps import accuracies, seeds_of, tuning_step
from helpers.records import read_record


@pytest.fixture(scope="module")
def record():
    return read_record("08_xception_vs_vit", "cpu")


def test_a_seeds_paired_difference_is_that_of_its_accuracies(record):
    value = accuracies(record)
    step = tuning_step(record, "xception_mini")
    assert list(step.by_seed) == seeds_of(record)
    for seed, pair in step.by_seed.items():
        gain = value["xception_mini", "full", seed] - value["xception_mini", "top10", seed]
        assert pair.value == pytest.approx(gain)
        assert pair.low < pair.value < pair.high


def test_a_record_that_the_text_does_not_fit_is_refused(record):
    with pytest.raises(ValueError, match="explanation must change"):
        tuning_step(record, "vit_mini")
