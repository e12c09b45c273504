"""Lab 08 with made-up answers: every combination of models, tunings, control and seeds ends with a valid record.

The notebook's own cells run here, in one process and without training: `fit` and `predict` give made-up numbers.
"""

import json
from itertools import combinations, product
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.data import Dataset, Split
from helpers.models.pretrained import saved
from helpers.parameters import lab_defaults, lab_parameters
from helpers.records import Record, writing
from helpers.training import EpochRow, History

LAB = Path(__file__).parents[2] / "labs" / "08_xception_vs_vit.ipynb"
CELLS = {
    cell["id"]: "".join(cell["source"]) for cell in json.loads(LAB.read_text())["cells"] if cell["cell_type"] == "code"
}
NAMES = ("pa$$", "a|b*", "柴犬 🐕")


def some(items):
    return [list(chosen) for n in range(1, len(items) + 1) for chosen in combinations(items, n)]


GRID = list(product(some(["xception_mini", "vit_mini"]), some(["probe", "top10", "full"]), [True, False], [1, 2]))


def made_up_data(n_val=6, **_):
    def split(part, n):
        rng = np.random.default_rng(n)
        labels = np.arange(n, dtype=np.int64) % len(NAMES)
        images = rng.integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)
        return Split(images, labels, tuple(f"{part}/{NAMES[k]}/{i}.jpg" for i, k in enumerate(labels)))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    parts = split("train", 12), split("val", n_val), split("test", 9)
    return Dataset("breeds", NAMES, *parts, 64, "f" * 64, where)


def made_up_history(epochs, val):
    evaluation = {"val_top1": 0.4} if val else {}
    rows = [EpochRow(k + 1, k + 1, 1.0 / (k + 1), 0.5, 1e-3, 1.0, evaluation) for k in range(epochs)]
    return History(
        epochs=rows, steps=epochs, seconds=dict.fromkeys(("data", "training", "evaluation", "checkpoints"), 1)
    )


class Lab:
    """The cells of the notebook, run in one namespace, up to a name and on from there."""

    def __init__(self, monkeypatch, course, answers="some right", n_val=6, figures=False, **passed):
        monkeypatch.chdir(course)
        monkeypatch.setattr(writing, "running_source_sha256", lambda: "0" * 64)
        monkeypatch.setattr(writing, "used_modules", dict)  # the sources of the package, parsed anew for every record
        monkeypatch.setattr(writing, "uncommitted_files", lambda root: [])
        monkeypatch.setattr(writing, "code_version", lambda: "1+abc")
        injected = "# Parameters\n" + "".join(f"{name} = {value!r}\n" for name, value in passed.items())
        self.now: dict = {}
        self.answers, self.rng = answers, np.random.default_rng(0)
        self.run("imports", "imports-course", "parameters")
        self.now |= passed
        history = [CELLS["parameters"], injected]
        self.now["lab_parameters"] = lambda namespace, **choices: lab_parameters(namespace, history, **choices)
        self.now["lab_defaults"] = lambda: lab_defaults(history)
        self.now["load_dataset"] = lambda name, **options: made_up_data(n_val)
        self.now["fit"] = lambda *_, **__: made_up_history(self.now["epochs"], n_val)
        self.now["predict"] = self.predict
        self.now["top1_of"] = lambda *_: 0.5
        self.now["estimate_seconds"] = lambda *_: 60.0
        self.now["training_step_macs"] = lambda *_: 10**6
        self.models: dict = {}
        if not figures:
            self.now["pictures"] = self.now["figures"] = SimpleNamespace(
                **dict.fromkeys(
                    ["contact_sheet", "accuracy_bars", "learning_curves", "time_split"], lambda *_, **__: None
                ),
                **dict.fromkeys(["confused_pairs", "prediction_gallery", "single"], lambda *_, **__: None),
            )

    def predict(self, model, batches, precision):
        labels = (batches.labels if hasattr(batches, "labels") else batches._labels).numpy()
        logits = self.rng.standard_normal((len(labels), len(NAMES))).astype(np.float32)
        right = {"all right": 1.0, "all wrong": 0.0, "some right": 0.6}[self.answers]
        for row, label in zip(logits, labels, strict=True):
            row[label] = 9 if self.rng.random() < right else -9
        return logits

    def run(self, *names):
        for name in names:
            exec(compile(CELLS[name], name, "exec"), self.now)

    def finish(self) -> Record:
        names = list(CELLS)
        self.run(*names[names.index("derived") : names.index("cost")])
        prepare, built = self.now["prepare"], self.models

        def once(model, tuning, seed):  # building a network takes longer than all the rest
            if (model, tuning) not in built:
                built[model, tuning] = prepare(model, tuning, seed)
            return built[model, tuning]

        self.now["prepare"] = once
        self.run(*names[names.index("cost") :])
        plt.close("all")
        return Record.model_validate_json(self.now["path"].read_text())


