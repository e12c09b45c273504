"""Were test photographs among the training photographs of a pre-trained model? An audit by names alone.

All Stanford Dogs photographs come from ImageNet and kept their names. SimCLR (Chen et al., 2020) published the names
of a random tenth, drawn per class, of ImageNet-1k's training photographs. If a share p of the test photographs was
trained on, a share q = p · t of them is expected in that list, t being the share of ImageNet that the list holds:

    p̂ = q̂ / t,    standard error = √(q̂ (1 − q̂) / n) / t

p̂ is an estimate: it may come out above 1. The names say nothing of models trained on other photographs.
"""

import gzip
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from helpers.data.fetching import FetchError, Found, fetch

IMAGENET_TRAIN_IMAGES = 1_281_167
IMAGENET_NAME = re.compile(r"n\d{8}_\d+")


@dataclass(frozen=True)
class LeakAudit:
    """What the audit found, or the `reason` why there was none (then all numbers are None).

    n_names : test names looked up; n_found : of these, in the list
    list_share : t, share of ImageNet's training photographs in the list
    implied_share, standard_error : p̂ and its standard error
    """

    n_names: int | None = None
    n_found: int | None = None
    list_share: float | None = None
    implied_share: float | None = None
    standard_error: float | None = None
    reason: str | None = None


def implied_share(names: set[str], listed: set[str], list_share: float) -> LeakAudit:
    """Estimate which share of `names` was trained on, from a random list that holds `list_share` of what was.

    Raises
    ------
    ValueError
        For no names or a share outside (0, 1].
    """
    if not names or not 0 < list_share <= 1:
        raise ValueError(f"expected names and 0 < list_share <= 1, got {len(names)} names and {list_share}")
    found = len(names & listed)
    q = found / len(names)
    error = float(np.sqrt(q * (1 - q) / len(names)) / list_share)
    return LeakAudit(len(names), found, list_share, q / list_share, error)


def audit_leak(test_names: Iterable[str] | None = None, *, progress: bool = True) -> LeakAudit:
    """Look test photographs up in SimCLR's list of ImageNet training photographs.

    Parameters
    ----------
    test_names
        File names, folders and suffixes do not matter; None takes the official Stanford Dogs test list.

    Returns
    -------
    LeakAudit
        Its `reason` says why nothing was computed: names that are not ImageNet's, lists that are not on this machine
        and cannot be downloaded (tried once).
    """
    try:
        if test_names is None:
            test_names = _read_names(fetch("leak", "official_test.txt", optional=True, progress=progress))
        names = {match[0] for name in test_names if (match := IMAGENET_NAME.fullmatch(PurePosixPath(name).stem))}
        if not names:
            return LeakAudit(reason="the test photographs do not carry ImageNet names")
        found = fetch("leak", "simclr_10percent.txt", optional=True, progress=progress)
    except FetchError as error:
        return LeakAudit(reason=f"the name lists are absent. {error}")
    listed = {PurePosixPath(name).stem for name in _read_names(found)}
    return implied_share(names, listed, len(listed) / IMAGENET_TRAIN_IMAGES)


def _read_names(found: Found) -> list[str]:
    data = found.path.read_bytes()
    text = gzip.decompress(data) if found.path.suffix == ".gz" else data
    return text.decode().split()
