"""A run beside the recorded one: which number belongs to which, what is within, and what is said of the rest."""

import json

import pytest

import helpers
from helpers import records
from helpers.records import devices, source
from helpers.records.compare import beside_the_recorded, compare, recorded_twin, sentences


def estimate(value: float, low: float, high: float) -> dict:
    return {"value": value, "low": low, "high": high, "n": 60, "covers": "test sampling"}


SUMMARY = {
    "points": [
        {"model": "cnn", "top1": estimate(0.60, 0.55, 0.65), "fit_s": 9.0},
        {"model": "vit", "top1": estimate(0.40, 0.35, 0.45), "fit_s": 8.0},
    ],
    "gap": estimate(0.20, 0.10, 0.30),
}


@pytest.fixture
def pair(course, made):
    """Writes a recorded run of one summary; returns the record of a run with another, or the same."""

    def build(here: dict, was: dict = SUMMARY, **changes):
        recorded = records.Record(**made.record_dict(summary=was))
        path = course.root / "results" / "cpu" / f"{made.LAB}.json"
        records.write_atomically(path, recorded.model_dump_json())
        return records.Record(**made.record_dict(summary=json.loads(json.dumps(here)), run_id=None, **changes))

    return build


def changed(**tops: dict) -> dict:
    points = [row | {"top1": tops.get(row["model"], row["top1"])} for row in SUMMARY["points"]]
    return SUMMARY | {"points": points}


def test_the_same_numbers_lie_within(pair):
    said = beside_the_recorded(pair(SUMMARY))
    assert said == "compared with the recorded run: 3 of 3 numbers lie within its intervals"


def test_within_beside_and_apart_are_told_from_each_other(pair):
    run = pair(changed(cnn=estimate(0.66, 0.61, 0.71), vit=estimate(0.60, 0.55, 0.65)))
    found = compare(run, recorded_twin(run))
    assert [(p.where, p.verdict) for p in found.pairs] == [
        ("points · cnn · top1", "beside"),
        ("points · vit · top1", "apart"),
        ("gap", "within"),
    ]
    said = beside_the_recorded(run).splitlines()
    assert said[0].endswith("1 of 3 numbers lie within its intervals, 1 beside, with intervals that overlap, 1 apart")
    assert said[1] == "  apart: points · vit · top1: 0.6, recorded 0.35 to 0.45"
    assert said[-1].startswith("  Why that may be: Processors round otherwise")


def test_rows_are_known_by_their_words_and_not_by_their_place(pair):
    turned = SUMMARY | {"points": SUMMARY["points"][::-1]}
    assert "3 of 3 numbers" in beside_the_recorded(pair(turned))
    renamed = SUMMARY | {"points": [row | {"verdict": "holds"} for row in SUMMARY["points"]]}
    assert "3 of 3 numbers" in beside_the_recorded(pair(renamed))
    fewer = SUMMARY | {"points": SUMMARY["points"][:1]}
    assert "1 of 1 numbers" in beside_the_recorded(pair(fewer))


def test_without_intervals_numbers_agree_up_to_a_hundredth_and_seconds_are_not_asked(pair):
    was = {"side_px": 40.0, "share": 0.5, "fit_s": 3.0, "seconds": 9.0, "error": 1e-13}
    assert "3 of 3 numbers lie within 1 % of it" in beside_the_recorded(
        pair(was | {"fit_s": 99.0, "error": 4e-13}, was)
    )
    said = beside_the_recorded(pair(was | {"share": 0.52}, was))
    assert "2 of 3" in said
    assert "apart: share: 0.52, recorded 0.495 to 0.505" in said


def test_what_differs_is_named_as_a_reason(pair):
    run = pair(
        changed(vit=estimate(0.9, 0.85, 0.95)),
        device={"type": "mps", "machine": "arm64"},
        libraries={"torch": "3.0"},
        modules={"helpers.training.fit": "1" * 64},
    )
    recorded = recorded_twin(run)
    recorded = recorded.model_copy(
        update={"device": {"type": "cpu", "machine": "x86_64"}, "libraries": {"torch": "2.15"}}
        | {"modules": {"helpers.training.fit": "0" * 64, "helpers": "a" * 64}}
    )
    said = sentences(compare(run, recorded))
    assert "this run had mps in place of cpu, arm64 in place of x86_64, torch 3.0 in place of 2.15" in said
    assert "code that has changed (1 modules)" in said