@pytest.fixture
def course(tmp_path):
    (tmp_path / "labs").mkdir()
    (tmp_path / "_toc.yml").write_text("root: intro\n")
    return tmp_path


def passed(models, tunings, control, seeds):
    return {"edition": "smoke", "models": models, "tunings": tunings, "scratch_control": control, "seeds": seeds}


@pytest.mark.slow
def test_every_combination_ends_with_a_record(monkeypatch, course):
    built: dict = {}
    for models, tunings, control, seeds in GRID:
        lab = Lab(monkeypatch, course, **passed(models, tunings, control, seeds), epochs=1)
        lab.models = built
        record = lab.finish()
        parts = tunings + (["scratch"] if control else [])
        cells = [(row["model"], row["tuning"]) for row in record.summary["cells"]]
        assert cells == list(product(models, parts))
        assert [(row["model"], row["tuning"], row["seed"]) for row in record.runs] == [
            (*cell, seed) for cell in cells for seed in range(seeds)
        ]
        assert len(record.summary["mcnemar"]) == seeds * len(record.summary["differences"])
        assert ("scratch control" in record.skipped) is not control


@pytest.mark.slow
@pytest.mark.parametrize("answers", ["all right", "all wrong", "some right"])
@pytest.mark.parametrize("n_val", [0, 6])
def test_every_cell_draws_whatever_the_answers(monkeypatch, course, answers, n_val):
    one = passed(["vit_mini"], ["top10"], False, 1)
    record = Lab(monkeypatch, course, answers, n_val, figures=True, **one, epochs=2).finish()
    assert len(record.runs) == 1
    record = Lab(monkeypatch, course, answers, n_val, figures=True, **passed(["vit_mini"], ["full"], True, 2)).finish()
    assert len(record.runs) == 4


def test_a_run_with_other_parameters_is_not_held_to_the_figures_of_the_edition(monkeypatch, course):
    """The defaults are the cpu edition, so `-p epochs 1` alone is a cpu run too, and chance is all it reaches."""
    Lab(monkeypatch, course, "all wrong", epochs=1).finish()
    with pytest.raises(AssertionError, match="too hard or too easy"):
        Lab(monkeypatch, course, "all wrong").finish()


def test_pieces_put_together_give_the_record_of_the_whole(monkeypatch, course):
    small = passed(["xception_mini", "vit_mini"], ["top10"], False, 2)
    whole = Lab(monkeypatch, course, **small).finish()
    for name in ("xception_mini/top10/0", "xception_mini/top10/1", "vit_mini/top10/0", "vit_mini/top10/1"):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{abs(hash(name)) % 0xFFFFFF:06x}")
        lab = Lab(monkeypatch, course, **small, piece=name)
        record = lab.finish()
        lab.now["path"].with_name("notebook.ipynb").write_text("{}")  # `make lab` puts it there when the run has ended
        assert ["/".join(map(str, (r["model"], r["tuning"], r["seed"]))) for r in record.runs] == [name]
        assert len(record.runs[0]["predictions"]) == 9
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    gathered = Lab(monkeypatch, course, **small, piece="gathered")
    gathered.now["fit"] = None  # nothing is trained
    record = gathered.finish()
    assert [list(row) for row in record.runs] == [list(row) for row in whole.runs]
    assert [row["comparison"] for row in record.summary["mcnemar"]] == [
        r["comparison"] for r in whole.summary["mcnemar"]
    ]
    assert len(record.pieces) == 4


def test_a_piece_that_is_not_in_the_grid_is_refused_before_any_work(monkeypatch, course):
    lab = Lab(monkeypatch, course, piece="vit_mini/full/7")
    with pytest.raises(
        ValueError, match=r"piece: expected gathered, or one of xception_mini/top10/0.*got 'vit_mini/full/7'"
    ):
        lab.run("derived")


