"""Lab 11's answers to its three predictions, each computed from the findings."""

from collections.abc import Mapping

from helpers.measure.accuracy import Estimate
from helpers.measure.findings import HOLDS, OPPOSITE, UNDECIDED, verdict
from helpers.plots.tables import percent, points

TOOLS = ("relu + dropout", "relu + weight decay")
GAP = {HOLDS: "widens the gap", OPPOSITE: "narrows the gap", UNDECIDED: "does not surely move the gap"}
HEART = {HOLDS: "more learnt by heart", OPPOSITE: "less learnt by heart", UNDECIDED: "as much learnt by heart"}


def over_fitting(found: Mapping[str, Estimate]) -> str:
    """What each bend and each tool does to the gap, and whether the gap goes where learning by heart goes."""
    gaps = {name: found[f"gap, {name} minus relu"] for name in ("tanh", "none", *TOOLS)}
    text = f"tanh minus ReLU: gap {points(gaps['tanh'])}; no bend minus ReLU: gap {points(gaps['none'])}"
    ways = {}
    for name in TOOLS:
        heart = found[f"wrong labels learnt, {name} minus relu"]
        ways[name] = verdict(gaps[name]), verdict(heart)
        text += f"; {name.removeprefix('relu + ')} {GAP[ways[name][0]]} ({points(gaps[name])}), {HEART[ways[name][1]]}"
    if any({HOLDS, OPPOSITE} == set(way) for way in ways.values()):
        text += ". So the gap and learning by heart are two things"
    return text + "."


def _signed(estimate: Estimate) -> str:
    return f"{estimate.value:.2f}".replace("-", "−")


def predictions(findings: Mapping[str, Mapping[str, Estimate]]) -> list[dict[str, str]]:
    """A row a prediction; `findings` by part and name, as the lab gathers them."""
    places, pixels = findings["places"], findings["pixels"]["every pixel a token: test top-1"]
    mean, token = places["cnn: place read from the global mean"], places["vit: place read from the class token"]
    learns = pixels.low is not None and pixels.low > 0.1  # of ten digits
    return [
        {"question": "1. tanh in the place of a ReLU", "this run": over_fitting(findings["overfitting"])},
        {
            "question": "2. the dog's position, R²",
            "this run": f"after the mean of a CNN {_signed(mean)}, from the class token of a ViT {_signed(token)}",
        },
        {
            "question": "3. every pixel a token",
            "this run": f"it runs, and {'learns' if learns else 'is not told from guessing'}: {percent(pixels)} of new "
            "digits; a guess is right in 10 %",
        },
    ]
