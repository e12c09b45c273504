"""Recording: which run may take which slot, and what is refused."""

import json

import pytest

from helpers import records
from helpers.records.__main__ import main

LAB = "08_xception_vs_vit"
OTHER_RUN = "20261121T020301-00000b"


def test_the_editions_own_run_takes_the_own_slot(course, made):
    course.finish_run(made.shown(image_png="iVBORw0KGgo="))
    slot = records.record_run(LAB, "cpu")
    assert slot == course.root / "results" / "cpu" / f"{LAB}.json"
    record = records.read_record(LAB, "cpu")
    assert record.runs[0]["test_top1"] == 0.5
    assert record.left_out == []
    notebook = json.loads(slot.with_suffix(".ipynb").read_text())
    assert "image/png" in notebook["cells"][-1]["outputs"][0]["data"], "drawn pictures stay"
    assert notebook["metadata"]["helpers"]["run_id"] == record.run_id
    assert "papermill" not in slot.with_suffix(".ipynb").read_text()
    assert records.record_run(LAB, "cpu") == slot, "the same run may be recorded again"


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"weights": "hub"}, "weights ('hub' for 'shipped')"),
        ({"seeds": 1}, "seeds (1 for 3)"),
        ({"epochs": 1}, "epochs (1 for 6)"),
        ({"models": ["vit_mini"]}, "models"),
        ({"picture": "me.jpg"}, "picture"),
        ({"output_dir": "checkpoints"}, "output_dir"),
        ({"learning_rate": 0.1}, "learning_rate (0.1 for 'nothing')"),
    ],
    ids=str,
)
def test_a_run_with_any_other_parameter_needs_a_name(course, parameters, named):
    course.finish_run(parameters=parameters)
    with pytest.raises(ValueError, match="AS=<variant>") as error:
        records.record_run(LAB, "cpu")
    assert named in str(error.value)
    assert not (course.root / "results").exists()
    assert records.record_run(LAB, "cpu", "other").name == f"{LAB}.other.json"


def test_a_run_that_lacks_a_parameter_of_the_lab_needs_a_name(course, made):
    folder = course.finish_run()
    record = json.loads((folder / "record.json").read_text())
    del record["parameters"]["epochs"]
    (folder / "record.json").write_text(json.dumps(record))
    with pytest.raises(ValueError, match="epochs"):
        records.record_run(LAB, "cpu")


def test_a_run_of_an_edited_lab_needs_a_name(course):
    course.finish_run(source_sha256="b" * 64)
    with pytest.raises(ValueError, match="the lab \\(changed since this run\\)"):
        records.record_run(LAB, "cpu")


def test_a_local_variant_of_the_files_needs_a_name(course, made):
    course.finish_run(data=made.DATA | {"local_variant": True})
    with pytest.raises(ValueError, match="local variant"):
        records.record_run(LAB, "cpu")


def test_a_smoke_run_is_never_recorded(course, capsys):
    course.finish_run(edition="smoke", parameters={})
    for variant in ([], ["--as", "test"]):
        assert main(["record", LAB, "smoke", *variant]) == 1
        assert "never recorded" in capsys.readouterr().err
    assert not (course.root / "results").exists()


@pytest.mark.parametrize("variant", ["../x", "été/../x", "x/y", "..", ".x", "X", "a b", "", "a\n"])
def test_a_variant_that_is_no_plain_name_is_refused(course, variant):
    course.finish_run()
    (course.root / "results" / "cpu" / f"{LAB}.été").mkdir(parents=True)  # so that the path would lead somewhere
    with pytest.raises(ValueError, match="variant: expected small letters"):
        records.record_run(LAB, "cpu", variant)


@pytest.mark.parametrize(
    "changes", [{"code_version": "0.1.0+abc-dirty"}, {"uncommitted": ["src/helpers/x.py"]}], ids=str
)
def test_a_run_from_uncommitted_files_is_refused_and_the_files_are_named(course, changes):
    course.finish_run(**changes)
    with pytest.raises(ValueError, match=r"uncommitted changes of (the code|src/helpers/x\.py): commit"):
        records.record_run(LAB, "cpu", "mine")
    assert not (course.root / "results").exists()


def test_a_variant_never_takes_the_slot_of_another(course, made):
    course.finish_run(parameters={"epochs": 9})
    records.record_run(LAB, "cpu", "long")
    course.finish_run(parameters={"epochs": 10})
    with pytest.raises(ValueError, match="holds a run that differs in epochs"):
        records.record_run(LAB, "cpu", "long")
    course.finish_run(parameters={"epochs": 9}, data=made.DATA | {"fingerprint": "c" * 64})
    with pytest.raises(ValueError, match="holds a run that differs in data"):
        records.record_run(LAB, "cpu", "long")


def test_a_record_and_a_notebook_of_two_runs_are_refused(course):
    folder = course.finish_run(stamp=OTHER_RUN)
    with pytest.raises(ValueError, match="two different runs"):
        records.record_run(LAB, "cpu", "mine")
    notebook = json.loads((folder / "notebook.ipynb").read_text())
    del notebook["metadata"]["helpers"]
    (folder / "notebook.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(ValueError, match="two different runs"):
        records.record_run(LAB, "cpu", "mine")


def test_a_record_alone_is_no_finished_run(course, capsys):
    (course.finish_run() / "notebook.ipynb").unlink()
    assert main(["record", LAB, "cpu"]) == 1
    assert "no finished run" in capsys.readouterr().err


def test_the_newest_run_is_recorded_and_an_older_one_by_its_id(course, capsys):
    runs = [{"seed": 0, "test_top1": value} for value in (0.4, 0.6)]
    course.finish_run(runs=runs[:1], finished_at="2026-11-21T02:03:00Z")
    course.finish_run(runs=runs[1:], finished_at="2026-11-21T02:04:00Z", run=OTHER_RUN)
    assert main(["record", LAB, "cpu"]) == 0
    assert records.read_record(LAB, "cpu").runs[0]["test_top1"] == 0.6
    assert main(["record", LAB, "cpu", "--run", "20261121T020300-00000a"]) == 0
    assert records.read_record(LAB, "cpu").runs[0]["test_top1"] == 0.4
    assert main(["record", LAB, "cpu", "--run", "20261121T020300-00000f"]) == 1
    assert "no run 20261121T020300-00000f" in capsys.readouterr().err


def test_without_a_finished_run_the_command_says_so(course, capsys):
    assert main(["record", LAB, "cpu"]) == 1
    assert "no finished run" in capsys.readouterr().err