def test_other_parameters_tests_and_pieces_are_not_compared(pair, made):
    run = pair(SUMMARY, parameters=made.OWN | {"seeds": 9})
    assert beside_the_recorded(run) == "compared with no recorded run: none has this seeds"
    assert beside_the_recorded(pair(SUMMARY, edition="smoke")) == ""
    assert beside_the_recorded(pair(SUMMARY, edition="gpu")) == ""  # not recorded at all
    assert beside_the_recorded(pair(SUMMARY, parameters=made.OWN | {"piece": "cnn/0"})) == ""


def test_a_recorded_variant_with_the_same_parameters_is_found(pair, course, made):
    run = pair(SUMMARY, parameters=made.OWN | {"seeds": 9})
    path = course.root / "results" / "cpu" / f"{made.LAB}.many.json"
    records.write_atomically(path, run.model_dump_json())
    assert recorded_twin(run).parameters["seeds"] == 9
    other = records.Record(**made.record_dict(data=made.DATA | {"fingerprint": "b" * 64}, parameters=run.parameters))
    assert recorded_twin(other) is None, "other data"


def test_every_recorded_lab_has_numbers_to_compare(monkeypatch):
    """What a reader runs in the recorded edition is compared with something, and the record itself lies within."""
    root = records.project_root()
    labs = [path for path in sorted((root / "results" / "cpu").glob("*.json")) if path.with_suffix(".ipynb").is_file()]
    assert len({path.name[:2] for path in labs}) >= 17
    for path in labs:
        record = records.Record.model_validate_json(path.read_text(encoding="utf-8"))
        found = compare(record, record)
        assert len(found.pairs) > 1, path.name
        assert found.outside() == [], path.name


# --- devices ---------------------------------------------------------------------------------------------------------


def test_a_mac_is_told_that_its_gpu_was_not_tested(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.device_type() == "mps"
    assert records.describe_device()["type"] == "mps"
    monkeypatch.setattr(devices.sys, "platform", "linux")
    assert devices.device_warning() is None
    monkeypatch.setattr(devices.sys, "platform", "darwin")
    assert "Apple's GPU (MPS)" in devices.device_warning()
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert devices.device_warning() is None
    assert devices.device_type() == "cpu"


def test_a_record_names_the_machine_and_the_versions_that_ran_it(monkeypatch):
    import platform
    from types import SimpleNamespace

    import psutil
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=3 * 2**29))
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: None)
    assert records.describe_device() == {
        "type": devices.device_type(), "cores": 1, "memory_gib": 1.5, "system": platform.system(),
        "machine": platform.machine(), "python": platform.python_version(),
    }  # fmt: skip
    versions = source.library_versions()
    assert versions["helpers"] == helpers.__version__
    assert versions["torch"] == torch.__version__.split("+")[0]


def test_a_record_says_memory_and_processor_seconds_of_its_process(course, made, monkeypatch):
    for name, found in (("running_source_sha256", made.SHA), ("used_modules", {}), ("code_version", "1+abc")):
        monkeypatch.setattr(records.writing, name, lambda found=found: found)
    monkeypatch.setattr(records.writing, "uncommitted_files", lambda root: [])
    from datetime import UTC, datetime

    record = records.make_record(made.LAB, "cpu", parameters={}, runs=[], summary={}, started_at=datetime.now(UTC))
    assert 0.05 < record.peak_memory_gib < 64
    assert record.processor_s > 0.1


def test_the_lab_says_it_at_its_end(course, made, monkeypatch, capsys):
    for name, found in (("running_source_sha256", made.SHA), ("used_modules", {}), ("code_version", "1+abc")):
        monkeypatch.setattr(records.writing, name, lambda found=found: found)
    monkeypatch.setattr(records.writing, "uncommitted_files", lambda root: [])
    monkeypatch.setattr(records.writing, "device_warning", lambda: "note: a strange device")
    recorded = records.Record(**made.record_dict(summary=SUMMARY, data=None))
    records.write_atomically(course.root / "results" / "cpu" / f"{made.LAB}.json", recorded.model_dump_json())
    given = {"parameters": made.OWN, "runs": [], "summary": SUMMARY, "started_at": recorded.started_at}
    records.write_record(made.LAB, "cpu", **given)
    assert capsys.readouterr().out.splitlines() == [
        "compared with the recorded run: 3 of 3 numbers lie within its intervals",
        "note: a strange device",
    ]