def test_only_the_folders_of_this_run_are_removed(monkeypatch, course):
    lab = Lab(monkeypatch, course, **passed(["vit_mini"], ["probe"], False, 2))
    others = course / "_build" / "checkpoints" / "smoke" / "08_xception_vs_vit" / "vit_mini-full-0-another"

    def fit(*_, checkpoint_dir, **__):
        checkpoint_dir.mkdir(parents=True)
        return made_up_history(1, True)

    others.mkdir(parents=True)
    lab.now["fit"] = fit
    lab.finish()
    assert [path.name for path in others.parent.iterdir()] == [others.name]


def test_the_chosen_model_is_kept_and_of_pieces_none_is(monkeypatch, course):
    lab = Lab(monkeypatch, course, **passed(["xception_mini", "vit_mini"], ["probe"], False, 1))
    record = lab.finish()
    (folder,) = (course / "_build" / "models").iterdir()
    model = saved.load(folder)
    assert model.class_names == NAMES
    kept = next(row for row in record.runs if row["model"] == model.ready.name)
    assert model.card["accuracy"] == kept["test_top1"]
    assert model.card["data"] == {"fingerprint": record.data.fingerprint}
    lab.now["best"], lab.now["ready"] = {"ready": None}, None
    lab.now["skipped"]["probabilities, your own picture"] = "gathered"
    lab.run("keep")
    assert len(list((course / "_build" / "models").iterdir())) == 1


def test_checkpoints_in_a_folder_of_ones_own_are_kept(monkeypatch, course):
    lab = Lab(monkeypatch, course, **passed(["vit_mini"], ["probe"], False, 1), output_dir=str(course / "mine"))
    lab.now["fit"] = lambda *_, checkpoint_dir, **__: checkpoint_dir.mkdir(parents=True) or made_up_history(1, True)
    lab.finish()
    assert len(list((course / "mine").iterdir())) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"picture": "no/such.jpg"}, "such.jpg|'no'"),
        ({"picture": str(LAB)}, "08_xception_vs_vit.ipynb"),
        ({"output_dir": str(LAB / "ck")}, "output_dir: expected a folder that can be written to"),
        ({"weights": "no/such/folder"}, "weights"),
        ({"dataset": "cats"}, "dataset: expected one of breeds, stanford_dogs, folders, got 'cats'"),
        ({"learning_rates": {"full": 0.001}}, "learning_rates: expected a rate for top10, full, got none for top10"),
        ({"learning_rates": {"top10": 0.001}, "tunings": "top10"}, "scratch control trains everything, at the rate"),
        ({"learning_rates": {"top1O": 0.1}}, "learning_rates: expected some of probe, top10, full, got top1O"),
        ({"breeds": {"n_train": 4}}, "breeds: expected some of n_train_per_class, n_val_per_class, .* got n_train"),
        ({"label_smoothing": 1.5}, "label_smoothing: expected a number in"),
        ({"layer_decay": 2}, "layer_decay: expected None or in"),
        ({"checkpoint_every_s": 0}, "checkpoint_every_s: expected None or a number > 0"),
        ({"image_size": 60}, "image_size 60 is not a multiple of patch_size 8"),
        ({"edition": "mine"}, "edition: expected one of smoke, cpu, gpu, got 'mine'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_parameter_stops_the_lab_before_any_picture_is_read(monkeypatch, course, wrong, message):
    lab = Lab(monkeypatch, course, **wrong)
    with pytest.raises(ValueError, match=message):
        lab.run("derived")


def test_training_batches_are_shared_out_and_evaluation_batches_are_not(monkeypatch, course):
    lab = Lab(monkeypatch, course, **passed(["vit_mini"], ["probe"], False, 1))
    names = list(CELLS)
    lab.run(*names[names.index("derived") : names.index("batches")])
    lab.now["process"] = SimpleNamespace(process_index=1, num_processes=2)
    lab.run(*names[names.index("batches") : names.index("cost")])
    ready, _, _ = lab.now["prepare"]("vit_mini", "probe", 0)
    train = lab.now["batches_of"](ready, lab.now["data"].train, train=True)
    assert (train.rank, train.world_size) == (1, 2)
    whole = lab.now["batches_of"](ready, lab.now["data"].test)
    assert (whole.rank, whole.world_size, whole.shuffle, whole.augmentation) == (0, 1, False, None)
