"""Were test photographs among the training photographs of a pre-trained model? An audit by names alone.

All Stanford Dogs photographs come from ImageNet and kept their names. SimCLR (Chen et al., 2020) published the names
of a random tenth, drawn per class, of ImageNet-1k's training photographs. If a share p of the test photographs was
trained on, a share q = p · t of them is expected in that list, t being the share of ImageNet that the list holds:

    p̂ = q̂ / t,    standard error = √(q̂ (1 − q̂) / n) / t

The interval is Wilson's of q, divided by t. p̂ is an estimate: it may come out above 1. The names say nothing of models
trained on other photographs. `leak_names.json.gz` holds the names that the audit needs, and where they are from: the
official test list, and of the published tenth the 120 classes that are dogs (`scripts/leak_names.py`).
"""

import functools
import gzip
import json
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from helpers.measure.intervals import normal_quantile, wilson

IMAGENET_TRAIN_IMAGES = 1_281_167
IMAGENET_NAME = re.compile(r"(n\d{8})_(\d+)")
NAMES = Path(__file__).with_name("leak_names.json.gz")

Name = tuple[str, int]  # class and number of a photograph: n02085620_2650.jpg is ("n02085620", 2650)


@dataclass(frozen=True)
class LeakAudit:
    """What the audit found.

    Attributes
    ----------
    n_names
        Test names looked up.
    n_found
        How many of them are in the list.
    list_share
        t, share of ImageNet's training photographs in the list.
    implied_share
        p̂.
    standard_error
        Of p̂.
    low
        Lower end of its interval at 95 %.
    high
        Upper end.
    names
        Whose test list it was: "given" or "official".
    """

    n_names: int
    n_found: int
    list_share: float
    implied_share: float
    standard_error: float
    low: float
    high: float
    names: str = "given"


def implied_share(names: Set, listed: Set, list_share: float, whose: str = "given") -> LeakAudit:
    """Estimate which share of `names` was trained on, from a random list that holds `list_share` of what was.

    Raises
    ------
    ValueError
        For no names or a share outside (0, 1].
    """
    if not names or not 0 < list_share <= 1:
        raise ValueError(f"expected names and 0 < list_share <= 1, got {len(names)} names and {list_share}")
    n, found = len(names), len(names & listed)
    q = found / n
    error = float(np.sqrt(q * (1 - q) / n) / list_share)
    low, high = (limit / list_share for limit in wilson(q, n, normal_quantile(0.95)))
    return LeakAudit(n, found, list_share, q / list_share, error, low, high, whose)


def audit_leak(test_names: Iterable[str] = ()) -> LeakAudit:
    """Look test photographs up in SimCLR's list of ImageNet training photographs.

    Parameters
    ----------
    test_names
        File names; folders and suffixes do not matter. Those that are not ImageNet's of its 120 dog classes are left
        aside; where none is left, the official test list of Stanford Dogs is audited, and `names` says so.
    """
    official, tenth, list_share = _published()
    classes = {wnid for wnid, _ in official}
    matches = (IMAGENET_NAME.fullmatch(PurePosixPath(name).stem) for name in test_names)
    given = {(match[1], int(match[2])) for match in matches if match and match[1] in classes}
    return implied_share(given or official, tenth, list_share, "given" if given else "official")


@functools.cache
def _published() -> tuple[frozenset[Name], frozenset[Name], float]:
    """The official test names, the dogs of the published tenth, and the share of ImageNet that the whole tenth is."""
    packed = json.loads(gzip.decompress(NAMES.read_bytes()))
    official, tenth = (
        frozenset((wnid, number) for wnid, numbers in packed[part].items() for number in numbers)
        for part in ("official_test", "published_tenth_of_the_dogs")
    )
    return official, tenth, packed["names_in_the_published_tenth"] / IMAGENET_TRAIN_IMAGES
