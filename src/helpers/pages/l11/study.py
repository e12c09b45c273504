"""The measurements of lab 11: one function a question, each returns findings that a claim can be judged by.

A finding is an `Estimate`: a figure, its 95 % interval, n, and what the interval covers; exact figures have none. Which
figure would speak for a claim is written in `chapters/claims/`, not here.
"""

from helpers.pages.l11.counted import (
    accumulation_findings,
    cost_findings,
    picture_findings,
    protocol_findings,
    quadratic_share,
    ratios,
    step_findings,
    vit_findings,
    xception_findings,
)
from helpers.pages.l11.digits import (
    default_findings,
    memory_findings,
    overfitting_findings,
    pixel_findings,
    size_findings,
    trainings,
    variant_findings,
)
from helpers.pages.l11.findings import Findings, exact
from helpers.pages.l11.shipped import (
    breed_findings,
    distance_findings,
    faithfulness_findings,
    place_findings,
    position_findings,
    shift_findings,
)

__all__ = [
    "Findings",
    "accumulation_findings",
    "breed_findings",
    "cost_findings",
    "default_findings",
    "distance_findings",
    "exact",
    "faithfulness_findings",
    "memory_findings",
    "overfitting_findings",
    "picture_findings",
    "pixel_findings",
    "place_findings",
    "position_findings",
    "protocol_findings",
    "quadratic_share",
    "ratios",
    "shift_findings",
    "size_findings",
    "step_findings",
    "trainings",
    "variant_findings",
    "vit_findings",
    "xception_findings",
]
