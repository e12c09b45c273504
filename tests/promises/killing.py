"""Killing at any moment: a warm process forks a child for each trial, and kills it when its moment has come.

Run as a script it is the warm process: it has imported torch and the course, has one thread, and takes a line of JSON
for each round of children. A test talks to it by `Warm`, and tries an activity with `kill_and_restart`. An activity is
a class of `activities.py`:

    run(folder)             does it, from where an earlier run was cut off; what it returns is the same each time
    prepare(folder)         what must be there before, if anything
    whole(folder, answer)   asserts that every file under a final name is whole; asked right after a kill
    MAY_STAY                names, as of `names_in`, that a killed run may leave for good
"""

import gc
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

RUN_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{6}")
GATHERED = re.compile(r"gathered-[0-9a-f]{8}\b")  # a task of a sweep whose name tells the runs that it gathers
IN_A_ROW = (1, 1, 2, 4)  # kills before a run may finish
LIMIT_S = 300  # of one round; whoever lasts longer hangs


def load(path: Path) -> ModuleType:
    """A module of this folder, which is no package."""
    name = f"promises_{path.stem}"
    if name not in sys.modules:
        spec = spec_from_file_location(name, path)
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@dataclass(frozen=True)
class Ended:
    """How a child ended: "done", "failed", "killed" or "hung"; after how long, with what answer, and what it said."""

    how: str
    seconds: float
    answer: Any
    said: str


class Warm:
    """The warm process, to be used in a `with` block."""

    def __init__(self) -> None:
        command = [sys.executable, __file__]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "NO_PROXY": "127.0.0.1"}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, **pipes, text=True, env=environment)

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=LIMIT_S)

    def together(self, *children: dict[str, Any]) -> list[Ended]:
        """Run children at the same time; each is told `activity`, `folder`, and what else its `run` takes.

        With `kill_after` a child is killed so many seconds after it began; `user` gives it another uid, `umask` and
        `environment` others of these.
        """
        self.process.stdin.write(json.dumps(children) + "\n")
        self.process.stdin.flush()
        return [Ended(**ended) for ended in json.loads(self.process.stdout.readline())]

    def run(self, activity: str, folder: Path, **how: Any) -> Ended:
        """Run one child; see `together`."""
        return self.together({"activity": activity, "folder": str(folder), **how})[0]


# --- a server --------------------------------------------------------------------------------------------------------


class Remote(ThreadingHTTPServer):
    """A server on this machine that gives one file, slowly: in 20 parts, with a pause after each."""

    def __init__(self, content: bytes) -> None:
        self.content, self.asked, self.size = content, 0, len(content)
        self.sha256 = hashlib.sha256(content).hexdigest()
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_port}/toy.tar"


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked += 1
        self.send_response(200)
        self.send_header("Content-Length", str(self.server.size))
        self.end_headers()
        part = self.server.size // 20
        try:
            for first in range(0, self.server.size, part):
                self.wfile.write(self.server.content[first : first + part])
                time.sleep(0.004)
        except ConnectionError:  # whoever asked was killed
            pass

    def log_message(self, *_) -> None:
        pass


@contextmanager
def serving(content: bytes) -> Iterator[Remote]:
    """The server, while the `with` block lasts."""
    with Remote(content) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


# --- the trial -------------------------------------------------------------------------------------------------------


