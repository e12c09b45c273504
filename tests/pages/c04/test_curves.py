"""Sick curves: each patient has one thing wrong, and it shows; schedules; what the explorer says."""

import math

import pytest
import torch

from helpers.pages.c04 import curves
from helpers.pages.c04.curves import DISEASES, Patient, observe, silent_units, spoiled
from helpers.pages.c04.explorer import SIGNS, DiseaseExplorer, chart_of, number, order_of, told_given, told_guess


@pytest.fixture(scope="module")
def patients():
    return [
        {"disease": disease, "dose": dose} | observe(patient, steps=24)
        for disease, doses in DISEASES.items()
        for dose, patient in doses
    ]


def of(patients, disease):
    return [patient for patient in patients if patient["disease"] == disease]


def test_every_disease_comes_in_three_doses_that_differ(patients):
    assert list(DISEASES) == list(SIGNS)
    for disease in DISEASES:
        doses = of(patients, disease)
        assert len(doses) == 3
        assert len({str(one["train"]) for one in doses}) > 1
        assert doses[0]["steps"] == [0, 12, 24]


def test_each_shows_its_sign(patients):
    guessing = math.log10(math.log(10))
    assert all(abs(one["train"][0] - guessing) < 0.12 for one in of(patients, "healthy"))
    assert all(one["train"][0] > guessing + 0.2 for one in of(patients, "bad start"))
    assert of(patients, "dead units")[-1]["silent"] > 0.9
    assert len(set(of(patients, "dead units")[-1]["train"])) <= 2
    assert of(patients, "normalisation forgotten")[1]["inputs"] == [0, 255]
    assert min(of(patients, "rate too high")[-1]["train"][1:]) > guessing - 0.05
    again = {name: [abs(one["ends"][1] - one["ends"][2]) for one in of(patients, name)] for name in DISEASES}
    assert min(again["evaluated in train mode"]) > 0 == max(again["healthy"])
    falls = [one["train"][0] - one["train"][-1] for one in of(patients, "rate too low")]
    assert falls[0] > falls[-1] >= 0


def test_train_mode_makes_answers_depend_on_luck():
    patient = Patient(eval_batch=3, layers=curves.TRAINED)
    model = spoiled(patient, 0)
    images, labels = torch.randn(30, 64), torch.arange(30) % 10
    torch.manual_seed(0)
    asked = [curves.looked_at(model, images, labels, batch=3)[0] for _ in range(2)]
    calm = [curves.looked_at(model, images, labels)[0] for _ in range(2)]
    assert asked[0] != asked[1]
    assert calm[0] == calm[1]


def test_silent_units_are_counted():
    model = spoiled(Patient(), 0)
    images = torch.rand(20, 64) * 2 - 1
    assert silent_units(model, images) < 0.3
    with torch.no_grad():
        model[0].bias -= 100
    assert silent_units(model, images) >= 0.5


def test_schedules_are_compared_within_a_seed():
    rows, summary = curves.study(seeds=(0, 1), rates=(0.004,), steps=36)
    assert len(rows) == 2 * len(curves.SCHEDULES)
    at = {row["schedule"]: row["value"] for row in summary["schedules"]}
    both = next(row for row in summary["against_constant"] if row["schedule"] == "both")
    assert both["value"] == pytest.approx(at["both"] - at["constant"])
    assert len(summary["patients"]) == 27


def test_the_explorer_tells_right_from_wrong(patients):
    explorer = DiseaseExplorer(patients)
    assert sorted(explorer.data["order"]) == list(range(27))
    sick = of(patients, "dead units")[1]
    assert told_guess(sick, "dead units").startswith("Right: dead units, biases at -1.5.")
    assert told_guess(sick, "healthy").startswith("Not healthy: there one sees a first loss near ln 10")
    assert chart_of(sick) in told_given(sick)
    assert "Inputs 0 to 255." in chart_of(of(patients, "normalisation forgotten")[1])
    assert order_of(5) == order_of(5)
    with pytest.raises(ValueError, match="diseases of SIGNS"):
        DiseaseExplorer([dict(sick, disease="flu")])


@pytest.mark.parametrize(
    ("value", "text"), [(0.004, "0.004"), (0.0951, "0.10"), (2.306, "2.31"), (48, "48"), (12e3, "12,000")]
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_without_scripts_there_is_a_picture(patients):
    assert len(DiseaseExplorer(patients).still().axes) == 1
