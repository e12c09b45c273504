"""Two at once (runs, labs, editions, users) share one cache, build it once, and spoil nothing of each other's.

Eight processes, forked from one warm process as in `test_killed.py`, want the same at the same time. One that hangs is
ended after five minutes, which fails the test.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks a process that has loaded torch")
one_of_two_users = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can be two users")
ANNA, BERTA = {"user": 12001, "umask": 0o077}, {"user": 12002, "umask": 0o077}
SHARED = {"Cache": 60, "Features": 12, "Download": 1}  # and how often one building decodes, computes or asks


@pytest.fixture
def base():
    """A folder that every user may enter, with one that every user may write to, and a file for what was done."""
    folder = Path(tempfile.mkdtemp(prefix="promises-"))
    folder.chmod(0o755)
    (folder / "cache").mkdir()
    (folder / "cache").chmod(0o2777)
    (folder / "log").touch()
    (folder / "log").chmod(0o666)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def asked(killing, base):
    """What each activity is told, and a function that says how much was done for it."""
    with killing.serving(bytes(range(256)) * 2000) as remote:
        told = {
            "Cache": {"log": str(base / "log")},
            "Features": {"log": str(base / "log")},
            "Download": {"url": remote.url, "sha256": remote.sha256, "size": remote.size},
        }
        yield told, lambda activity: remote.asked if activity == "Download" else (base / "log").stat().st_size


def wanting(activity: str, base: Path, told: dict, **how) -> dict:
    return {"activity": activity, "folder": str(base / "cache"), **told[activity], **how}


@pytest.mark.parametrize("activity", SHARED)
def test_eight_processes_share_one_building(warm, base, asked, count, activity):
    told, done = asked
    ends = warm.together(*[wanting(activity, base, told)] * 8)
    assert [end.how for end in ends] == ["done"] * 8, ends
    assert all(end.answer == ends[0].answer for end in ends)
    assert done(activity) == SHARED[activity], "built once"
    count("processes at one cache", 8)


@pytest.mark.parametrize("activity", SHARED)
def test_where_builders_die_those_who_wait_build(killing, warm, base, asked, amount, count, activity):
    told, _ = asked
    alone = warm.run(activity, base / "cache", **told[activity])
    names = killing.names_in(base / "cache")
    for trial in range(amount(1, 10)):
        shutil.rmtree(base / "cache")
        (base / "cache").mkdir()
        moments = [alone.seconds * (0.3 + 0.1 * k + 0.02 * trial) for k in range(3)]
        doomed = [wanting(activity, base, told, kill_after=moment) for moment in moments]
        ends = warm.together(*doomed, *[wanting(activity, base, told)] * 5)
        assert all(end.how in ("killed", "done") for end in ends[:3]), ends
        assert [(end.how, end.answer) for end in ends[3:]] == [("done", alone.answer)] * 5, ends
        assert killing.names_in(base / "cache") == names
        count("at one whose builders die", 8)


# --- two users -------------------------------------------------------------------------------------------------------


@one_of_two_users
@pytest.mark.parametrize("activity", SHARED)
def test_two_users_share_a_cache_whatever_their_umask(warm, base, asked, count, activity):
    told, done = asked
    home = {"environment": {"HOME": str(base / "nowhere")}}
    ends = [
        warm.run(**{"activity": activity, "folder": base / "cache", **told[activity], **who})
        for who in (ANNA, BERTA | home)
    ]
    assert [end.how for end in ends] == ["done"] * 2, ends
    assert ends[0].answer == ends[1].answer
    assert done(activity) == SHARED[activity], "the second user reads what the first one built"
    count("pairs of users", 1)


@one_of_two_users
@pytest.mark.parametrize("activity", SHARED)
def test_a_user_builds_what_a_killed_one_left(killing, warm, base, asked, amount, count, activity):
    told, _ = asked
    alone = warm.run(activity, base / "cache", **told[activity])
    names = killing.names_in(base / "cache")
    for trial in range(amount(1, 10)):
        shutil.rmtree(base / "cache")
        (base / "cache").mkdir()
        (base / "cache").chmod(0o2777)
        moment = alone.seconds * (0.5 + 0.05 * trial)
        warm.run(activity, base / "cache", **told[activity], **ANNA, kill_after=moment)
        end = warm.run(activity, base / "cache", **told[activity], **BERTA)
        assert (end.how, end.answer) == ("done", alone.answer), end.said
        assert killing.names_in(base / "cache") == names
        count("pairs of which the first is killed", 1)


@pytest.mark.parametrize("activity", SHARED)
def test_a_lock_that_may_not_be_opened_is_named_with_the_way_out(warm, base, asked, activity):
    """One from before locks were everybody's: of root's where there is root, else one that nobody may read."""
    told, done = asked
    alone = warm.run(activity, base / "cache", **told[activity])
    (lock,) = (base / "cache").rglob("*.lock")
    lock.chmod(0o000)
    who = BERTA if os.geteuid() == 0 else {}
    assert warm.run(activity, base / "cache", **told[activity], **who).answer == alone.answer, "read without a lock"
    before = done(activity)
    for path in (base / "cache").rglob("*"):
        if path.is_file() and path != lock:
            path.unlink()
    end = warm.run(activity, base / "cache", **told[activity], **who)
    assert end.how == "failed"
    assert lock.name in end.said
    assert "HELPERS_CACHE" in end.said
    assert done(activity) == before


# --- two labs, two editions, two sweeps ------------------------------------------------------------------------------


def test_two_labs_and_two_editions_at_once_leave_what_each_leaves_alone(killing, warm, tmp_path, amount, count):
    activities = killing.load(Path(killing.__file__).with_name("activities.py"))
    kinds = [{"lab": lab, "edition": edition} for lab in activities.LABS for edition in ("cpu", "gpu")]
    activities.Recording.prepare(tmp_path / "alone")
    alone = [warm.run("Recording", tmp_path / "alone", **kind) for kind in kinds]
    for trial in range(amount(1, 5)):
        folder = tmp_path / f"together{trial}"
        activities.Recording.prepare(folder)
        ends = warm.together(*({"activity": "Recording", "folder": str(folder), **kind} for kind in kinds))
        assert [(end.how, end.answer) for end in ends] == [("done", one.answer) for one in alone], ends
        activities.Recording.whole(folder, None)
        assert killing.names_in(folder) == killing.names_in(tmp_path / "alone")
        count("labs and editions in one folder", len(kinds))


def test_the_same_lab_twice_at_once_is_refused_or_right_and_spoils_nothing(killing, warm, tmp_path, amount, count):
    activities = killing.load(Path(killing.__file__).with_name("activities.py"))
    activities.Recording.prepare(tmp_path)
    for _ in range(amount(1, 5)):
        ends = warm.together(*[{"activity": "Recording", "folder": str(tmp_path)}] * 3)
        activities.Recording.whole(tmp_path, None)
        done = [end for end in ends if end.how == "done"]
        assert done, ends
        assert all(end.answer == done[0].answer for end in done)
        assert all("another run is training there now" in end.said for end in ends if end.how == "failed"), ends
        count("runs of the same lab at once", 3)


def test_two_sweeps_of_one_grid_share_its_tasks(killing, warm, tmp_path, amount, count):
    activities = killing.load(Path(killing.__file__).with_name("activities.py"))
    for trial in range(amount(1, 5)):
        folder = tmp_path / str(trial)
        activities.Sweeping.prepare(folder)
        ends = warm.together(*[{"activity": "Sweeping", "folder": str(folder)}] * 3)
        assert [end.how for end in ends] == ["done"] * 3, ends
        assert all(end.answer == ends[0].answer for end in ends)
        activities.Sweeping.whole(folder, None)
        runs = list((folder / "_build" / "sweeps" / "grid" / "runs" / "cpu" / activities.LAB).iterdir())
        assert len(runs) == 4, "three pieces and their gathering, each run once"
        count("sweeps of the same grid at once", 3)
