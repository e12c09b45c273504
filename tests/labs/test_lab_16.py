"""Lab 16 on folders of every layout and on names that are no words, in one process; and what recording keeps of it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from helpers.models.pretrained import saved
from helpers.parameters import lab_parameters
from helpers.records import Record, writing
from helpers.records.personal import publishable

ROOT = Path(__file__).parents[2]
LAB = ROOT / "labs" / "16_your_photographs.ipynb"
CELLS = {
    cell["id"]: "".join(cell["source"]) for cell in json.loads(LAB.read_text())["cells"] if cell["cell_type"] == "code"
}
NAMES = ("pa$$", "a|b*", "柴犬 🐕")
SMALL = {"edition": "smoke", "backbones": ["xception_mini"], "hub": "no", "top10_steps": 1, "draws": 1}


def test_no_hidden_cell_is_long():
    hidden = [cell for cell in json.loads(LAB.read_text())["cells"] if "hide-input" in cell["metadata"].get("tags", [])]
    assert hidden
    for cell in hidden:
        kept = [line for line in "".join(cell["source"]).splitlines() if line.strip() and "import" not in line]
        assert len(kept) <= 25, cell["id"]


def fill(folder, colour, count, seed):
    """Coarse noise over a colour: pictures with hashes of their own that a linear probe can tell apart."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        noise = rng.integers(0, 110, (8, 8, 3))
        noise[..., colour % 3] += 140
        picture = Image.fromarray(noise.astype(np.uint8)).resize((70, 60), Image.Resampling.BICUBIC)
        picture.save(folder / f"Rexi {seed} {i}.png")


@pytest.fixture
def course(tmp_path, monkeypatch):
    (tmp_path / "course" / "labs").mkdir(parents=True)
    (tmp_path / "course" / "_toc.yml").write_text("root: intro\n")
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "course")
    monkeypatch.setattr(writing, "running_source_sha256", lambda: "0" * 64)
    monkeypatch.setattr(writing, "used_modules", dict)
    monkeypatch.setattr(writing, "uncommitted_files", lambda root: [])
    monkeypatch.setattr(writing, "code_version", lambda: "1+abc")
    return tmp_path


def start(**passed):
    """The namespace after the parameters cell, with what was passed."""
    injected = "# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in passed.items())
    now: dict = {}
    for name in ("imports", "imports-course", "parameters"):
        exec(compile(CELLS[name], name, "exec"), now)
    history = [CELLS["parameters"], injected]
    now["lab_parameters"] = lambda namespace, **choices: lab_parameters(namespace, history, **choices)
    return now | passed


def run(**passed) -> tuple[Record, dict]:
    now, names = start(**SMALL, **passed), list(CELLS)
    for name in names[names.index("derived") :]:
        exec(compile(CELLS[name], name, "exec"), now)
        plt.close("all")
    return Record.model_validate_json(now["path"].read_text()), now


@pytest.mark.slow
@pytest.mark.parametrize("parts", [("",), ("train", "val"), ("Train", "valid", "TEST")], ids=" ".join)
def test_every_layout_ends_with_a_record_and_a_kept_model(course, parts):
    root = course / "mine"
    for n, part in enumerate(parts):
        for k, name in enumerate(NAMES):
            fill(root / part / name, k, 12 if n == 0 else 4, 10 * n + k)
    picture = next(iter((root / parts[0]).glob("*/*.png")))
    record, now = run(data_dir=str(root), picture=str(picture), model_name="mine")
    assert [row["tuning"] for row in record.runs] == ["probe", "top10"]
    assert sum(row["chosen"] for row in record.runs) == 1
    assert record.data.terms == "user"
    assert record.data.n_test == (6 if parts == ("",) else 12)
    assert record.summary["twins_in_test"] == 0
    assert record.summary["curve"][-1]["images_a_class"] == now["data"].train.labels.size / 3
    assert np.allclose(now["answers"][now["chosen"].backbone], now["probabilities"])
    model = saved.load(course / "course" / "_build" / "models" / "mine")
    assert model.class_names == tuple(sorted(NAMES))
    assert model.card["accuracy"] == next(row["test_top1"] for row in record.runs if row["chosen"])
    assert str(root) not in json.dumps(model.card)
    told = json.dumps([record.runs, record.summary, record.skipped, record.data.provenance], ensure_ascii=False)
    assert not [word for word in (*NAMES, "Rexi", str(root)) if word in told]


