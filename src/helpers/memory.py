"""The most memory that a run has held: its own process, and those that trained beside it."""

import sys

_beside = 0  # bytes, of other processes


def own_peak() -> int:
    """The most memory that this process has held at once, in bytes."""
    import psutil

    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource  # absent on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def unshared_peak() -> int:
    """The most memory that this process has held at once, in bytes, less what it now shares with others."""
    import psutil

    now = psutil.Process().memory_full_info()
    return own_peak() - (now.rss - now.uss)


def held_beside(peaks: int) -> None:
    """Count processes that worked beside this one: the sum of what each held at most and did not share, in bytes."""
    global _beside
    _beside = max(_beside, peaks)


def peak_memory() -> int:
    """The most memory of this process and those beside it, in bytes: at most, since each may peak at another time."""
    return own_peak() + _beside
