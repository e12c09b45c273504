"""Lab 4 with made-up answers: a whole run, its pieces put together, two arms alone, a corpus without links.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.measure.bleu import bleu_counts
from helpers.pages.l04 import answers, own, study
from helpers.pages.l04.arms import ARMS, STATEMENTS
from helpers.pages.l04.networks import build

LAB = Path(__file__).parents[2] / "labs" / "04_translation.ipynb"
SMALL = {"edition": "smoke", "n_train": 60, "n_test": 40, "embed_dim": 4, "hidden_dim": 4, "length_bins": [8, 12]}


def made_up_train(key, task, parameters):
    rng = np.random.default_rng([list(ARMS).index(key.arm), key.seed])
    exact = rng.random(len(task.test)) < (0.8 if key.arm in ("dot", "additive") else 0.3)
    said = [target if ok else ("the", *target) for ok, (_, target) in zip(exact, task.test, strict=True)]
    row = {**key._asdict(), "exact": exact.tolist(), "said": [list(words) for words in said], "updates": 3}
    row |= {"parameters": 5, "fit_s": 1.0, "curve": [{"loss": 1.0, "words": 0.5}]}
    row["tokens"] = [[len(target), len(target) + 1] for _, target in task.test]
    row["bleu"] = [bleu_counts(own, [target]).tolist() for own, (_, target) in zip(said, task.test, strict=True)]
    row["bleu_check"] = {"ours": 0.5, "sacrebleu": None}
    model = build(ARMS[key.arm], len(task.french), len(task.english), (4, 4), key.seed)
    if task.phrases and model.attention is not None:
        row["links"] = answers.pointing(model, task)
    if key.seed == 0:
        row["beam"] = {"n": 2, "width": 4, "greedy": row["bleu"][:2], "beam": row["bleu"][:2], "other": 1}
        row["beam"] |= {"exact_greedy": [True, False], "exact_beam": [True, True], "likelier": 1}
        if not task.phrases:
            row["own"] = own.own_answers(model, task)
    return model, row


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "train", made_up_train)
    return empty_course


def test_a_whole_run_leaves_a_record_and_answers_every_prediction(course, run_lab):
    record, now = run_lab(**SMALL)
    assert len(record.runs) == 2 * len(ARMS)
    assert not {"said", "exact", "links", "own"} & set(record.runs[0])
    assert "own_sentences" not in record.summary, "most of their words are not in our grammar"
    assert record.summary["sizes"]["pairs"] is None
    assert len(record.summary["findings"]) == len(STATEMENTS)
    assert [row["question"][0] for row in now["said"]] == ["1", "2", "2", "3", "4"]
    assert record.skipped == {"BLEU against sacrebleu": "sacrebleu is not installed"}
    assert record.data.n_test == 40


@pytest.mark.parametrize("arms", [["none"], ["additive"], ["forwards", "backwards"]])
def test_any_choice_of_arms_comes_to_its_end(course, run_lab, arms):
    record, _ = run_lab(**SMALL, arms=arms, seeds=1)
    assert [row["arm"] for row in record.summary["standings"]] == arms


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = SMALL | {"arms": ["none", "dot"], "seeds": 2}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")
        assert [f"{row['arm']}/{row['seed']}" for row in record.runs] == [name]
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    monkeypatch.setattr(study, "train", None)  # nothing is trained
    record, _ = run_lab(**given, piece="gathered")
    assert record.summary == whole.summary
    assert record.runs == whole.runs
    assert record.skipped.keys() - whole.skipped.keys() == {"your sentence"}


def test_no_sentence_of_a_corpus_enters_the_record(course, run_lab, monkeypatch):
    pairs = [((f"fr{i}", f"nom{j}", "."), (f"word{i}", f"name{j}", ".")) for i in range(12) for j in range(12)]
    pairs = [pair for k, pair in enumerate(pairs) if k % 12 == k // 12]  # no two share a word, so none is held back
    where = {"name": "fra-eng.zip", "sha256": "a" * 64, "local_variant": False}

    class Found:
        provenance = staticmethod(lambda: where)

    more = [((f"m{i}", "."), (f"w{i}", ".")) for i in range(200)]
    monkeypatch.setattr(study, "load_fra_eng", lambda: (pairs + more, Found))
    given = SMALL | {"dataset": "fra_eng", "most_clauses": 2, "seeds": 1, "sentence": "bonjour"}
    record, now = run_lab(**given)
    for rows in record.summary["own_sentences"].values():
        assert all(" ".join(row["source"]) == ours for row, (ours, _, _) in zip(rows, own.SENTENCES, strict=True))
        for row in rows:
            row.pop("decoded")  # the translator's own answer to a sentence of ours, in words that it knows
    text = record.model_dump_json()
    words = {word for source, target in now["task"].test for word in (*source, *target)} - {"."}
    assert not [word for word in words if f'"{word}"' in text]
    assert record.skipped["the map, graded"] == "the corpus has no true links"
    assert record.summary["pointing"] == []
    assert record.data.terms == "restricted"
    assert set(record.summary["own_sentences"]) == set(record.summary["agreement"]) == set(ARMS)
    assert len(record.summary["own_sentences"]["none"]) == len(own.SENTENCES)
    assert record.summary["sizes"]["pairs"]["held_out"] >= record.summary["sizes"]["test"] == record.data.n_test
    assert [row["bin"] for row in record.summary["quality"]["dot"]][-1] == "all"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"arms": "transformer"}, "arms: expected a list of none, dot"),
        ({"dataset": "multi30k"}, "dataset: expected one of phrases, fra_eng"),
        ({"length_bins": [9, 4]}, "length_bins: expected numbers that rise"),
        ({"piece": "dot/7"}, "piece: expected gathered, or one of none/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**wrong)