@pytest.mark.slow
def test_two_classes_twins_across_lists_and_a_broken_file(course, capsys):
    root = course / "mine"
    for n, part in enumerate(("train", "test")):
        for k, name in enumerate(("cat", "dog")):
            fill(root / part / name, k, 12 if n == 0 else 6, 10 * n + k)
    for path in sorted((root / "train" / "cat").iterdir())[:2]:
        Image.open(path).resize((50, 50)).save(root / "test" / "cat" / f"{path.stem}.jpg", quality=80)
    shutil.copy(root / "test" / "cat" / "Rexi 0 0.jpg", root / "test" / "dog" / "filed here too.jpg")
    (root / "train" / "dog" / "IMG_1.HEIC").write_bytes(b"\x00\x00\x00\x18ftypheic" + bytes(9))
    record, now = run(data_dir=str(root))
    told = capsys.readouterr().out
    assert record.summary["twins_in_test"] == 3
    assert record.data.skipped == 1
    assert "3 of 15 test photographs have a twin" in told
    assert "Without the 3 test photographs that have a twin" in told
    assert "Without the 2 test photographs that have an equal file in another class" in told
    assert now["doubtful"].tolist() == [name.endswith(("0 0.jpg", "too.jpg")) for name in now["data"].test.names]
    assert now["doubtful"][0]
    assert now["row"] == 1, "the model is shown on a photograph whose label is in doubt"
    assert "iPhone" in told


@pytest.mark.slow
def test_without_a_folder_it_draws_one_and_without_scikit_image_it_says_what_is_missing(course, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    record, _ = run(drawn={"n_classes": 2, "n_per_class": 12, "difficulty": 0.3})
    assert record.data.terms == "drawn"
    assert record.summary["foreign"] == {"n": 0, "caught": 0}
    assert "pictures of no class" in record.skipped


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"data_dir": "no/such"}, "data_dir: .*no"),
        ({"link_root": "no/such"}, "link_root: .*no"),
        ({"weights_dir": "no/such"}, "weights_dir: .*no"),
        ({"picture": str(LAB)}, "picture: 16_your_photographs.ipynb"),
        ({"test_fraction": 1.0}, "test_fraction: expected 0 < test_fraction < 1"),
        ({"val_fraction": 0}, "val_fraction: expected 0 < val_fraction < 1"),
        ({"near_bits": 64}, "near_bits: expected 1 to 63"),
        ({"learning_rate": -1.0}, "learning_rate: expected a number > 0"),
        ({"model_name": "../x"}, "model_name: expected letters"),
        ({"model_name": "x."}, "model_name: expected letters"),
        ({"drawn": {"n": 3}}, "drawn: expected some of n_classes"),
        ({"backbones": "resnet"}, "backbones: expected a list of"),
        ({"hub": "yes"}, "hub: expected one of cached, download, no"),
        ({"seed": 0}, "seed: expected a whole number of at least 1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_parameter_stops_the_lab_before_any_photograph_is_read(course, wrong, message):
    now = start(**wrong)
    with pytest.raises(ValueError, match=message):
        exec(CELLS["derived"], now)


@pytest.mark.slow
def test_nothing_of_a_users_is_left_in_what_recording_keeps(course):
    """By papermill, as `make lab` runs it: the notebook with its outputs, and the record beside it."""
    root = course / "Annas photographs"
    for k, name in enumerate(NAMES):
        fill(root / name, k, 10, k)
    (root / NAMES[0] / "Rexi broken.jpg").write_bytes(b"no image")
    passed = SMALL | {"data_dir": str(root), "link_root": str(root), "model_name": "Annas model"}
    passed["backbones"] = "xception_mini"
    command = [sys.executable, "-m", "papermill", str(LAB), "out.ipynb", "-k", "python3"]
    command += [part for name, value in passed.items() for part in ("-p", name, str(value))]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    notebook = json.loads(Path("out.ipynb").read_text())
    (path,) = Path("_build/runs/smoke/16_your_photographs").glob("*/record.json")
    secret = [*NAMES, "Rexi", "Annas", str(root), "柴犬"]
    before = json.dumps(notebook, ensure_ascii=False)
    assert all(word in before for word in secret[:5])
    assert "image/svg+xml" in before
    record, kept = publishable(Record.model_validate_json(path.read_text()), notebook, ROOT / "src" / "helpers")
    for text in (json.dumps(kept, ensure_ascii=False), record.model_dump_json()):
        assert not [word for word in (*secret, "image/png", "image/svg", "iVBORw0KGgo") if word in text]
    assert record.runs[0]["model"] == "xception_mini"
    assert record.runs[0]["test_top1"]["n"] == 6
    cell = next(cell for cell in notebook["cells"] if cell.get("id") == "controls")
    kinds = [set(output["data"]) for output in cell["outputs"]]
    assert {"application/vnd.jupyter.widget-view+json", "text/plain"} in kinds
    assert {"image/svg+xml", "text/plain"} in kinds
