"""The runner of `make test` and `make smoke`: two at a time, every failure named, what is slow warned of."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
spec = importlib.util.spec_from_file_location("timed", ROOT / "scripts" / "timed.py")
timed = importlib.util.module_from_spec(spec)
sys.modules["timed"] = timed  # a dataclass looks its module up
spec.loader.exec_module(timed)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_two_run_at_once_and_each_keeps_its_output_together(tmp_path, capsys):
    """Each waits for the file that the other makes, so that neither could end alone."""
    meet = "import pathlib, time\nprint({0!r}, 'begins', flush=True)\npathlib.Path({0!r}).touch()\n"
    meet += "while not pathlib.Path({1!r}).exists(): time.sleep(0.01)\nprint({0!r}, 'ends')"
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    done = timed.run_two_at_a_time({"one": python(meet.format(one, two)), "two": python(meet.format(two, one))})
    assert [(part.name, part.status) for part in done] == [("one", 0), ("two", 0)]
    assert capsys.readouterr().out == "".join(
        f"== {name}\n{path} begins\n{path} ends\n\n" for name, path in (("one", one), ("two", two))
    )


def test_a_failure_is_named_and_the_others_still_run(capsys):
    done = timed.run_two_at_a_time({"bad": python("raise SystemExit(3)"), "good": python("print('fine')")})
    assert [part.status for part in done] == [3, 0]
    assert timed.report(done, limit_s=1000) == 1
    assert capsys.readouterr().err == "failed: bad\n"


def test_one_thread_each_and_processor_seconds_of_its_own_children():
    """A child's work counts for the command that waited for it, an idle second counts for nothing."""
    work = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    outer = "import os, subprocess, sys\nprint(os.environ['OMP_NUM_THREADS'])\n"
    outer += f"subprocess.run([sys.executable, '-c', {work!r}])"
    busy, idle = timed.run_two_at_a_time({"busy": python(outer), "idle": python("import time; time.sleep(0.5)")})
    assert busy.output == "1\n"
    assert busy.processor_s > 0.4 > idle.processor_s
    assert idle.elapsed_s >= 0.5


def test_what_is_slow_is_warned_of_and_fails_nothing(capsys):
    done = [timed.Done("slow", 0, 40.0, 30.0), timed.Done("quick", 0, 40.0, 3.0)]
    assert timed.report(done, limit_s=15) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert [line for line in said.out.splitlines() if "warning" in line] == [
        "warning: slow took 30 processor seconds, more than 15"
    ]


def test_a_lab_tells_its_verdicts_and_its_memory(tmp_path, capsys):
    """From the record that its output names; verdicts wherever they stand in the summary."""
    path = tmp_path / "record.json"
    rows = [{"verdict": "holds"}, {"verdict": "undecided"}, {"row": {"verdict": "holds"}}, {"verdict": "no room"}]
    path.write_text(json.dumps({"peak_memory_gib": 1.25, "summary": {"findings": rows}}), encoding="utf-8")
    done = [timed.Done("one", 0, 9.0, 8.0, f"executed notebook: n\nrecord:   {path}\n"), timed.Done("two", 2, 1.0, 1.0)]
    assert timed.report(done, limit_s=150, labs=True) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[2:] == [
        "one        9.0          8.0         1.2  2 hold, 1 open, 1 cannot be told",
        "two        1.0          1.0  failed",
    ]
    assert said.err == "failed: two\n"


def test_all_labs_run_in_the_edition_that_is_asked_for(monkeypatch, capsys):
    asked = {}
    monkeypatch.setattr(
        timed, "run_two_at_a_time", lambda commands: asked.update(commands) or [timed.Done("a", 0, 1, 1)]
    )
    assert timed.main("labs", "cpu", "03_fields", "06_vit") == 0
    assert list(asked) == ["03_fields", "06_vit"]
    assert all("EDITION=cpu" in command for command in asked.values())
    assert "2 labs in 0 minutes" in capsys.readouterr().out


def test_the_first_failing_part_ends_the_run(monkeypatch, capsys):
    asked = []

    def run_part(name):
        asked.append(name)
        return timed.Done(name, int(name == "types"), 1.0, 1.0)

    monkeypatch.setattr(timed, "run_part", run_part)
    monkeypatch.setattr(timed, "page_seconds", lambda: {"/book/chapters/03_long.md": 33.3, "/book/intro.md": 2.0})
    assert timed.main("parts", "lint", "types", "unit") == 1
    assert asked == ["lint", "types"]
    said = capsys.readouterr()
    assert "warning: 03_long took 33 s to execute, more than 20" in said.out
    assert "intro" not in said.out
    assert said.err == "failed: types\n"


def test_another_kind_of_work_is_refused():
    with pytest.raises(SystemExit, match="expected parts or labs, got 'pages'"):
        timed.main("pages")
