"""Chapter 17, the door: one threshold, from other people; the record's networks are those of the page's study."""

import numpy as np
import pytest

from helpers.measure.verification import Pairs
from helpers.pages.c17 import door, recorded
from helpers.records import read_record


def test_the_threshold_lets_in_its_share_and_no_more():
    scores = np.arange(200) / 200
    assert (scores > door.threshold(scores, 0.01)).sum() == 2
    assert (scores > door.threshold(scores, 0)).sum() == 0
    assert (scores[:50] > door.threshold(scores[:50], 0.01)).sum() == 0
    for wrong in (([], 0.01), (scores, 1)):
        with pytest.raises(ValueError, match="threshold"):
            door.threshold(np.asarray(wrong[0]), wrong[1])


def four_people():
    """Two even people set 0.5 for the odd ones; the odd ones set 0.9 for the even ones."""
    first, second = np.array([0, 1, 0, 2, 1, 3]), np.array([2, 3, 0, 2, 1, 3])
    clean = Pairs(np.array([0.5, 0.9, 1, 1, 1, 1]), first, second)
    probes = Pairs(np.array([0.95, 0.4, 0.8, 0.95, 0.6, 0.3]), first, second)
    return clean, probes


def test_each_half_of_the_people_comes_to_a_door_that_the_other_half_set():
    clean, probes = four_people()
    # Others let in: 0 with 2 (0.95 > 0.9). Own kept out: person 0 (0.8 < 0.9) and person 3 (0.3 < 0.5).
    assert door.at_the_door(clean, probes).tolist() == [2, 4, 1, 2]


def test_a_person_who_is_left_out_neither_sets_nor_comes():
    rng, person = np.random.default_rng(0), np.repeat(np.arange(8), 3)
    first, second = (part.ravel() for part in np.meshgrid(person, person))
    pairs = Pairs(rng.random(len(first)), first, second)
    counts = door.at_the_door(pairs, pairs, without=3)
    assert counts[1] == 7 * 9
    assert counts[3] == 9 * (4 * 3 + 3 * 2)
    assert door.share_kept_out(pairs, pairs).shape == (9,)


def test_the_record_was_made_by_the_networks_of_the_study():
    record = read_record(door.STUDY, "cpu")
    assert record.parameters["rate"] == door.RATE
    for row in map(dict, record.runs):
        same = next(
            r for r in recorded.rows_of(row["network"], row["recipe"], row["protocol"]) if r["seed"] == row["seed"]
        )
        assert row["auc"] == pytest.approx(same["auc"], abs=1e-4)
        assert row["train_top1"] == pytest.approx(same["train_top1"], abs=1e-4)
        assert (row["own"], row["others"]) == (480, 12_160)
    clean = [row for row in map(dict, record.runs) if row["protocol"] == "clean"]
    assert all(row["let_in"] < 5 * door.RATE * row["others"] for row in clean)
