"""A change that was shown to make no other number leaves records fresh, for that lab and those pictures alone."""

import pytest

from helpers import records
from helpers.records import equal
from helpers.records.__main__ import main


@pytest.fixture
def run(made):
    """Makes a record of the tiny lab: its number, its code, its pictures."""

    def make(number=0.5, module="a", dataset="breeds", **more):
        given = {"summary": {"top1": number, "fit_s": 3.0 * number, "verdict": "holds"}, "runs": []}
        given |= {"modules": {"helpers.schedule": module * 64}, "parameters": {"edition": "cpu", "dataset": dataset}}
        return records.Record(**made.record_dict(**given | more))

    return make


def test_numbers_count_and_times_do_not(run):
    before, after = run(0.5), run(0.5)
    after.summary["fit_s"] = 99.0
    assert equal.compared(before, after) == (2, [])
    after.summary["top1"] = 0.5 + 1e-12
    _, (told,) = equal.compared(before, after)
    assert told.startswith(".summary.top1: 0.5 before, 0.5000000000")
    after.summary.pop("top1")
    assert equal.compared(before, after)[1] == [".summary.top1: no longer told"]
    assert equal.compared(after, before) == (1, [])  # what is told in addition is no difference


def test_runs_that_differ_show_nothing(run):
    with pytest.raises(ValueError, match=r"not equal:\n  .summary.top1: 0.5 before, 0.6 after"):
        equal.change_of(run(0.5), run(0.6, module="b"))
    with pytest.raises(ValueError, match="one lab, edition and parameters; they differ in dataset"):
        equal.change_of(run(), run(dataset="tiny_imagenet"))
    with pytest.raises(ValueError, match="nothing to compare"):
        equal.change_of(run(summary={"said": "in 3 s"}), run(summary={"said": "in 4 s"}))


def test_rows_alone_may_be_equal_and_leave_a_record_stale(run):
    rows = {"runs": [{"seed": 0, "top1": 0.5}]}
    before, after = run(0.5, module="a", **rows), run(0.6, module="b", **rows)
    with pytest.raises(ValueError, match="not equal"):
        equal.change_of(before, after)
    change = equal.change_of(before, after, rows=True)
    assert (change.rows, change.numbers) == (True, 2)
    named = ("helpers.schedule", "b" * 64, "a" * 64)
    assert not equal.is_shown_equal(equal.Changes(changes=[change]), before, *named)
    assert equal.is_shown_equal(equal.Changes(changes=[change]), before, *named, rows=True)
    after.runs[0]["top1"] = 0.4
    with pytest.raises(ValueError, match="not equal"):
        equal.change_of(before, after, rows=True)


def test_a_record_stays_fresh_under_a_chain_of_changes_of_its_own_lab_and_pictures(run, course):
    module = course.root / "src" / "helpers" / "schedule.py"
    module.write_text("def rate(step):\n    return 1 / step\n")
    now = records.source_sha256(module)
    source = {"source_sha256": records.notebook_sha256(course.lab)}
    old = run(module="a", **source)
    assert records.stale_reasons(old, course.root) == ["helpers.schedule has changed"]
    equal.keep(course.root, equal.change_of(run(module="a"), run(module="b")))
    assert records.stale_reasons(old, course.root) == ["helpers.schedule has changed"], "b is not what is there now"
    equal.keep(course.root, equal.change_of(run(module="b"), run(modules={"helpers.schedule": now})))
    assert records.stale_reasons(old, course.root) == []
    others = run(module="a", dataset="tiny_imagenet", **source), run(module="c", **source)
    assert all(records.stale_reasons(other, course.root) == ["helpers.schedule has changed"] for other in others)
    (course.root / equal.FILE).write_text("{}}")
    with pytest.raises(ValueError, match=r"equal\.json is no valid Changes"):
        records.stale_reasons(old, course.root)


def test_the_command_runs_both_commits_and_keeps_what_changed(run, course, monkeypatch, capsys, made):
    runs = {"v1": run(module="a"), "HEAD": run(module="b")}

    def run_lab(lab, edition, arguments, commit):
        assert (lab, edition, arguments) == (made.LAB, "smoke", ["-p", "seeds", "1"])
        folder = course.root / commit
        records.write_atomically(folder / "record.json", runs[commit].model_dump_json())
        return folder

    monkeypatch.setattr("helpers.records.__main__.run_lab", run_lab)
    assert main(["equal", "v1", made.LAB, "smoke", "-p", "seeds", "1"]) == 0
    assert "2 numbers" in capsys.readouterr().out
    (change,) = equal.read_changes(course.root).changes
    assert change.files == {"helpers.schedule": ("a" * 64, "b" * 64)}
    runs["HEAD"] = run(0.7, module="b")
    assert main(["equal", "v1", made.LAB, "smoke", "-p", "seeds", "1"]) == 1
    assert "not equal" in capsys.readouterr().err
    assert equal.read_changes(course.root).changes == [change]


def test_the_command_runs_the_script_of_a_recorded_study(run, course, monkeypatch):
    kept = run(script="scripts/sweep.py", lab="15_orders")
    records.write_atomically(course.root / "results" / "cpu" / "15_orders.small.json", kept.model_dump_json())
    asked = []

    def run_shortened(record, variant, commit, arguments):
        asked.append((variant, commit, arguments))
        return run(script=record.script, lab=record.lab, module={"v1": "a", "HEAD": "b"}[commit])

    monkeypatch.setattr("helpers.records.__main__.run_shortened", run_shortened)
    assert main(["equal", "v1", "15_orders.small", "smoke", "small", "-y", "SEEDS: [0]"]) == 0
    assert asked == [("15_orders.small", commit, ["small", "-y", "SEEDS: [0]"]) for commit in ("v1", "HEAD")]
    (change,) = equal.read_changes(course.root).changes
    assert (change.lab, change.files) == ("15_orders", {"helpers.schedule": ("a" * 64, "b" * 64)})