def names_in(folder: Path) -> set[str]:
    """Every file below a folder, the ids of runs left out."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return {GATHERED.sub("gathered", RUN_ID.sub("<run>", name)) for name in files}


def kill_and_restart(warm: Warm, activity: str, where: Path, kills: int, **how: Any) -> int:
    """Kill an activity at random moments, so many times or a few more, and let it finish; the kills that were made.

    Raises
    ------
    AssertionError
        If a half file stands under a final name, a restart fails or ends with something else than a run in one piece,
        or something stays behind.
    """
    what = getattr(load(Path(__file__).with_name("activities.py")), activity)
    moments, made = random.Random(f"{activity} 2026"), 0
    whole = _in_one_piece(warm, what, where / "whole", how)
    for trial in range(50 * kills):
        if made >= kills:
            return made
        if trial % 10 == 0:  # a machine is not always equally fast
            again = _in_one_piece(warm, what, where / f"again{trial}", how)
            assert whole.answer == again.answer, "two runs in one piece differ"
            seconds = again.seconds
        folder = _prepared(what, where / f"trial{trial}")
        row, end = _kill_in_a_row(warm, what, folder, moments, seconds, whole.answer, how)
        if not row:  # it had ended before its moment came: drawn again
            seconds = end.seconds
            continue
        made += len(row)
        end = warm.run(activity, folder, **how)
        told = f"{activity}, killed after {' and '.join(f'{moment:.4f} s' for moment in row)}"
        assert end.how == "done", f"{told}: the restart {end.how}\n{end.said}"
        assert end.answer == whole.answer, f"{told}: ends with other numbers, {end.answer} for {whole.answer}"
        left = names_in(folder) - names_in(where / "whole") - what.MAY_STAY
        assert not left, f"{told}: left behind are {sorted(left)}"
    raise AssertionError(f"{activity}: only {made} of {kills} kills came before its end")


def _prepared(what: Any, folder: Path) -> Path:
    folder.mkdir(parents=True)
    what.prepare(folder)
    return folder


def _in_one_piece(warm: Warm, what: Any, folder: Path, how: dict[str, Any]) -> Ended:
    end = warm.run(what.__name__, _prepared(what, folder), **how)
    assert end.how == "done", f"{what.__name__} {end.how}\n{end.said}"
    what.whole(folder, end.answer)
    return end


def _kill_in_a_row(
    warm: Warm, what: Any, folder: Path, moments: random.Random, seconds: float, answer: Any, how: dict[str, Any]
) -> tuple[list[float], Ended]:
    """Kill a run, its restart, and so on, a few times; the moments that met a living one, and how the last ended."""
    row: list[float] = []
    for _ in range(moments.choice(IN_A_ROW)):
        moment = moments.uniform(0, seconds)
        end = warm.run(what.__name__, folder, kill_after=moment, **how)
        assert end.how in ("killed", "done"), f"{what.__name__} {end.how}\n{end.said}"
        try:
            what.whole(folder, answer)
        except (ValueError, OSError) as error:  # whatever reads a file may find it broken
            raise AssertionError(f"{what.__name__}: half a file after {moment:.4f} s, {error}") from error
        if end.how == "done":
            break
        row.append(moment)
    return row, end


# --- the warm process ------------------------------------------------------------------------------------------------


class Child:
    """A forked child, from its first moment to its last."""

    def __init__(self, activities: ModuleType, told: dict[str, Any]) -> None:
        self.kill_after = told.pop("kill_after", None)
        self.said, self.answer = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 (closed with the child)
        self.began, self.end = time.monotonic(), None
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(self._live(activities, **told))

    def _live(self, activities: ModuleType, activity: str, folder: str, **told: Any) -> int:
        try:
            os.dup2(self.said.fileno(), 1)
            os.dup2(self.said.fileno(), 2)
            os.umask(told.pop("umask", 0o022))
            os.environ.update(told.pop("environment", {}))
            if (user := told.pop("user", None)) is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            answer = getattr(activities, activity).run(Path(folder), **told)
            os.write(self.answer.fileno(), json.dumps(answer).encode())
            return 0
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            return 1

    def ended(self) -> bool:
        """Whether it has ended; kills it where its moment has come."""
        after = time.monotonic() - self.began
        limit = LIMIT_S if self.kill_after is None else min(self.kill_after, LIMIT_S)
        if after >= limit:
            os.kill(self.pid, signal.SIGKILL)
        pid, status = os.waitpid(self.pid, 0 if after >= limit else os.WNOHANG)
        if pid:
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            how = ("killed" if limit < LIMIT_S else "hung") if killed else "failed" if status else "done"
            read = [os.pread(file.fileno(), 1 << 20, 0).decode() for file in (self.said, self.answer)]
            self.end = Ended(
                how, time.monotonic() - self.began, json.loads(read[1]) if how == "done" else None, read[0]
            )
        return self.end is not None

    def wait_s(self) -> float:
        """How long there is nothing to look at."""
        left = 1.0 if self.kill_after is None else self.began + self.kill_after - time.monotonic()
        return min(max(left, 0.0), 0.003)


def main() -> None:
    """Answer a line of children with a line of how they ended, until no more comes."""
    activities = load(Path(__file__).with_name("activities.py"))
    gc.freeze()  # or each child copies what it never uses
    for line in sys.stdin:
        children = [Child(activities, told) for told in json.loads(line)]
        while living := [child for child in children if child.end is None and not child.ended()]:
            time.sleep(min(child.wait_s() for child in living))
        print(json.dumps([vars(child.end) for child in children]), flush=True)


if __name__ == "__main__":
    main()
