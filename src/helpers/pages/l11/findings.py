"""What a measurement of lab 11 returns: figures by name, each an `Estimate`; exact ones have no interval."""

from helpers.measure.accuracy import Estimate

Findings = dict[str, Estimate]


def exact(value: float) -> Estimate:
    """A figure that is counted or computed, not sampled."""
    return Estimate(float(value), None, None, 1, "nothing")
