"""From made-up answers to tables, differences, verdicts and figures; and what is asked of a translator."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from helpers.data.phrases import draw_phrases
from helpers.data.text import BEGIN, END, Vocabulary
from helpers.measure.bleu import bleu_counts
from helpers.measure.findings import HOLDS
from helpers.pages.l04 import answers, controls, figures, report, says, study
from helpers.pages.l04.arms import ARMS, NO_ROOM, STATEMENTS
from helpers.pages.l04.controls import SentenceBox
from helpers.pages.l04.headline import headline
from helpers.pages.l04.networks import build

PHRASES = draw_phrases(250, seed=3, most_clauses=2)
LENGTHS = np.array([len(phrase.french) for phrase in PHRASES])
RIGHT = {"none": 0.4, "dot": 0.9, "additive": 0.95, "forwards": 0.3, "backwards": 0.35}
PARAMETERS = {
    "dataset": "phrases", "arms": ["none", "additive"], "seeds": 2, "n_train": 40, "n_test": 12, "most_clauses": 1,
    "min_count": 1, "length_bins": [6, 9], "epochs": 1, "batch_size": 8, "learning_rate": 0.004, "embed_dim": 8,
    "hidden_dim": 8, "n_beam": 2, "beam_width": 2,
}  # fmt: skip


def made_up(arm, seed):
    rng = np.random.default_rng([list(ARMS).index(arm), seed])
    exact = rng.random(len(PHRASES)) < RIGHT[arm]
    if arm == "none":
        exact &= np.median(LENGTHS) > LENGTHS  # no long one
    said = [phrase.english if ok else ("the", *phrase.english) for ok, phrase in zip(exact, PHRASES, strict=True)]
    row = {"arm": arm, "seed": seed, "exact": exact.tolist(), "said": said, "parameters": 9, "fit_s": 1.0}
    row["curve"] = [{"loss": 1.0, "words": 0.5}]
    row["tokens"] = [[len(phrase.english), len(phrase.english) + 1] for phrase in PHRASES]
    row["bleu"] = [bleu_counts(own, [phrase.english]).tolist() for own, phrase in zip(said, PHRASES, strict=True)]
    row["bleu_check"] = {"ours": 0.5, "sacrebleu": None}
    if arm in ("dot", "additive"):
        true = [[link[0] if link else 0 for link in phrase.links] for phrase in PHRASES]
        row["links"] = kinds_of(true)
    if seed == 0:
        row["beam"] = {"n": 2, "width": 4, "greedy": row["bleu"][:2], "beam": row["bleu"][:2]}
        row["beam"] |= {"exact_greedy": [True, False], "exact_beam": [True, True], "other": 1, "likelier": 1}
    return row


def kinds_of(guesses):
    found = {}
    for row, (phrase, guess) in enumerate(zip(PHRASES, guesses, strict=True)):
        for kind, counts in answers.hits(phrase, guess).items():
            found.setdefault(kind, [[0, 0] for _ in PHRASES])[row] = counts
    return found


RUNS = [made_up(arm, seed) for arm in ARMS for seed in (0, 1)]


def test_standings_are_those_of_the_answers():
    rows = {row.arm: row for row in report.standings(RUNS)}
    assert list(rows) == list(ARMS)
    assert rows["additive"].exact.value == np.mean([run["exact"] for run in RUNS if run["arm"] == "additive"])
    assert all(0 < value <= 1 for value in rows["none"].bleu)
    assert len(rows["dot"].bleu) == 2
    assert says.table_rows(list(rows.values()))[0]["translator"] == "no attention"


def test_bins_hold_every_sentence_once():
    bins = report.bins_of(LENGTHS, [8, 16, 24])
    assert sum(chosen.sum() for _, chosen in bins) == len(LENGTHS)
    assert bins[0][0] == "1–8"
    assert LENGTHS[bins[0][1]].max() <= 8 < LENGTHS[bins[1][1]].min()
    rows = report.by_length(RUNS, LENGTHS, [8, 16])
    assert rows["none"][0]["exact"].value > rows["none"][-1]["exact"].value == 0


def test_findings_have_the_signs_of_the_answers():
    found = {one.statement: one for one in report.findings(RUNS, LENGTHS, [8, 16], PHRASES)}
    assert len(found) == len(STATEMENTS)
    for text in ("additive attention helps", "the map of additive beats the diagonal"):
        assert found[text].verdict == HOLDS
        assert found[text].agrees == "as expected"
    grown = found["its lead is larger in the longest than in the shortest"]
    assert (grown.verdict, grown.agrees) == (NO_ROOM, "open")
    json.dumps([one.as_row() for one in found.values()])
    alone = report.findings([run for run in RUNS if run["arm"] == "none"], LENGTHS, [8], PHRASES)
    assert alone == []


def test_words_ahead_are_paired_by_sentence_and_seed():
    runs = [
        {"arm": arm, "seed": seed, "tokens": [[k % 5 + (arm == "dot"), 10] for k in range(40)]}
        for arm in ("dot", "none")
        for seed in (0, 1)
    ]
    assert report.words_ahead(runs, "dot", "none").value == pytest.approx(0.1)
    assert report.words_ahead(runs, "dot", "none").low is None, "the same in every sentence: nothing varies"
    runs[0]["tokens"][0] = [10, 10]
    both = report.words_ahead(runs, "dot", "none")
    assert both.covers == "both"
    assert both.low < both.value < both.high
    assert report.words_ahead([runs[0], runs[2]], "dot", "none").covers == "test sampling"


def test_growth_is_the_difference_of_two_leads():
    a, b = (np.array([run["exact"] for run in RUNS if run["arm"] == arm]) for arm in ("additive", "none"))
    chosen = report.bins_of(LENGTHS, [8, 16])
    leads = [a[:, rows].mean() - b[:, rows].mean() for _, rows in chosen]
    found = report.growth(a, b, LENGTHS, [8, 16])
    assert found.value == pytest.approx(leads[-1] - leads[0])
    assert found.low < found.value < found.high
    assert report.growth(a, b, LENGTHS, [1000]) is None
    assert report.no_room(a, b, LENGTHS, [8, 16]), "the shortest are half right without attention"
    assert not report.no_room(a * 0.5, b * 0, LENGTHS, [8, 16])


def test_a_map_that_is_right_finds_all_and_the_diagonal_does_not():
    maps = report.pointed(RUNS, PHRASES)
    shares = {(row["reading"], row["kind"]): row["share"].value for row in report.pointing_table(maps)}
    assert shares["additive", "all"] == shares["dot", "swapped"] == 1.0
    assert 0 < shares["diagonal", "all"] < 1
    assert shares["diagonal", "moved"] < shares["diagonal", "in order"]
    linked = sum(bool(link) for phrase in PHRASES for link in phrase.links)
    assert maps["diagonal"]["all"][:, 1].sum() == linked
    assert maps["additive"]["all"][:, 1].sum() == 2 * linked, "once a seed"
    assert report.pointed(RUNS, []) == {}


def test_hits_count_links_and_leave_out_words_that_come_from_none():
    phrase = SimpleNamespace(links=((0,), (), (2, 3)), kinds=("in order", "in order", "number"))
    assert answers.hits(phrase, [0, 0, 3]) == {"all": [2, 2], "in order": [1, 1], "number": [1, 1]}
    assert answers.hits(phrase, [1, 0, 1])["all"] == [0, 2]
    assert answers.diagonal(SimpleNamespace(french="abcde", english="xyz")) == [0, 2, 4]


def test_the_record_keeps_no_answer_sentence_by_sentence():
    rows = report.record_rows(RUNS, keep=False, own=True)
    assert not {"said", "tokens", "bleu", "exact", "links", "beam"} & set(rows[0])
    assert "said" not in report.record_rows(RUNS, keep=True, own=False)[0]
    assert {"said", "exact"} <= set(report.record_rows(RUNS, keep=True, own=True)[0])


def test_sacrebleu_is_said_to_be_missing_or_agrees(monkeypatch):
    told, gap = says.checked(RUNS)
    assert "not installed" in told
    assert gap is None
    there = [run | {"bleu_check": {"ours": 0.5, "sacrebleu": 0.5 + 1e-12}} for run in RUNS]
    assert says.checked(there)[1] < 1e-11
    sides = [["the", "red", "car", "is", "small", "."]], [("the", "red", "car", "was", "small", ".")]
    monkeypatch.setattr(answers, "find_spec", lambda name: None)
    assert answers.bleu_checked(*sides)["sacrebleu"] is None


def test_our_bleu_is_that_of_sacrebleu():
    pytest.importorskip("sacrebleu")
    said = [list(phrase.english) for phrase in PHRASES]
    for k in range(0, len(said), 3):
        said[k] = [*said[k][1:-2], "red"]
    found = answers.bleu_checked(said, [phrase.english for phrase in PHRASES])
    assert 0 < found["ours"] < 1
    assert found["ours"] == pytest.approx(found["sacrebleu"], abs=1e-9)


@pytest.fixture(scope="module")
def trained():
    task = study.load(PARAMETERS)
    return task, *study.train(study.Key("additive", 0), task, PARAMETERS)


def test_a_run_is_asked_everything(trained):
    task, _model, row = trained
    assert len(row["exact"]) == len(row["tokens"]) == len(row["bleu"]) == len(row["said"]) == 12
    assert sum(n for _, n in row["tokens"]) == sum(len(target) + 1 for _, target in task.test)
    assert row["links"]["all"][0][1] == sum(bool(link) for link in task.phrases[0].links)
    assert row["updates"] == 5
    assert row["beam"]["n"] == 2
    plain = study.train(study.Key("none", 1), task, PARAMETERS)[1]
    assert not {"links", "beam"} & set(plain)


def test_no_test_sentence_is_trained_on_and_the_words_are_those_of_training(trained):
    task = trained[0]
    assert not {source for source, _ in task.train} & {source for source, _ in task.test}
    assert set(task.french.words[4:]) == {word for source, _ in task.train for word in source}
    assert len(study.describe(task)["fingerprint"]) == 64


def test_the_corpus_is_cut_without_its_sentences_in_the_description(monkeypatch):
    nouns = [f"n{k}" for k in range(200)]
    pairs = [(("le", noun, "."), ("the", noun, ".")) for noun in nouns]
    where = {"name": "fra-eng.zip", "sha256": "a" * 64, "local_variant": False}
    monkeypatch.setattr(study, "load_fra_eng", lambda: (pairs, SimpleNamespace(provenance=lambda: where)))
    task = study.load(PARAMETERS | {"dataset": "fra_eng", "n_train": 100, "most_clauses": 3})
    assert sum(source.count("le") for source, _ in task.train) == 100
    assert 1 <= len(task.test) <= 12
    assert task.phrases == []
    assert study.describe(task)["terms"] == "restricted"
    assert "n1" not in json.dumps(study.describe(task))


def test_a_typed_sentence_is_answered_and_strange_words_are_named(trained, monkeypatch):
    task, model, _ = trained
    text, figure = says.answer_to("Le chat voit le zèbre", {"additive": model}, task, width=1)
    assert "additive" in text
    assert "zèbre" in text
    assert figure is None or len(figure.axes[0].get_xticks()) == 6
    assert says.answer_to("  ", {"additive": model}, task, width=1)[1] is None
    asked, drawn = [], []
    handle = SimpleNamespace(update=drawn.append)
    monkeypatch.setattr(controls, "display", lambda *_, **__: handle)
    box = SentenceBox(lambda sentence: (asked.append(sentence) or "said", None), "un chat .")
    box.show()
    box.text.value = "deux chats ."
    assert asked == ["un chat .", "deux chats ."]
    assert len(drawn) == 2, "the answer and the map are replaced in place"
    plt.close("all")


def test_a_map_frames_the_true_links():
    weights = np.eye(3)[:, [0, 2, 1]]
    figure = figures.translation_map(["la", "voiture", "rouge"], ["the", "red", "car"], weights, [[0], [2], [2]])
    colours = [patch.get_edgecolor()[:3] for patch in figure.axes[0].patches]
    assert len(colours) == 3
    assert colours[0] == colours[1] != colours[2]
    figures.by_length(report.by_length(RUNS, LENGTHS, [8, 16]))
    rows = report.pointing_table(report.pointed(RUNS, PHRASES))
    figures.found_links(rows, ["additive", "diagonal"], ["all", "swapped"])
    for draw in (lambda: figures.by_length({}), lambda: figures.found_links([], [], [])):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_shown_phrase_holds_a_swap_and_a_move():
    row = says.shown_phrase(draw_phrases(300, seed=4))
    assert row is not None
    assert {"swapped", "moved"} <= set(draw_phrases(300, seed=4)[row].kinds)
    assert says.shown_phrase([]) is None


def test_predictions_and_headline_say_what_was_found():
    lengths = report.by_length(RUNS, LENGTHS, [8, 16])
    pointing = report.pointing_table(report.pointed(RUNS, PHRASES))
    found = report.findings(RUNS, LENGTHS, [8, 16], PHRASES)
    beams = report.beam_rows(RUNS)
    table = report.standings(RUNS)
    told = says.predictions(lengths, pointing, found, beams, table)
    assert [row["question"][0] for row in told] == ["1", "2", "2", "3", "4"]
    assert "no attention (1 of 2 changed): right 1 → 2" in told[4]["this run"]
    assert says.length_rows(lengths)[-1]["lead of additive"].endswith("of 100 possible")
    text = says.came_out(lengths, pointing, found, beams, table)
    assert text.count("\n\n") == 4
    assert "proves little" in text
    assert "tried with 5 translators, changed 5 answers; the count of right sentences changed by +5." in text
    assert says.came_out({}, [], [], [], []) == ""
    assert len(says.beam_table(beams)) == 5
    summary = {"n_test": len(PHRASES), "standings": [row.as_row() for row in report.standings(RUNS)]}
    summary["by_length"] = {
        arm: [row | {"exact": row["exact"].as_dict()} for row in rows] for arm, rows in lengths.items()
    }
    summary["pointing"] = [row | {"share": row["share"].as_dict()} for row in pointing]
    summary["findings"] = [one.as_row() for one in found]
    text = headline(SimpleNamespace(summary=json.loads(json.dumps(summary))))
    assert text.count("\n") == 3
    assert "of the shortest sentences, 0 %, " in text
    assert "a true link for 100 % of the words" in text


def test_what_would_fail_later_is_refused_at_once():
    with pytest.raises(ValueError, match="length_bins: expected numbers that rise"):
        study.check(PARAMETERS | {"length_bins": [9, 6]})
    with pytest.raises(ValueError, match="learning_rate"):
        study.check(PARAMETERS | {"learning_rate": -1.0})
    study.check(PARAMETERS)
    assert list(study.grid(PARAMETERS)) == ["none/0", "none/1", "additive/0", "additive/1"]


def test_the_translators_read_the_special_words_of_the_vocabulary():
    words = Vocabulary([("a", "b")])
    model = build(ARMS["none"], len(words), len(words), (4, 4), 0)
    assert model(torch.tensor([words.encode("ab")]), torch.tensor([[BEGIN, END]])).shape == (1, 2, len(words))
