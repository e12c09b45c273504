"""Lab 17 with made-up trainings: another deal, a reader's own test, a parameter that cannot be.

The notebook's own cells run here, in one process; tests of the networks and parity are the real ones.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from helpers.pages.l17 import costs
from helpers.pages.l17.faulty import FAULTS, SOUND

LAB = Path(__file__).parents[2] / "labs" / "17_which_is_a_vit.ipynb"
CELLS = {
    cell["id"]: "".join(cell["source"]) for cell in json.loads(LAB.read_text())["cells"] if cell["cell_type"] == "code"
}
STUB = "return None  # not written yet"


def answers(fault, labels, seed):
    """Made-up: the further down in the list of faults, the fewer right answers, and the reshaped patches most."""
    right = 0.95 if fault == "flatten" else 0.9 - 0.05 * list(FAULTS).index(fault)
    return np.where(np.random.default_rng(seed).random(len(labels)) < right, labels, (labels + 1) % 10).tolist()


def made_up_training(fault, seed, data, parameters):
    labels = data.test.labels
    row = {"fault": fault, "name": FAULTS[fault].name, "seed": seed, "updates": 360, "fit_s": 1.0}
    row["predictions"] = answers(fault, labels, seed)
    if fault == "batch_mean":
        row["alone"] = answers(fault, labels, seed + 9)
    return row


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(costs, "train_one", made_up_training)


def test_another_deal_hides_the_sound_network_elsewhere_and_the_stub_says_nothing(course, run_lab, capsys):
    record, now = run_lab(edition="smoke", dealt=7, dogs=1, seeds=2)
    assert record.summary["deal"][now["sound_letter"]] == SOUND
    assert now["sound_letter"] == "B"
    printed = capsys.readouterr().out
    assert now["caught"](now["ours"]) == "ACDEFGHI"
    assert set(now["mine"]["my test"].values()) == {None}
    assert "Not written yet, so it says nothing: my test." in printed
    assert record.summary["tests"]["caught_by_popular"] == 0
    assert record.summary["tests"]["caught_by_ours"] == record.summary["faults"] == 8
    assert record.summary["silent"] == 6
    assert len(record.runs) == 8
    assert not {"predictions", "alone"} & set().union(*record.runs)
    assert [row["caught_by"] for row in record.summary["expected"]] == [["unit scores"]]
    assert "Of 9 new faults our tests catch 1." in printed
    assert "Parity catches 9 with drawn weights, 8 with fresh ones." in printed
    assert "Your tests acquit the sound network: 1 of 1." in printed
    assert now["better"] == ["reshaped, not transposed"]


def test_a_readers_own_test_is_counted_controlled_and_its_false_alarms_are_named(course, run_lab, capsys):
    assert STUB in CELLS["your-tests"]
    written = CELLS["your-tests"].replace(STUB, 'return "positions.table" in net.state_dict()')
    written += '\nmy_tests["hard"] = (lambda net: net.head.in_features == 65, mix_the_batch)\n'
    _, now = run_lab({"your-tests": written}, edition="smoke", dogs=1, seeds=1)
    assert set(now["mine"]["my test"].values()) == {True}
    printed = capsys.readouterr().out
    assert "Not written yet" not in printed
    assert "Control of my test: A, B, C, D, E, F, G, H, I still pass, spoilt." in printed
    assert "Control of hard: it convicts all" in printed
    assert "False alarm: your test 'hard' convicts F, which is sound." in printed
    assert "Your tests acquit the sound network: 2 of 3." in printed


def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab):
    with pytest.raises(ValueError, match="dealt: expected a whole number of at least 1"):
        run_lab(edition="smoke", dealt="twice")
