"""Lab 10: what an augmentation does to a batch, what is trained, verdicts, sentences, figures."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.pages.l10 import figures, report, says, study
from helpers.pages.l10.augmented import Augmented
from helpers.pages.l10.headline import headline
from helpers.pages.l10.methods import ARMS, BASE, CNN, MODELS, PLAIN, STATEMENTS, VIT

LABELS = np.arange(400) % 4
GREY = (0.5, 0.5, 0.5)
PARAMETERS = {
    "edition": "smoke",
    "dataset": "breeds",
    "start": "scratch",
    "arms": list(ARMS),
    "seeds": 2,
    "epochs": 2,
    "image_size": 32,
    "batch_size": 12,
    "learning_rate": 0.001,
    "label_smoothing": 0.0,
    "train_fraction": 1.0,
    "breeds": {"n_train_per_class": 1, "n_val_per_class": 0, "n_test_per_class": 1, "difficulty": 0.0},
    "piece": None,
}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def drawn():
    return load_dataset("breeds", image_size=32, **PARAMETERS["breeds"])


def changed(arm, images, labels, seed=0):
    torch.manual_seed(seed)
    return Augmented(arm, 4, GREY, GREY).changed(images, labels)


@pytest.mark.parametrize("arm", ARMS)
def test_a_batch_keeps_its_shape_and_its_range_and_repeats_itself(arm):
    images, labels = torch.rand(8, 3, 16, 16) * 2 - 1, torch.arange(8) % 4
    before = images.clone()
    found, targets = changed(arm, images, labels)
    assert torch.equal(images, before)  # the caller's batch is left alone
    assert found.shape == images.shape
    assert found.abs().max() <= 1.01
    assert targets.shape == ((8, 4) if arm in ("mixup", "cutmix") else (8,))
    again, _ = changed(arm, images, labels)
    assert torch.equal(found, again)
    assert torch.equal(found, images) is (arm in (PLAIN, BASE))


def test_labels_are_mixed_by_the_share_of_the_picture():
    images = torch.stack([torch.full((3, 16, 16), value) for value in (-1.0, 1.0)])
    labels = torch.tensor([0, 1])
    for arm in ("mixup", "cutmix"):
        found, shares = changed(arm, images, labels, seed=3)
        first = (1 - found.mean((1, 2, 3))) / 2  # how much of the black picture is in each
        torch.testing.assert_close(shares[:, 0], first, atol=1e-5, rtol=0)
        assert 0 < shares[0, 0] < 1
    found, _ = changed("cutmix", images, labels, seed=3)
    assert set(found.unique().tolist()) == {-1.0, 1.0}


def test_erasing_leaves_the_mean_and_some_pictures_whole():
    images = torch.ones(200, 3, 16, 16)
    found, _ = changed("erasing", images, torch.zeros(200, dtype=torch.long))
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert 0.15 < (found == 0).flatten(1).any(1).float().mean() < 0.35


def test_a_step_sums_its_loss_and_counts_the_own_class():
    class Says(torch.nn.Module):
        def forward(self, images):
            return torch.zeros(len(images), 4).index_fill(1, torch.tensor([2]), 5.0).requires_grad_()

    images, labels = torch.rand(6, 3, 8, 8), torch.tensor([2, 2, 0, 1, 2, 3])
    loss, right, count = Augmented(PLAIN, 4, GREY, GREY)(Says(), (images, labels))
    assert (int(right), count) == (3, 6)
    expected = torch.nn.functional.cross_entropy(Says()(images), labels, reduction="sum")
    torch.testing.assert_close(loss, expected)
    with pytest.raises(ValueError, match="arm: expected one of none, flip_crop"):
        Augmented("blur", 4, GREY, GREY)


def test_one_run_answers_every_image_and_says_how_sure_it_is(drawn, tmp_path):
    row = study.run_one("cutmix", VIT, 0, drawn, PARAMETERS, tmp_path)
    assert row["images_seen"] == 2 * len(drawn.train)
    assert len(row["predictions"]) == len(row["confidences"]) == len(drawn.test)
    assert 0 < min(row["confidences"]) <= max(row["confidences"]) <= 1
    json.dumps(row)


def test_without_augmentation_every_look_is_the_same(drawn):
    built = study.build(CNN, drawn, PARAMETERS, 0)
    for augment, same in ((False, True), (True, False)):
        batches = study.batches_of(drawn.train, built, PARAMETERS, augment)
        looks = [torch.cat([images for images, _ in batches.epoch(epoch)]).sort(0).values for epoch in (0, 1)]
        assert torch.equal(*looks) is same


def test_examples_show_the_same_pictures_in_every_row(drawn):
    found = study.examples(drawn, PARAMETERS, rows=2)
    assert list(found) == list(ARMS)
    assert np.array_equal(found[PLAIN], drawn.train.images[[0, -1]])
    assert all(images.shape == (2, 32, 32, 3) for images in found.values())
    assert len(figures.examples(found).axes) == 2 * len(ARMS)


def test_wrong_settings_are_refused_before_any_work():
    with pytest.raises(ValueError, match="image_size: expected a multiple of 8"):
        study.check(PARAMETERS | {"image_size": 30})
    with pytest.raises(ValueError, match="learning_rate"):
        study.check(PARAMETERS | {"learning_rate": -1.0})


def run(arm, model, seed, right, sure=0.9, train=1.0):
    named = np.where(np.roll(np.arange(400) < right, 7 * seed), LABELS, (LABELS + 1) % 4)
    row = {"arm": arm, "model": model, "seed": seed, "predictions": named.tolist(), "confidences": [sure] * 400}
    return row | {"train_top1": train, "images_seen": 10, "steps": 5, "fit_s": 1.0}


RIGHT = {
    (PLAIN, CNN): 200, (BASE, CNN): 260, ("mixup", CNN): 262, (PLAIN, VIT): 120, (BASE, VIT): 240,
    ("rand", VIT): 200, ("mixup", VIT): 241, ("cutmix", VIT): 240, ("erasing", VIT): 290,
}  # fmt: skip


@pytest.fixture(params=[1, 2])
def runs(request):
    return [run(*key, seed, right) for key, right in RIGHT.items() for seed in range(request.param)]


def test_verdicts_follow_from_the_answers(runs):
    found = {one.statement.text: one for one in report.findings(runs, LABELS)}
    assert len(found) == len(STATEMENTS)
    helps = found["mirror and crop help the ViT"]
    assert (helps.verdict, helps.as_expected) == ("holds", "as expected")
    assert helps.sum.value == pytest.approx(0.3)
    assert found["RandAugment on top helps the ViT"].verdict == "the opposite holds"
    assert found["RandAugment on top helps the ViT"].as_expected == "as expected"
    assert found["random erasing on top helps the ViT"].as_expected == "against it"
    assert found["CutMix on top helps the ViT"].as_expected == "open"
    assert found["mirror and crop help the ViT more than the CNN"].sum.value == pytest.approx(0.15)
    json.dumps([one.as_row() for one in found.values()])


def test_points_hold_training_test_and_calibration(runs):
    table = report.points(runs, LABELS)
    assert [(point.model, point.arm) for point in table][:2] == [(CNN, PLAIN), (CNN, BASE)]
    point = says.of(table, PLAIN, VIT)
    assert point.gap == pytest.approx(0.7)
    assert point.calibration.value == pytest.approx(0.6)  # 0.9 sure, 0.3 right
    assert (point.calibration.low is None) is (len({r["seed"] for r in runs}) > 1)
    with pytest.raises(ValueError, match="every run needs every seed"):
        report.points([*runs, run("rand", CNN, 5, 100)], LABELS)


def test_sentences_name_what_they_found(runs):
    table, found = report.points(runs, LABELS), report.findings(runs, LABELS)
    lines = says.says(table, found)
    assert "50 points apart" in lines[0]
    assert lines[1].endswith("points.")
    assert lines[2].startswith("**So the distance is no goal:** here it closed")
    assert "ViT-mini training +0.0 points, test +42.5" in lines[2]
    assert lines[3].startswith("**For whom?** ViT minus CNN")
    assert "9 of 9 are surer than right" in lines[4]
    assert "**4 as expected, 1 against, " in lines[5]
    answers = {row["question"]: row["this run"] for row in says.predictions(table, found)}
    assert answers["2. what helps the ViT on top"].startswith(
        "+ random erasing; the largest of 4 is + random erasing, +12.5"
    )
    assert "Xception-mini + Mixup 90 → 90 %; " in answers["3. how sure after mixing"]
    assert says.near_chance(table, 0.31) == ["ViT-mini, nothing"]
    told = headline(SimpleNamespace(summary={"findings": [f.as_row() for f in found], "says": lines}))
    assert f"Of {len(STATEMENTS)} statements" in told
    assert says.says([], []) == []
    both = "yes in 300 epochs: 2.2 points (a paper); our guess: no"
    assert says.expected_columns(both) == {
        "a source says": "yes in 300 epochs: 2.2 points (a paper)",
        "our guess": "no",
    }
    assert says.expected_columns("our guess: yes") == {"a source says": "–", "our guess": "yes"}


def test_figures_draw_each_point_and_refuse_nothing(runs):
    table = report.points(runs, LABELS)
    figure = figures.train_and_test(table, 0.25)
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(MODELS.values())
    names = figures.sure_and_right(table).axes[0].texts
    assert len(names) == len(table)
    heights = sorted(name.get_position()[1] for name in names)
    assert min(np.diff(heights)) > 1  # points, of confidence: no two names lie upon each other
    for draw in (
        lambda: figures.train_and_test([], 0.1),
        lambda: figures.sure_and_right([]),
        lambda: figures.examples({}),
    ):
        with pytest.raises(ValueError, match="a figure needs at least one"):
            draw()


def test_a_records_row_leaves_the_answers_out(runs):
    rows = report.record_rows(runs[:1], LABELS, keep_answers=False)
    assert "predictions" not in rows[0]
    assert "confidences" not in rows[0]
    assert rows[0]["test_top1"]["n"] == 400
    assert "predictions" in report.record_rows(runs[:1], LABELS, keep_answers=True)[0]
