"""What the chapter reads: lab 11's findings, lab 3's fields, lab 8's dogs, and the verdicts of the claims page."""

from functools import cache
from typing import Any

from helpers.claims.table import judge, load_claims
from helpers.measure.accuracy import Estimate
from helpers.records import Record, best_record, read_record

DOGS = "dogs12000"  # the small pair on 10,800 photographs


@cache
def _record(lab: str, variant: str | None = None) -> Record:
    return read_record(lab, "cpu", variant) if variant else best_record(lab)


def finding(part: str, name: str) -> Estimate:
    """A finding of lab 11.

    Raises
    ------
    ValueError
        If there is none of this name.
    """
    findings: dict[str, Any] = _summary("11_claims")["findings"]
    if name not in findings.get(part, {}):
        raise ValueError(f"lab 11 has no finding {name!r} in {part!r}")
    return Estimate(**findings[part][name])


def field(model: str, layer: str, key: str) -> float:
    """A number of lab 3's table of fields."""
    for row in _summary("03_receptive_fields")["fields"]:
        if (row["model"], row["layer"]) == (model, layer):
            return float(row[key])
    raise ValueError(f"lab 3 has no row for {model}, {layer}")


def leaked_share() -> float:
    """The share of the dogs' test list that was training data, as lab 8 estimates it, at most 1."""
    return min(1.0, float(_summary("08_xception_vs_vit")["leak_audit"]["implied_share"]))


def dogs(name: str) -> Estimate:
    """A difference of the small pair on photographs of dogs, by its name in lab 8's record."""
    for row in _summary("08_xception_vs_vit", DOGS)["differences"]:
        if row["name"] == name:
            return Estimate(**row["difference"])
    raise ValueError(f"lab 8 has no difference {name!r}")


def accuracy(model: str, tuning: str) -> Estimate:
    """Test accuracy of one of the pair on photographs of dogs."""
    for row in _summary("08_xception_vs_vit", DOGS)["cells"]:
        if (row["model"], row["tuning"]) == (model, tuning):
            return Estimate(**row["test_top1"])
    raise ValueError(f"lab 8 has no cell for {model}, {tuning}")


@cache
def verdicts() -> dict[str, str]:
    """Claim -> the verdict of its card."""
    return {one.claim.id: one.verdict for one in judge(load_claims())}


def _summary(lab: str, variant: str | None = None) -> dict[str, Any]:
    return dict(_record(lab, variant).summary)
