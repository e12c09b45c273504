"""Lab 08's design: what a probe is trained with and what it costs, and where weights come from."""

import pytest

from helpers.models.pretrained import build_model, package, select_trainable
from helpers.pages.l08 import design, report

PARAMETERS = {
    "epochs": 4,
    "learning_rates": {"probe": 0.003, "top10": 0.001, "full": 0.001},
    "layer_decay": 0.75,
    "label_smoothing": 0.0,
    "precision": "auto",
    "compile_model": False,
    "checkpoint_every_s": 60,
}


def test_the_one_layer_of_a_probe_has_the_rate_of_the_head_and_no_decay_over_layers():
    probe = design.training_config(PARAMETERS, "vit_mini", "probe", 0)
    assert (probe.learning_rate, probe.layer_decay) == (0.003, None)
    assert design.training_config(PARAMETERS, "vit_mini", "top10", 0).layer_decay == 0.75


def test_a_probe_costs_less_than_a_step_that_runs_the_backbone_every_time():
    ready = build_model("xception_mini", 12, weights="none")
    select_trainable(ready, "probe")
    every_time = design.macs_per_image(ready, "top10", epochs=4)  # as it was counted before features were kept
    assert design.macs_per_image(ready, "probe", epochs=4) == pytest.approx(
        every_time / 2, rel=0.01
    )  # 2 views, 4 epochs


def test_each_kind_of_weights_is_named_once_with_what_is_known_of_its_terms():
    released = build_model("efficientnet_lite0", 3, weights="package").weights
    plan = [
        {"model": "efficientnet_lite0", "weights": released},
        {"model": "efficientnet_lite0", "weights": released},
        {"model": "efficientnet_lite0", "weights": {"kind": "none"}},
    ]
    first, fresh = report.weights_rows(plan)
    assert (first["weights"], first["file"], first["sha256"]) == ("package", package.FILE, package.SHA256[:12])
    for known in ("Apache 2.0", "unknown", "packager is not shown to be the trainer", "research and education"):
        assert known in first["terms"]
    assert (fresh["weights"], fresh["file"], fresh["terms"]) == ("fresh", None, None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"photographs_a_class": [5, 2]}, r"ascending numbers such as 1,2,5,10, got \[5, 2\]"),
        ({"val_fraction": 0.0}, "chosen on the validation part"),
    ],
)
def test_a_curve_that_could_not_be_drawn_is_refused_beforehand(changed, message):
    own = {"models": ["vit_mini"], "tunings": ["probe"], "weights": "none", "image_size": None, "dataset": "folders"}
    own |= {"scratch_control": False, "output_dir": None, "val_fraction": 0.1, "photographs_a_class": [1, 2, 5]}
    assert design.check(PARAMETERS | own) == {"vit_mini": 64}
    with pytest.raises(ValueError, match=message):
        design.check(PARAMETERS | own | changed)


@pytest.mark.parametrize(
    ("models", "tunings", "runs", "expected"),
    [
        (["xception_mini", "vit_mini"], ["top10", "full"], 12, 4),
        (["xception_mini"], ["full"], 1, 1),
        (["vit_mini"], ["probe", "full"], 4, 1),  # the store of its features is one process's own
        (["vit_mini", "deit_small_patch16_224"], ["full"], 4, 1),
    ],
)
def test_small_networks_are_trained_a_core_each_and_others_alone(monkeypatch, models, tunings, runs, expected):
    monkeypatch.setattr(design, "cores_for_trainings", lambda: 4)
    parameters = {"models": models, "tunings": tunings, "image_size": None}
    assert design.trainings_at_once(parameters, runs) == expected
