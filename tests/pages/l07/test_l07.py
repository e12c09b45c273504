"""Lab 7: nested sets, what is trained with which recipe, contrasts of accuracies, where two curves cross."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.data import load_dataset
from helpers.layers.drop_path import DropPath
from helpers.measure.accuracy import Estimate, paired_difference
from helpers.measure.contrast import contrast
from helpers.measure.findings import tally_line
from helpers.pages.l07 import figures, report, says, study
from helpers.pages.l07.headline import headline
from helpers.pages.l07.methods import ARMS, CNN, FEWEST, MODELS, MOST, STATEMENTS, VIT
from helpers.training.mixing import Mixed

LABELS = np.arange(400) % 4
PARAMETERS = {
    "edition": "smoke",
    "dataset": "breeds",
    "arms": list(ARMS),
    "sizes": [1, 3],
    "other_sizes": [1],
    "seeds": 2,
    "images": 36,
    "image_size": 32,
    "batch_size": 12,
    "learning_rate": 0.001,
    "label_smoothing": 0.1,
    "breeds": {"n_train_per_class": 3, "n_val_per_class": 0, "n_test_per_class": 2, "difficulty": 0.0},
    "piece": None,
}


@pytest.fixture(scope="module")
def drawn():
    return load_dataset("breeds", image_size=32, **PARAMETERS["breeds"])


def run(arm, model, size, seed, right):
    named = np.where(np.roll(np.arange(400) < right, 7 * seed), LABELS, (LABELS + 1) % 4)
    history = {"epochs": [{"train_accuracy": 0.2}, {"train_accuracy": 0.5}]}
    row = {"arm": arm, "model": model, "size": size, "seed": seed, "predictions": named.tolist(), "history": history}
    return row | {"train": 4 * size, "epochs": 2, "images_seen": 8 * size, "steps": 2 * size, "fit_s": 1.0}


def runs_of(rights, seeds=(0,)):
    """(arm, model, size) -> how many of 400 are right."""
    return [run(*key, seed, right) for key, right in rights.items() for seed in seeds]


CROSSING = {
    ("scratch", CNN, 5): 150,
    ("scratch", VIT, 5): 100,
    ("scratch", CNN, 50): 200,
    ("scratch", VIT, 50): 260,
    ("pretrained", CNN, 5): 170,
    ("pretrained", VIT, 5): 180,
}


def test_statements_speak_of_what_exists_and_sum_to_nothing():
    assert len({one.text for one in STATEMENTS}) == len(STATEMENTS)
    for one in STATEMENTS:
        assert sum(sign for sign, *_ in one.terms) == 0, "a difference, or one of differences"
        assert {arm for _, arm, _, _ in one.terms} <= set(ARMS)
        assert {model for _, _, model, _ in one.terms} <= set(MODELS)
        assert {end for *_, end in one.terms} <= {FEWEST, MOST}


def test_the_grid_runs_the_other_arms_at_the_other_sizes_alone():
    grid = study.grid(PARAMETERS)
    assert set(grid) == {f"scratch/{m}/{n}/{s}" for m in MODELS for n in (1, 3) for s in (0, 1)} | {
        f"{arm}/{m}/1/{s}" for arm in ("strong", "pretrained") for m in MODELS for s in (0, 1)
    }
    assert grid["strong/vit_mini/1/0"] == ("strong", VIT, 1, 0)


def test_the_smaller_set_lies_in_the_larger_and_seeds_draw_their_own(drawn):
    small, large, other = (study.some_of(drawn, n, seed) for n, seed in ((1, 0), (2, 0), (1, 1)))
    assert np.bincount(small.labels).tolist() == [1] * drawn.num_classes
    assert set(small.names) < set(large.names)
    assert set(small.names) != set(other.names)
    assert len(study.some_of(drawn, 99, 0).labels) == len(drawn.train.labels)


@pytest.mark.parametrize(("count", "passes"), [(12, 3), (36, 1), (100, 1), (24, 2)])
def test_the_budget_is_whole_passes(count, passes):
    assert study.epochs_of(PARAMETERS, count) == passes


def test_the_plan_says_when_steps_are_not_equal(drawn):
    plan = study.plan(PARAMETERS, drawn)
    assert [(row["images"], row["passes"], row["images seen"], row["steps"]) for row in plan] == [
        (12, 3, 36, 3),
        (36, 1, 36, 3),
    ]
    uneven = study.plan(PARAMETERS | {"batch_size": 8}, drawn)
    assert [row["steps"] for row in uneven] == [6, 5], "8 + 4 three times; 8, 8, 8, 8, 4"
    assert [row["images"] for row in study.plan(PARAMETERS | {"sizes": [1, 99]}, drawn)] == [12, 36]


def test_a_run_takes_the_steps_of_the_plan(drawn, tmp_path):
    for batch in (8, 12):
        parameters = PARAMETERS | {"batch_size": batch}
        for row in study.plan(parameters, drawn):
            folder = tmp_path / f"{batch}-{row['images']}"
            found = study.run_one("scratch", CNN, row["images a class"], 0, drawn, parameters, folder)
            assert (found["steps"], found["images_seen"]) == (row["steps"], row["images seen"])


@pytest.mark.parametrize("dataset", list(study.OTHER_PICTURES))
def test_the_cards_say_what_the_weights_have_learned_from(drawn, dataset):
    rows = study.networks(PARAMETERS | {"dataset": dataset}, drawn)
    assert [row["network"] for row in rows] == list(MODELS.values())
    same = [{key: row[key] for key in ("pre-trained on", "pictures", "classes", "looks", "px")} for row in rows]
    assert same[0] == same[1], "the same for both networks"
    assert same[0]["looks"] > same[0]["pictures"] > 1000
    assert all(row["parameters"] > 1e6 for row in rows)


def test_an_arm_changes_start_or_recipe_and_nothing_else(drawn):
    scratch, strong, pretrained = (study.build(arm, VIT, drawn, PARAMETERS, 0).model for arm in ARMS)
    rates = [block.drop_path.probability for block in strong.blocks]
    assert (rates[0], rates[-1]) == (0, study.DROP_PATH)
    assert rates == sorted(rates)
    assert all(block.drop_path.probability == 0 for block in scratch.blocks)
    weights = [model.state_dict() for model in (scratch, strong, pretrained)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert not torch.equal(weights[0]["patches.projection.weight"], weights[2]["patches.projection.weight"])
    assert isinstance(strong.blocks[-1].drop_path, DropPath)
    study.build("strong", CNN, drawn, PARAMETERS, 0)


def test_one_run_answers_every_test_image_and_is_the_same_again(drawn, tmp_path):
    first, again = (study.run_one("strong", VIT, 1, 0, drawn, PARAMETERS, tmp_path / name) for name in "ab")
    assert first["predictions"] == again["predictions"]
    assert len(first["predictions"]) == len(drawn.test)
    assert (first["train"], first["epochs"], first["images_seen"]) == (12, 3, 36)
    with pytest.raises(ValueError, match="arm: expected one of scratch"):
        study.run_one("weak", VIT, 1, 0, drawn, PARAMETERS, tmp_path)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sizes": [3, 1]}, "sizes: expected ascending"),
        ({"sizes": []}, "sizes: expected ascending"),
        ({"other_sizes": [2]}, "other_sizes: expected some of sizes"),
        ({"image_size": 30}, "image_size: expected a multiple of 8"),
        ({"learning_rate": 0.0}, "learning_rate"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(changes, words):
    with pytest.raises(ValueError, match=words):
        study.check(PARAMETERS | changes)


def test_a_folder_is_named_by_what_its_training_depends_on(drawn):
    own = study.folder_name("scratch", VIT, 3, 0, drawn, PARAMETERS)
    assert own == study.folder_name("scratch", VIT, 3, 0, drawn, PARAMETERS | {"sizes": [3], "seeds": 5})
    assert own != study.folder_name("scratch", VIT, 3, 0, drawn, PARAMETERS | {"images": 72})
    assert own != study.folder_name("strong", VIT, 3, 0, drawn, PARAMETERS)


def test_the_weights_of_the_other_arms_are_not_among_the_plans_looks(drawn):
    looks = {row["looks"] for row in study.networks(PARAMETERS, drawn)}
    assert min(looks) > 100 * max(row["images seen"] for row in study.plan(PARAMETERS, drawn))


def test_mixing_draws_from_the_images_and_counts_the_own_class():
    torch.manual_seed(0)
    images, labels = torch.rand(8, 3, 8, 8), torch.arange(8) % 4
    seen = []

    def model(mixed):
        seen.append(mixed)
        return torch.zeros(len(mixed), 4, requires_grad=True)

    losses = [Mixed(4)(model, (images, labels)) for _ in range(6)]
    assert all(loss.item() == pytest.approx(8 * np.log(4), rel=1e-5) for loss, _, _ in losses), "uniform logits"
    assert all((right, count) == (2, 8) for _, right, count in losses), "class 0 everywhere"
    assert all(not torch.equal(mixed, images) for mixed in seen)
    assert all(images.min() <= mixed.min() and mixed.max() <= images.max() for mixed in seen)
    kept = [torch.isclose(mixed, images).flatten().float().mean().item() for mixed in seen]
    assert max(kept) > 0.05 > min(kept), "CutMix keeps pixels, Mixup next to none"
    for wrong in ({"num_classes": 1}, {"num_classes": 3, "mixup": 0}, {"num_classes": 3, "cutmix": -1}):
        with pytest.raises(ValueError, match="expected"):
            Mixed(**wrong)


def test_gaps_and_the_crossing_are_read_from_paired_answers():
    runs = runs_of(CROSSING)
    gaps = report.gaps(runs, LABELS)
    assert [list(own) for own in gaps.values()] == [[5, 50], [5]]
    assert gaps["scratch"][5].value == pytest.approx(-50 / 400)
    assert report.crossing(gaps["scratch"]) == "the CNN is ahead up to 5 images a class, the ViT from 50 on"
    behind, open_ = gaps["scratch"][5], Estimate(0.1, -0.1, 0.3, 400, "both")
    assert report.crossing({5: behind}) == "no crossing: the CNN is ahead at the one size"
    assert report.crossing({5: behind, 50: behind}) == "no crossing: the CNN is ahead at each of 2 sizes"
    assert "ahead at 1 of 2 sizes, the rest cannot be told" in report.crossing({5: behind, 50: open_})
    turned = {5: gaps["scratch"][50], 50: gaps["scratch"][5]}
    assert report.crossing(turned) == "the order turns more than once"
    assert "cannot be told" in report.crossing({5: Estimate(0.1, -0.1, 0.3, 400, "both")})


def test_statements_are_decided_at_the_sizes_that_their_runs_share():
    found = {one.statement.text: one for one in report.findings(runs_of(CROSSING), LABELS)}
    assert found["few images: the CNN is ahead"].verdict == report.HOLDS
    assert found["many images: the ViT is ahead"].verdict == report.HOLDS
    assert found["more images help the ViT more than the CNN"].sum.value == pytest.approx(110 / 400)
    assert found["few images: pre-training helps the ViT"].sum.value == pytest.approx(80 / 400)
    assert found["few images: the CNN is ahead"].as_expected == "as expected"
    assert found["many images: the ViT is ahead"].as_expected == "against it", "no was expected"
    assert not any("recipe" in text for text in found), "the strong recipe was not run"
    one_size = {key: right for key, right in CROSSING.items() if key[2] == 5}
    texts = {one.statement.text for one in report.findings(runs_of(one_size), LABELS)}
    assert "more images help the ViT more than the CNN" not in texts


HELPED = {
    **CROSSING,
    ("pretrained", CNN, 50): 210,
    ("pretrained", VIT, 50): 290,
    ("strong", CNN, 5): 150,
    ("strong", VIT, 5): 130,
    ("strong", CNN, 50): 160,
    ("strong", VIT, 50): 262,
}


def test_less_with_many_than_with_few_is_a_difference_of_two_gains():
    found = {one.statement.text: one for one in report.findings(runs_of(HELPED), LABELS)}
    less = found["pre-training helps the ViT less with many images than with few"]
    assert less.sum.value == pytest.approx((80 - 30) / 400)
    assert less.verdict == report.HOLDS
    assert not less.statement.beforehand
    assert found["many images: the strong recipe helps the CNN"].sum.value == pytest.approx(-40 / 400)
    assert found["many images: the strong recipe helps the CNN"].as_expected == "–"
    assert len(found) == len(STATEMENTS)
    more = found["few images: pre-training helps the ViT more than the strong recipe does"]
    assert more.sum.value == pytest.approx(50 / 400)


def test_the_third_answer_holds_what_helps_the_vit_and_nothing_of_the_cnn():
    runs = runs_of(HELPED)
    rows = says.predictions(report.gaps(runs, LABELS), report.findings(runs, LABELS))
    assert [row["question"][0] for row in rows] == ["1", "2", "3"]
    third = rows[2]["this run"]
    assert third.count("points") == 3
    for part in ("strong recipe +7.5", "pre-training +20.0", "pre-training minus strong recipe +12.5"):
        assert part in third
    assert "-12.5" not in third.replace("−", "-"), "the gap between the networks is no help"
    alone = runs_of({key: right for key, right in HELPED.items() if key[0] == "strong"})
    assert says.predictions(report.gaps(alone, LABELS), report.findings(alone, LABELS)) == []


def conclusion(rights, training=0.9):
    runs = runs_of(rights)
    for row in runs:
        row["history"]["epochs"][-1]["train_accuracy"] = training
    table, gaps, found = report.points(runs, LABELS), report.gaps(runs, LABELS), report.findings(runs, LABELS)
    return "\n".join(says.says(table, gaps, found))


def test_the_conclusion_says_direction_recipe_and_where_training_was_too_short():
    text = conclusion(HELPED)
    assert "**From scratch:** the CNN is ahead up to 5 images a class, the ViT from 50 on." in text
    assert "That is the published direction." in text
    assert "Trained too short" not in text
    assert "50 a class: Xception-mini −10.0, ViT-mini +0.5 (ViT minus CNN from +15.0 to +25.5)" in text
    turned = {(arm, {CNN: VIT, VIT: CNN}[model], size): right for (arm, model, size), right in HELPED.items()}
    assert "**against** the published direction" in conclusion(turned)
    short = conclusion(HELPED, training=0.5)
    assert "**Trained too short:** ViT-mini from scratch, 50 a class; Xception-mini from scratch, 50 a class;" in short
    assert "ViT-mini from scratch, 5 a class" not in short, "half of its crops, a quarter of the test images"
    assert "strong recipe, 50 a class" not in short.split("**Strong")[0], "mixtures cannot be compared"


def test_the_tally_counts_what_chance_would_decide():
    found = report.findings(runs_of(HELPED), LABELS)
    assert tally_line(found).startswith(f"**{len(STATEMENTS)} statements**")
    assert f"{0.05 * len(STATEMENTS):.1f} would be decided all the same" in tally_line(found)


def test_near_chance_and_by_heart_name_the_points():
    table = report.points(runs_of(HELPED), LABELS)
    assert says.near_chance(table, 0.25) == ["ViT-mini from scratch, 5 a class"], "100 of 400"
    assert says.near_chance(table, 0.1) == []
    assert says.by_heart(table).startswith("The widest distance: ViT-mini from scratch, 5 a class, 50 %")
    assert says.by_heart([]) == ""


def test_a_contrast_of_two_is_the_paired_difference_and_of_four_the_sum_of_two():
    a, b, c, d = (np.arange(400)[None] < n for n in (300, 200, 150, 120))
    assert contrast([(-1, b), (1, a)]) == paired_difference(a, b)
    four = contrast([(1, a), (-1, b), (-1, c), (1, d)])
    assert four.value == pytest.approx((300 - 200 - 150 + 120) / 400)
    assert four.low < four.value < four.high
    assert contrast([(1, a), (-1, a), (1, b), (-1, b)]).low is None


def test_an_interval_of_four_covers_the_truth():
    rng, hits = np.random.default_rng(0), 0
    for _ in range(200):
        tables = [rng.random((1, 300)) < p for p in (0.6, 0.4, 0.5, 0.45)]
        found = contrast([(1, tables[0]), (-1, tables[1]), (-1, tables[2]), (1, tables[3])])
        hits += found.low <= 0.15 <= found.high
    assert 180 <= hits <= 199


def test_every_run_needs_every_seed():
    runs = [*runs_of(CROSSING), run("scratch", CNN, 5, 1, 100)]
    with pytest.raises(ValueError, match="every run needs every seed"):
        report.gaps(runs, LABELS)


def test_figures_show_every_point_and_refuse_nothing():
    runs = runs_of(CROSSING, seeds=(0, 1))
    points = report.points(runs, LABELS)
    assert (points[0].arm, points[0].model, points[0].size) == ("scratch", VIT, 5)
    figure = figures.curves(points, 0.25)
    assert [ax.get_title("left") for ax in figure.axes] == [ARMS["scratch"], ARMS["pretrained"]]
    ax = figures.gap_lines(report.gaps(runs, LABELS)).axes[0]
    assert [text.get_text() for text in ax.texts] == [ARMS["scratch"], ARMS["pretrained"]]
    for draw in (lambda: figures.curves([], 0.1), lambda: figures.gap_lines({})):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_the_headline_says_gaps_crossing_and_verdicts():
    runs = runs_of(CROSSING)
    gaps, found = report.gaps(runs, LABELS), report.findings(runs, LABELS)
    summary = {
        "gaps": {arm: [{"size": n} | gap.as_dict() for n, gap in own.items()] for arm, own in gaps.items()},
        "crossing": {arm: report.crossing(own) for arm, own in gaps.items()},
        "findings": [one.as_row() for one in found],
    }
    text = headline(SimpleNamespace(summary=json.loads(json.dumps(summary))))
    assert "from scratch: 5 images a class: **−12.5" in text
    assert "the ViT from 50 on." in text
    assert f"Of {sum(one.statement.beforehand for one in found)} statements written down beforehand: " in text


def test_answers_stay_in_the_record_of_a_piece_alone():
    runs = runs_of(CROSSING)
    assert all("predictions" in row for row in report.record_rows(runs, LABELS, keep_predictions=True))
    rows = report.record_rows(runs, LABELS, keep_predictions=False)
    assert not any("predictions" in row for row in rows)
    assert rows[0]["test_top1"]["value"] == pytest.approx(150 / 400)
