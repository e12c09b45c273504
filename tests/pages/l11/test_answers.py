"""Lab 11's three answers, from made-up findings."""

from helpers.measure.accuracy import Estimate
from helpers.pages.l11.answers import TOOLS, predictions

UP, DOWN, OPEN = (0.009, 0.001, 0.017), (-0.2, -0.25, -0.15), (0.0, -0.01, 0.01)


def estimate(numbers):
    return Estimate(*numbers, 20, "seeds")


def findings(decay_gap=UP, pixels=(0.68, 0.42, 0.87)):
    gaps = {"tanh": OPEN, "none": UP, TOOLS[0]: DOWN, TOOLS[1]: decay_gap}
    found = {f"gap, {name} minus relu": estimate(numbers) for name, numbers in gaps.items()}
    found |= {f"wrong labels learnt, {name} minus relu": estimate(DOWN) for name in TOOLS}
    places = {"cnn: place read from the global mean": (0.86, 0.82, 0.89)}
    places |= {"vit: place read from the class token": (-0.06, -0.1, 0.0)}
    return {
        "overfitting": found,
        "places": {name: estimate(numbers) for name, numbers in places.items()},
        "pixels": {"every pixel a token: test top-1": estimate(pixels)},
    }


def test_a_gap_that_widens_where_less_is_learnt_by_heart_is_said_to_be_another_thing():
    first, second, third = (row["this run"] for row in predictions(findings()))
    assert "dropout narrows the gap (−20.0" in first
    assert "weight decay widens the gap (+0.9" in first
    assert first.count("less learnt by heart") == 2
    assert first.endswith("So the gap and learning by heart are two things.")
    assert "no bend minus ReLU: gap +0.9" in first
    assert second == "after the mean of a CNN 0.86, from the class token of a ViT −0.06"
    assert third.startswith("it runs, and learns: 68.0")


def test_nothing_is_concluded_where_both_go_the_same_way():
    first, _, third = (row["this run"] for row in predictions(findings(DOWN, (0.11, 0.08, 0.15))))
    assert "two things" not in first
    assert "not told from guessing" in third
