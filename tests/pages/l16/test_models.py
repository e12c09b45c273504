"""Backbones at hand, candidates, maps and controls, on the small shipped models."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.special import softmax

from helpers.data import Dataset, Split
from helpers.measure.accuracy import Estimate
from helpers.measure.learning_curve import Forecast
from helpers.models import pretrained as pre
from helpers.pages.l16 import backbones as bb
from helpers.pages.l16 import controls, maps, pictures, report, trust
from helpers.pages.l16.explainer import explainer, offered


def made_up_data(size=64):
    def split(n, seed):
        rng = np.random.default_rng(seed)
        labels = np.arange(n, dtype=np.int64) % 3
        images = rng.integers(0, 90, (n, size, size, 3), dtype=np.uint8)
        images[np.arange(n), :, :, labels] += 120  # a colour a class
        return Split(images, labels, tuple(map(str, range(n))))

    return Dataset("folders", ("a", "b$", "c"), split(12, 0), split(6, 1), split(9, 2), size, "f" * 64, {})


@pytest.fixture(scope="module")
def data():
    return made_up_data()


@pytest.fixture(params=["xception_mini", "vit_mini"])
def asked(request, data, tmp_path, monkeypatch):
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path))
    return bb.ask(request.param, "shipped", data)


# ---- what is at hand -------------------------------------------------------------------------------------------------


def test_without_the_wheel_one_line_says_so(monkeypatch):
    monkeypatch.setattr("helpers.models.pretrained.package.files", lambda name: [])
    found, without = bb.at_hand(["efficientnet_lite0", "vit_mini"], "no", None)
    assert found == {"vit_mini": "photographs"}
    assert bb.at_hand(["vit_mini"], "no", None, photographs=False)[0] == {"vit_mini": "shipped"}
    assert "pip install" in without["efficientnet_lite0"]
    with pytest.raises(ValueError, match=r"backbones: none of them is at hand.*pip install"):
        bb.at_hand(["efficientnet_lite0"], "no", None)


def test_hub_models_are_taken_from_the_cache_a_folder_or_the_internet_as_asked(monkeypatch, tmp_path):
    name = "legacy_xception"
    assert set(bb.at_hand([name, "vit_mini"], "no", None)[1]) == {name}
    assert bb.at_hand([name], "download", None)[0] == {name: "hub"}
    monkeypatch.setattr(bb, "is_here", lambda timm_name: timm_name == "legacy_xception.tf_in1k")
    assert bb.at_hand([name], "cached", None)[0] == {name: "hub"}
    assert set(bb.at_hand(["vit_base_patch16_224.orig_in21k", "vit_mini"], "cached", None)[0]) == {"vit_mini"}
    (tmp_path / f"{name}.safetensors").touch()
    assert bb.at_hand([name], "no", str(tmp_path))[0] == {name: str(tmp_path)}


def test_the_plan_says_how_long_asking_takes():
    rows = bb.plan({"xception_mini": "shipped", "vit_mini": "/a/folder"}, 100_000)
    assert [(row["backbone"], row["learned from"], row["image (px)"]) for row in rows] == [
        ("xception_mini", "drawn pictures", 64),
        ("vit_mini", "unknown", 64),
    ]
    assert min(row["seconds to expect"] for row in rows) > 1


def test_every_kind_of_weights_has_its_origin_and_terms():
    assert set(report.LEARNED) == {*pre.WEIGHTS, "folder"} - {"none"}
    assert {kind for kind, (_, terms) in report.LEARNED.items() if "research" in terms} == {
        "hub",
        "package",
        "photographs",
    }


def test_what_was_not_tried_is_said_once_with_the_weight_of_the_download(monkeypatch):
    monkeypatch.setattr("helpers.models.pretrained.package.files", lambda name: [])
    monkeypatch.setattr(bb, "is_here", lambda timm_name: False)
    names = ["efficientnet_lite0", "legacy_xception", "deit_small_patch16_224", "vit_mini"]
    told = bb.not_tried(bb.at_hand(names, "cached", None)[1])
    assert len(told) == 2
    assert told[0].startswith("not tried: efficientnet_lite0 (")
    assert told[1] == "not tried: legacy_xception, deit_small_patch16_224; -p hub download fetches 0.2 GB, once"
    assert bb.not_tried({}) == []


# ---- candidates ------------------------------------------------------------------------------------------------------


def test_a_model_with_the_probe_as_its_head_answers_as_the_probe(asked, data):
    probe, candidate = bb.probe_candidate(asked, data, "shipped")
    whole = bb.with_head(bb.copied(asked.ready), probe)
    logits = bb.logits_of(whole, data.test.images)
    assert np.allclose(logits, candidate.test, atol=0.05)  # features were kept as float16
    assert (candidate.test.argmax(1) == data.test.labels).mean() > 0.6
    assert not np.allclose(bb.logits_of(asked.ready, data.test.images), logits, atol=0.05), "a copy was changed"
    assert candidate.macs == asked.macs > 1e6


def test_training_on_leaves_the_probes_model_alone(asked, data):
    probe, candidate = bb.probe_candidate(asked, data, "shipped")
    probed = bb.with_head(bb.copied(asked.ready), probe)
    before = {key: tensor.clone() for key, tensor in probed.model.state_dict().items()}
    ready, history, more = bb.top_candidate(bb.copied(probed), candidate, data, 2, 1e-3, 1)  # 12 photographs: a step
    assert all(torch.equal(before[key], tensor) for key, tensor in probed.model.state_dict().items())
    assert history.steps == 2
    assert more.tuning == "top10"
    assert more.seconds > candidate.seconds
    assert np.allclose(bb.logits_of(ready, data.test.images), more.test, atol=1e-4)
    changed = {key for key, tensor in ready.model.state_dict().items() if not torch.equal(before[key], tensor)}
    assert 0 < len(changed) < len(before) / 2


def candidate(logits, name="vit_mini", tuning="probe", val=None):
    val = logits if val is None else val
    return report.Candidate(name, tuning, "shipped", val, logits, 1.5, 0.01, 10**6, 300, "eager")


def test_the_choice_is_made_on_validation_and_ties_go_to_the_likelier():
    labels = np.arange(12) % 3
    right = np.eye(3)[labels] * 4
    half = right.copy()
    half[:6] = half[:6][:, [1, 2, 0]]
    bad_on_test = candidate(half, val=right)
    good_on_test = candidate(right, "xception_mini", val=half)
    assert report.best_of([good_on_test, bad_on_test], labels) is bad_on_test
    less_sure = candidate(right / 4, "xception_mini")
    assert report.best_of([less_sure, candidate(right)], labels).backbone == "vit_mini"


def test_the_decision_is_paired_and_its_table_names_what_cannot_be_told_apart():
    labels = np.arange(60) % 3
    right = np.eye(3)[labels] * 4
    wrong = np.roll(right, 1, axis=1)
    nearly = right.copy()
    nearly[0] = wrong[0]
    best, second, last = candidate(right), candidate(nearly, tuning="top10"), candidate(wrong, "xception_mini")
    rows = report.decision_rows([best, second, last], best, labels, labels)
    assert rows[0]["behind"] is None
    assert rows[1]["behind"].value == pytest.approx(1 / 60)
    assert rows[2]["behind"].low > 0.9
    told = report.verdict(rows, 60)
    assert told.endswith("cannot tell it from vit_mini top10.")
    assert "xception" not in told
    assert "cheapest" not in told
    table = report.decision_table(rows)
    assert table[0]["the chosen one is better by"] == "– (chosen)"
    assert table[1]["ms a picture"] == 10
    assert table[1]["terms of its weights"] == "CC BY 4.0"
    record = report.record_rows(rows, 3)
    assert [row["chosen"] for row in record] == [True, False, False]
    assert record[2]["chosen_minus_this_top1_difference"]["value"] == 1.0


def test_a_threshold_leaves_pictures_to_a_person():
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.3, 0.7]])
    share, accuracy = report.answered(shares, np.array([0, 1, 1]), 0.65)
    assert (share, accuracy.value) == (pytest.approx(2 / 3), 1.0)
    assert report.answered(shares, np.array([0, 1, 1]), 0.95) == (0.0, None)
    rows = report.coverage(shares, np.array([0, 1, 1]))
    assert rows[0] == (0.0, 1.0, pytest.approx(2 / 3))
    assert rows[-1][0] == pytest.approx(0.9)


def test_thresholds_stand_in_a_table_with_n():
    rows = report.threshold_rows(np.array([[0.92, 0.08], [0.6, 0.4], [0.25, 0.75]]), np.array([0, 1, 1]))
    assert [row["answered"] for row in rows] == [3, 2, 1, 1, 0]
    assert {row["of"] for row in rows} == {3}
    assert rows[0]["right, of those"].startswith("66.7")
    assert rows[-1]["right, of those"] is None


def test_classes_stand_worst_first_with_what_they_were_taken_for():
    labels = np.array([0, 0, 1, 1, 1, 2])
    rows = report.class_rows(np.array([0, 0, 2, 2, 1, 0]), labels, ("a", "b|", "c"))
    assert [(row["class"], row["right"], row["of"], row["taken for"]) for row in rows] == [
        ("c", 0, 1, "a (1)"),
        ("b\\|", 1, 3, "c (2)"),
        ("a", 2, 2, None),
    ]
    assert len(report.class_rows(labels, labels, ("a", "b", "c"), most=2)) == 2


def test_the_score_is_said_without_what_is_doubtful():
    right = np.array([True] * 8 + [False] * 2)
    told = report.without(right, {"stand in two classes": ~right, "have a twin": np.zeros(10, dtype=bool)})
    assert len(told) == 1
    assert told[0].startswith("Without the 2 test photographs that stand in two classes: 100.0")
    assert told[0].endswith("n = 8.")
    assert report.without(right, {"are all": np.ones(10, dtype=bool)}) == []


@pytest.mark.parametrize(("right", "word"), [(57, "yes"), (25, "not shown")])
def test_the_verdict_is_against_chance_and_names_what_was_not_tried(right, word):
    labels = np.arange(60) % 3
    logits = np.eye(3)[np.where(np.arange(60) < right, labels, (labels + 1) % 3)]
    (row,) = report.decision_rows([one := candidate(logits)], one, labels, labels)
    told = report.last_word(row, labels, ["vit_mini", "legacy_xception"], {"legacy_xception": "no"}, 1)
    answers = [line["answer"] for line in told]
    assert answers[0].startswith(f"{word}: {100 * right / 60:.1f}")
    assert "against 33.3" in answers[0]
    assert answers[1] == "vit_mini probe; terms of its weights: CC BY 4.0; 1 of 2 backbones were not tried"
    assert answers[2].endswith("`-p seed 2`")
    assert "not tried" not in report.last_word(row, labels, ["vit_mini"], {}, 1)[1]["answer"]
    worst = report.class_rows(logits.argmax(1), labels, ("a", "b", "c"))[0]
    last = report.doubts(worst, "Fine.", {"are in two classes": 2, "have a twin": 0})
    assert last["answer"] == (
        f"2 test photographs are in two classes; the class {worst['class']}: {worst['right']} of 20 right; fine."
    )


def test_how_coarse_a_test_list_is():
    few, many = report.resolution(20), report.resolution(2000)
    assert few.startswith("20 test photographs")
    assert "89 to 91 %" in many
    assert "89 to 91 %" not in few


# ---- where it looks, and the controls --------------------------------------------------------------------------------


def test_maps_of_the_offered_layers(asked, data):
    layers = maps.map_layers(asked.ready)
    assert len(layers) >= 2
    for layer in layers:
        heat = maps.maps(asked.ready, data.test.images[:2], data.test.labels[:2], layer)
        assert heat.shape[0] == 2
        assert 0 <= heat.min() <= heat.max() <= 1
    sides = [maps.maps(asked.ready, data.test.images[:1], data.test.labels[:1], layer).shape[-1] for layer in layers]
    assert sides == sorted(sides, reverse=True)


def test_the_figure_follows_each_control_and_nothing_waits_for_a_click(monkeypatch, data):
    shown, updated, drawn = [], [], []

    class Handle:
        def update(self, figure):
            updated.append(figure)

    def display(thing, display_id=None):
        shown.append(thing)
        return Handle() if display_id else None

    def draw(**state):
        drawn.append(state)
        return plt.figure()

    monkeypatch.setattr(controls, "display", display)
    made = controls.Controls(draw, ["dog", "cat"], {"one": ["fine", "coarse"], "two": ["first", "last"]}, 0.5)
    made.show()
    assert isinstance(shown[1], Figure)
    assert drawn == [{"picture": 0, "backbone": "one", "layer": "coarse", "threshold": 0.5}]
    made.picture.value = 1
    made.layer.value = "fine"
    made.threshold.value = 0.8
    made.backbone.value = "two"
    assert drawn[1:] == [
        {"picture": 1, "backbone": "one", "layer": "coarse", "threshold": 0.5},
        {"picture": 1, "backbone": "one", "layer": "fine", "threshold": 0.5},
        {"picture": 1, "backbone": "one", "layer": "fine", "threshold": 0.8},
        {"picture": 1, "backbone": "two", "layer": "last", "threshold": 0.8},
    ]
    assert len(updated) == 4
    made.layer.value = "first"
    assert drawn[-1]["layer"] == "first"
    assert not plt.get_fignums()


def test_the_controls_offer_the_chosen_model_and_probabilities_with_a_temperature():
    labels = np.arange(12) % 3
    first, other = candidate(np.eye(3)[labels] * 9), candidate(np.eye(3)[labels] * 3, "xception_mini")
    top = candidate(np.eye(3)[labels] * 5, tuning="top10")
    models, shares = offered([first, other, top], top, "tuned", {"vit_mini": "v", "xception_mini": "x"}, labels)
    assert models == {"vit_mini": "tuned", "xception_mini": "x"}
    assert list(models) == list(shares)
    expected = softmax(top.test / trust.fit_temperature(top.val, labels), axis=1)
    assert np.allclose(shares["vit_mini"], expected)
    assert offered([first, other, top], first, "chosen", {"xception_mini": "x"}, labels)[0]["vit_mini"] == "chosen"


def test_the_thresholds_axis_begins_where_photographs_are(data):
    sure, unsure = np.array([[0.97, 0.03], [0.99, 0.01]]), np.full((2, 5), 0.2)
    for shares, start in ((sure, 50), (unsure, 20)):
        rows = report.coverage(shares, np.zeros(2, dtype=int))
        figure = pictures.explained(data.test.images[0], np.ones((2, 2)), "a", "black", rows, 0.7)
        assert figure.axes[2].get_xlim()[0] == pytest.approx(start)
        plt.close(figure)


def test_the_explained_picture_says_when_a_person_should_look(asked, data):
    shares = np.tile([0.6, 0.3, 0.1], (len(data.test), 1))
    draw = explainer({"m": asked.ready}, {"m": data.test}, {"m": shares}, data.class_names)
    layer = maps.map_layers(asked.ready)[-1]
    titles = []
    for threshold in (0.5, 0.7):
        figure = draw(picture=1, backbone="m", layer=layer, threshold=threshold)
        titles.append(figure.axes[0].get_title(plt.rcParams["axes.titlelocation"]))
        plt.close(figure)
    assert titles[0] == "a 60 %\nis: b\\$"
    assert titles[1].startswith(titles[0])
    assert "ask a person" in titles[1]


def test_a_threshold_helps_only_where_it_leaves_more_right_answers():
    labels = np.array([0, 0, 1, 1])
    known = np.array([[0.99, 0.01], [0.99, 0.01], [0.01, 0.99], [0.6, 0.4]])
    assert "75.0 %; the best threshold leaves 100.0 %" in report.threshold_text(known, labels)
    blind = np.array([[0.99, 0.01], [0.6, 0.4], [0.4, 0.6], [0.99, 0.01]])
    assert "no threshold is better: here none helps" in report.threshold_text(blind, labels)


def test_a_family_that_was_not_tried_on_photographs_is_named():
    def tried(*pairs):
        return [SimpleNamespace(backbone=name, weights=weights) for name, weights in pairs]

    cnn, drawn = ("efficientnet_lite0", "package"), ("vit_mini", "shipped")
    assert report.families_text(tried(cnn, drawn)).startswith("No ViT pre-trained on photographs was tried")
    assert report.families_text(tried(cnn, ("deit_small_patch16_224", "hub"))) == ""
    assert "No CNN and no ViT" in report.families_text(tried(drawn))


def test_a_gain_that_is_smaller_than_the_error_of_the_check_is_no_reason():
    wide = Estimate(0.9, 0.8, 0.95, 40, "test sampling")
    small = Forecast(20, 10, Estimate(0.013, 0.002, 0.02, 40, "both"), 0.882, wide)
    assert report.LOST_IN_ERROR in report.forecast_text(small)
    large = Forecast(20, 10, Estimate(0.05, 0.02, 0.08, 40, "both"), 0.882, wide)
    assert report.LOST_IN_ERROR not in report.forecast_text(large)
