"""Lab 13: who is tested, what hides a face, what is trained, intervals over people, verdicts, sentences, figures."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.data.occluders import FILLS
from helpers.measure.verification import auc, compare, equal_error_rate, jackknife, left_out
from helpers.pages.l13 import figures, people, probes, report, says, study
from helpers.pages.l13.errors import rates_left_out
from helpers.pages.l13.headline import headline
from helpers.pages.l13.methods import (
    BESIDE,
    BLACK,
    BLACKENED,
    BLURRED,
    CNN,
    EQUAL,
    ERASED,
    FAR,
    FROZEN,
    LONGER,
    NETWORKS,
    NOISE,
    PLAIN,
    QUARTER,
    RECIPES,
    RELEASED,
    SHORTER,
    STATEMENTS,
    VIT,
    WORN,
    lead,
    less,
)
from helpers.pages.l13.recipes import Recipe

PARAMETERS = {
    "edition": "smoke",
    "dataset": "drawn",
    "start": "none",
    "frozen": [VIT],
    "recipes": list(RECIPES),
    "seeds": 1,
    "epochs": 1,
    "longer": 2,
    "shorter": 1,
    "learning_rate": 0.001,
    "batch_size": 6,
    "image_size": 32,
    "released_size": 32,
    "cell": 8,
    "fills": list(FILLS),
    "shares": [0.25],
    "distances": [8],
    "drawn": {"train_people": 3, "pictures": 2, "test_people": 4, "test_pictures": 2, "difficulty": 0.2},
    "piece": None,
}


@pytest.fixture(scope="module")
def faces():
    return people.load(PARAMETERS, 0)


# ---- people ----------------------------------------------------------------------------------------------------------


def test_drawn_people_of_training_change_with_the_seed_and_those_of_the_test_do_not(faces):
    other = people.load(PARAMETERS, 1)
    assert not np.array_equal(faces.data.train.images, other.data.train.images)
    assert np.array_equal(faces.data.test.images, other.data.test.images)
    assert faces.data.fingerprint != other.data.fingerprint
    assert not set(faces.data.train.labels) & set(faces.data.test.labels)
    assert faces.numbers == [3, 4, 5, 6]
    assert faces.people.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert faces.first.tolist() == [0, 2, 4, 6]


def test_photographs_change_sides_with_the_seed_and_wear_bands(face_pack):
    face_pack()
    given = PARAMETERS | {"dataset": "orl"}
    first, second, dealt = (people.load(given, seed) for seed in (0, 1, 2))
    assert set(first.data.test.labels) == set(second.data.train.labels) != set(dealt.data.test.labels)
    for worn, (top, bottom) in people.BANDS.items():
        same = (first.worn[worn] == first.data.test.images).all((0, 2, 3))  # of each row of pixels
        hidden = np.flatnonzero(~same)
        assert hidden.min() >= round(32 * top)
        assert hidden.max() < round(32 * bottom)
        assert len(np.unique(first.worn[worn][:, hidden].reshape(-1, 3), axis=0)) == 1


def test_too_few_drawn_people_are_refused():
    few = PARAMETERS | {"drawn": PARAMETERS["drawn"] | {"test_people": 2}}
    with pytest.raises(ValueError, match="at least 3 people and 2 pictures"):
        people.load(few, 0)


# ---- probes ----------------------------------------------------------------------------------------------------------


def test_every_probe_of_a_statement_is_made_and_hides_what_it_says(faces):
    made = probes.probes(faces, PARAMETERS)
    needed = {probe for statement in STATEMENTS for *_, probe in statement.terms}
    assert needed <= set(made)
    clean = faces.data.test.images
    assert np.array_equal(made["clean"], clean)
    for worn in WORN:
        assert np.array_equal(made[worn], faces.worn[worn])
    for name, share in {BLACK: 0.5, BESIDE: 0.5, "black 25": 0.25}.items():
        assert abs((made[name] == 0).all(-1).mean() - share) < 0.02
    cells = (made[BLACK] == 0).all(-1).reshape(-1, 4, 8, 4, 8).mean((2, 4))
    assert set(np.unique(cells.round(1))) <= {0.0, 1.0}  # on the grid of the patches
    for name in (BESIDE, "black 25 shifted"):
        beside = (made[name] == 0).all(-1).reshape(-1, 4, 8, 4, 8).mean((2, 4))
        assert 0.25 in beside
    assert sum(name.endswith("shifted") for name in made) == len(FILLS) + 1, (
        "every fill has its control, black at a quarter too"
    )


def test_examples_are_drawn_whatever_the_data(face_pack):
    face_pack()
    assert {name: image.tobytes() for name, image in probes.examples(PARAMETERS).items()} == {
        name: image.tobytes() for name, image in probes.examples(PARAMETERS | {"dataset": "orl"}).items()
    }


# ---- recipes and training --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_changes_every_second_picture_or_none(name):
    images = torch.rand(200, 3, 32, 32) * 2 - 1
    before = images.clone()
    torch.manual_seed(0)
    found = Recipe(name).changed(images)
    assert torch.equal(images, before)  # the caller's batch is left alone
    assert found.shape == images.shape
    changed = (found != images).flatten(1).any(1).float().mean()
    assert changed == 0 if name == PLAIN else 0.4 < changed < 0.6
    if name in (ERASED, BLACKENED):
        hidden = (found != images).any(1).flatten(1).float().mean(1)
        assert (hidden[hidden > 0] > 0.08).all()
        assert (hidden < 0.55).all()
    if name == BLACKENED:
        assert (found[found != images] == -1).all(), "black, normalised by a mean and a deviation of a half"
        other = Recipe(BLACKENED, black=(-2.0, -1.8, -1.5)).changed(images)
        assert set(other[:, 2][other[:, 2] < -1].tolist()) == {-1.5}
    if name == BLURRED:
        rough = found.diff(dim=-1).abs().flatten(1).mean(1)
        assert rough[(found != images).flatten(1).any(1)].max() < 0.5 * rough.max()


def test_a_step_sums_its_loss_and_counts_who_was_named():
    class Says(torch.nn.Module):
        def forward(self, images):
            return torch.zeros(len(images), 4).index_fill(1, torch.tensor([2]), 5.0).requires_grad_()

    images, labels = torch.rand(6, 3, 32, 32), torch.tensor([2, 2, 0, 1, 2, 3])
    loss, right, count = Recipe(PLAIN)(Says(), (images, labels))
    assert (int(right), count) == (3, 6)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(Says()(images), labels, reduction="sum"))
    with pytest.raises(ValueError, match="recipe: expected one of plain, erased, blackened, blurred"):
        Recipe("sharp")


@pytest.mark.parametrize("arm", [(VIT, BLURRED), (VIT, LONGER), (VIT, FROZEN)])
def test_one_run_compares_every_probe_and_leaves_each_person_out(faces, tmp_path, arm):
    row = study.run_one(*arm, 0, faces, PARAMETERS, tmp_path)
    assert row["images_seen"] == {FROZEN: 0, LONGER: 12, BLURRED: 6}[arm[1]]
    assert row["pairs"] == 8 * 7
    assert [test["probe"] for test in row["tests"]] == list(probes.probes(faces, PARAMETERS))
    for test in row["tests"]:
        assert len(test["auc_left"]) == len(test["named"]) == 4
        assert ("eer_left" in test) == (test["probe"] == "clean")
        assert np.isclose(np.mean(test["named"]), test["rank_one"])
    json.dumps(row)


def test_templates_of_a_trained_network_are_about_the_mean_of_training(faces):
    ready = study.build_model(CNN, 3, weights="none", image_size=32)
    found = study.trained_judge(ready, faces)(faces.data.test.images)
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    larger = study.build_model(CNN, 3, weights="none", image_size=64)
    assert study.as_input(faces.data.test.images, larger).shape == (8, 3, 64, 64)


def test_a_folder_is_named_by_all_that_its_training_depends_on(faces):
    name = study.folder_name(VIT, PLAIN, 0, faces, PARAMETERS)
    assert name == study.folder_name(VIT, PLAIN, 0, faces, PARAMETERS | {"fills": ["black"], "cell": 4})
    changed = [
        study.folder_name(VIT, ERASED, 0, faces, PARAMETERS),
        study.folder_name(VIT, PLAIN, 1, faces, PARAMETERS),
    ]
    for key, value in {"epochs": 2, "start": "shipped", "learning_rate": 0.1, "batch_size": 3}.items():
        changed.append(study.folder_name(VIT, PLAIN, 0, faces, PARAMETERS | {key: value}))
    assert len({name, *changed}) == 1 + len(changed)
    assert name == study.folder_name(VIT, PLAIN, 0, faces, PARAMETERS | {"longer": 5})
    longer = [study.folder_name(VIT, LONGER, 0, faces, PARAMETERS | {"longer": count}) for count in (4, 5)]
    assert len(set(longer)) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image_size": 36}, "image_size: expected a multiple of 8"),
        ({"cell": 7}, "cell: expected an even number"),
        ({"cell": 12}, "cell: expected an even number of pixels that divides 32"),
        ({"shares": [1.5]}, "shares: expected numbers between 0 and 1"),
        ({"distances": [9]}, "distances: expected 2 to 8 times"),
        ({"learning_rate": -1.0}, "learning_rate"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(changes, words):
    with pytest.raises(ValueError, match=words):
        study.check(PARAMETERS | changes)


# ---- intervals over people -------------------------------------------------------------------------------------------


def templates(seed, count=10, each=3, noise=1.0):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), each)
    rows = rng.normal(size=(count, 8))[who] + noise * rng.normal(size=(len(who), 8))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True), who


def test_error_rates_without_a_person_are_those_of_the_pairs_without_him():
    rows, who = templates(0)
    pairs = compare(rows, rows, who)
    found = rates_left_out(pairs)
    assert found.shape == (10,)
    for person in range(10):
        kept = (pairs.first != person) & (pairs.second != person)
        assert abs(found[person] - equal_error_rate(pairs.scores[kept], pairs.same[kept])) < 0.02


def made_run(network, recipe, seed, noise, numbers=None):
    """A run whose probes are as hard as told: probe -> noise of its templates."""
    tests = []
    for k, (probe, how) in enumerate(noise.items()):
        rows, who = templates(100 * seed + k, noise=how)
        pairs = compare(rows, rows, who)
        named = np.clip(1.2 - how * np.linspace(0.1, 0.6, 10), 0, 1).tolist()
        test = {"probe": probe, "auc": float(auc(pairs.scores, pairs.same)), "auc_left": left_out(pairs).tolist()}
        test["eer"] = equal_error_rate(pairs.scores, pairs.same)
        test |= {"eer_left": rates_left_out(pairs).tolist()} if probe == "clean" else {}
        tests.append(test | {"named": named, "rank_one": float(np.mean(named))})
    row = {"network": network, "recipe": recipe, "seed": seed, "people": numbers or list(range(10)), "pairs": 435}
    return row | {"images_seen": 10, "fit_s": 1.0, "known": None, "history": None, "tests": tests}


HARD = {"clean": 0.3, "mask": 0.5, "glasses": 0.5, BLACK: 0.6, BESIDE: 1.4, QUARTER: 0.5, NOISE: 0.6, FAR: 0.6}
WORSE = {probe: 5 * value for probe, value in HARD.items()} | {"clean": 0.3}


@pytest.fixture(params=[1, 2])
def runs(request):
    found = []
    for seed in range(request.param):
        found.append(made_run(RELEASED, FROZEN, seed, HARD | {"clean": 2.0}))
        for recipe in RECIPES:
            found += [
                made_run(CNN, recipe, seed, WORSE if recipe == PLAIN else HARD),
                made_run(VIT, recipe, seed, HARD),
            ]
        found += [made_run(VIT, LONGER, seed, HARD), made_run(CNN, SHORTER, seed, WORSE)]
    return found


def test_an_interval_of_one_seed_is_the_jackknife_over_people():
    runs = [made_run(CNN, PLAIN, 0, WORSE)]
    test = runs[0]["tests"][0]
    estimate, by_seed = report.total(runs, ((1, CNN, PLAIN, "clean"),))
    assert estimate == jackknife(test["auc"], np.array(test["auc_left"]))
    assert by_seed == (test["auc"],)
    assert report.total(runs, ((1, CNN, "no such recipe", "clean"),)) is None


def test_people_of_two_halves_are_counted_once_each():
    halves = [made_run(VIT, PLAIN, seed, HARD, list(range(10 * seed, 10 * seed + 10))) for seed in (0, 1)]
    estimate, by_seed = report.total(halves, ((1, VIT, PLAIN, BLACK),))
    assert estimate.n == 20
    assert np.isclose(estimate.value, np.mean(by_seed))
    widths = [
        np.ptp([one.low, one.high]) for one in (report.total([run], ((1, VIT, PLAIN, BLACK),))[0] for run in halves)
    ]
    expected = np.hypot(*widths) / 2  # the mean of two independent halves
    assert abs(np.ptp([estimate.low, estimate.high]) / expected - 1) < 0.15


def test_verdicts_need_the_interval_and_every_training():
    statement = STATEMENTS[0]
    good = SimpleNamespace(value=0.1, low=0.05, high=0.2)
    bad = SimpleNamespace(value=-0.1, low=-0.2, high=-0.05)
    open_ = SimpleNamespace(value=0.1, low=-0.05, high=0.2)
    none = SimpleNamespace(value=1.0, low=None, high=None)
    cases = [(good, (0.1, 0.1), "holds"), (good, (0.3, -0.1), "undecided"), (bad, (-0.1,), "the opposite holds")]
    cases += [(open_, (0.1,), "undecided"), (none, (1.0,), "undecided")]
    for estimate, by_seed, verdict in cases:
        assert report.Finding(statement, estimate, by_seed, False).verdict == verdict
    assert report.Finding(statement, good, (0.1,), False).as_expected == "as expected"
    assert report.Finding(statement, bad, (-0.1,), False).as_expected == "against it"
    assert report.Finding(statement, open_, (0.1,), False).as_expected == "open"
    released = next(one for one in STATEMENTS if one.photographs is not None)
    assert released.was_expected(True) is not released.was_expected(False)


def test_statements_speak_of_what_the_lab_runs():
    for statement in STATEMENTS:
        for sign, network, recipe, _ in statement.terms:
            assert sign in (-1, 1)
            assert network in NETWORKS
            assert recipe in (FROZEN, *EQUAL, *RECIPES)
    assert less(lead(BLACK)) == ((-1, VIT, PLAIN, BLACK), (1, CNN, PLAIN, BLACK))


def test_findings_follow_from_the_runs(runs):
    found = {one.statement.text: one for one in report.findings(runs, photographs=False)}
    assert len(found) == len(STATEMENTS)
    assert found["half hidden, black: the ViT leads"].verdict == "holds"
    assert found["noise: erased pictures for both take from its lead"].verdict == "holds"
    assert (
        found["clean: EfficientNet-Lite0, never trained on a face, beats the CNN that was"].as_expected == "as expected"
    )
    assert len(report.findings([run for run in runs if run["network"] != CNN], False)) == 0


def test_standings_stay_within_bounds_and_know_a_guess(runs):
    table = report.standings(runs)
    assert len(table) == 11 * len(HARD)
    for row in table:
        for one in (row.auc, row.eer, row.rank_one):
            assert 0 <= (one.low or 0) <= one.value <= (1 if one.high is None else one.high) <= 1
    assert says.of(table, CNN, PLAIN, FAR).guessing
    assert not says.of(table, VIT, PLAIN, FAR).guessing
    json.dumps([row.as_row() for row in table])


def test_no_record_tells_who(runs):
    for row in report.record_rows(runs, keep_left=False):
        assert "people" not in row
        assert set(row["tests"][0]) == {"probe", "auc", "eer", "rank_one"}
    assert report.record_rows(runs, keep_left=True)[0]["people"] == list(range(10))


def line_of(lines, start):
    (found,) = [line for line in lines if line.startswith(f"**{start}")]
    return found


def test_sentences_name_leaders_guesses_and_recipes(runs):
    table, found = report.standings(runs), report.findings(runs, False)
    lines = says.says(runs, table, found)
    assert "the ViT leads under" in line_of(lines, "Both trained on plain")
    assert len(lines) == 7
    learnt = [run | {"known": None if run["recipe"] == FROZEN else 0.75} for run in runs]
    lines = says.says(learnt, table, found)
    assert "ViT-mini plain pictures 75" in line_of(lines, "Equal steps are not equal learning")
    equal = line_of(lines, "Nearer in learning")
    assert equal.count("they name: ") == 2
    assert "a ViT trained longer 75 %, the CNN 75 %" in equal
    assert "the ViT 75 %, a CNN stopped earlier 75 %" in equal
    assert says.told(report.total(runs, lead(BLACK, PLAIN, cnn=SHORTER))) in equal
    assert "over 128 ways" in line_of(lines, "Whose protocol")  # 8 probes, 16 pairs of recipes
    assert "half black" in line_of(lines, "The grid")
    assert "Of 2 statements added or changed after runs had been seen" in line_of(lines, "12 statements")
    assert len(says.predictions(runs, table)) == 3
    only = [run for run in runs if run["network"] == CNN]
    assert says.predictions(only, report.standings(only)) == []
    assert says.crossed(only) == says.kept_rows(only) == []
    assert says.range_line(only, report.standings(only)) == says.kept_line(only) == says.equal_line(only) == ""
    assert says.grid_line([]) == ""


def test_the_crossed_table_has_a_row_for_each_recipe_that_knows_its_probe(runs):
    rows = says.crossed(runs)
    assert [row["probe"] for row in rows] == [BLACK, NOISE, FAR]
    assert rows[0]["the recipe that knows it"] == RECIPES[BLACKENED]
    assert rows[0]["both plain"] == says.told(report.total(runs, lead(BLACK)))
    assert rows[0]["the ViT alone"] == says.told(report.total(runs, lead(BLACK, BLACKENED, cnn=PLAIN)))
    if len(runs) > 11:
        assert "2 of 2 runs on this side" in rows[0]["both plain"]


def test_the_share_of_the_clean_lead_is_that_of_what_lies_above_a_guess(runs):
    one = [run for run in runs if run["seed"] == 0]
    test = {row["probe"]: row["auc"] for row in next(r for r in one if r["recipe"] == LONGER)["tests"]}
    share, each = report.kept(one, [(VIT, LONGER)], FAR)
    assert share.value == pytest.approx((test[FAR] - 0.5) / (test["clean"] - 0.5)) == each[0]
    assert share.low < share.value < share.high
    assert report.kept(one, [(VIT, LONGER)], "clean")[0].value == 1
    apart, _ = report.kept(one, [(VIT, PLAIN), (CNN, PLAIN)], FAR)
    alone = [report.kept(one, [arm], FAR)[0].value for arm in ((VIT, PLAIN), (CNN, PLAIN))]
    assert apart.value == pytest.approx(alone[0] - alone[1])
    guess = made_run(CNN, PLAIN, 0, dict.fromkeys(HARD, 50.0))
    assert report.kept([guess], [(CNN, PLAIN)], FAR) is None, "who guesses has nothing to keep"


def test_points_and_shares_may_name_different_winners():
    """The CNN is far better on clean pictures, and loses more of it; it stays ahead in points."""
    cnn, vit = ({"clean": clean, FAR: far} for clean, far in ((0.1, 1.0), (1.0, 1.15)))
    runs = [made_run(CNN, PLAIN, 0, cnn), made_run(VIT, PLAIN, 0, vit)]
    (row,) = says.kept_rows(runs)
    assert row["ViT minus CNN"].startswith("−")
    assert row["ViT keeps more by"].startswith("+")
    assert "name another winner for 1" in says.kept_line(runs) or "neither" in says.kept_line(runs)


def test_figures_show_what_they_are_given(runs):
    table = report.standings(runs)
    figure = figures.hiding(table, ["black", "noise"], [0.25, 0.5], 10)
    assert len(figure.axes) == 2
    assert {text.get_text() for text in figure.axes[0].texts} == set(NETWORKS.values())
    figure = figures.distance(table, [8])
    assert len(figure.axes[0].texts) == 4
    shown = figures.examples(probes.examples(PARAMETERS))
    assert sum(len(ax.images) for ax in shown.axes) == len(probes.examples(PARAMETERS)) == 10
    for draw in (lambda: figures.examples({}), lambda: figures.distance([], [2])):
        with pytest.raises(ValueError, match="got none"):
            draw()


def test_labels_of_lines_keep_apart():
    heights = figures.spread([50.0, 51.0, 20.0], least=10)
    assert heights == [50.0, 60.0, 20.0]


def test_the_headline_says_what_was_found(runs):
    found = report.findings(runs, False)
    told = says.says(runs, report.standings(runs), found)
    record = SimpleNamespace(summary={"findings": [one.as_row() for one in found], "says": told})
    text = headline(record)
    assert f"Of {sum(one.beforehand for one in STATEMENTS)} statements written down beforehand" in text
    assert "statements**" not in text
