"""Killed at any moment, a run goes on to the same bits, and half a file never stands under a final name.

Trainings, caches, features, downloads, recordings and sweeps are killed by SIGKILL at moments drawn from the length of
a run in one piece, up to four times in a row, and then let finish. Papermill and Ray are made up here: what a task and
a driver write, gather and report is killed, the real ones are in `tests/sweep/test_on_ray.py`.
"""

import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks a process that has loaded torch")


@pytest.mark.parametrize(
    ("activity", "what"),
    [
        ("Training", "kills of trainings"),
        ("Cache", "of caches being built"),
        ("Features", "of features being kept"),
        ("Recording", "of labs and their recording"),
        ("Sweeping", "of sweeps"),
    ],
)
def test_a_killed_run_goes_on_to_the_same_bits(killing, warm, tmp_path, amount, count, activity, what):
    count(what, killing.kill_and_restart(warm, activity, tmp_path, amount(2, 50)))


def test_a_killed_download_ends_with_the_right_file(killing, warm, tmp_path, amount, count):
    with killing.serving(bytes(range(256)) * 8000) as remote:
        told = {"url": remote.url, "sha256": remote.sha256, "size": remote.size}
        count("of downloads", killing.kill_and_restart(warm, "Download", tmp_path, amount(2, 50), **told))


@pytest.mark.parametrize(
    ("activity", "broken", "noticed"),
    [
        ("Features", "not atomic", "half a file"),
        ("Features", "litters", "left behind"),
        ("Training", True, "ends with other numbers"),
    ],
)
def test_the_harness_notices_a_writer_that_is_not_atomic(killing, warm, tmp_path, activity, broken, noticed):
    """Nor one that leaves its temporary files behind, nor a restart that forgets a part of the state."""
    with pytest.raises(AssertionError, match=noticed):
        killing.kill_and_restart(warm, activity, tmp_path, 20, broken=broken)
