"""Lab 5 with made-up answers: a whole run, its pieces put together, one question alone, a reader's own attention.

The notebook's own cells run here, in one process and without training.
"""

from pathlib import Path

import numpy as np
import pytest

from helpers.pages.l05 import judge, study
from helpers.pages.l05.arms import ARMS, STATEMENTS

LAB = Path(__file__).parents[2] / "labs" / "05_transformer.ipynb"
BLIND = ("none", "target")  # no positions where they read


def made_up_train(key, parameters, attend=None):
    length, n = parameters["length"], parameters["n_test"]
    rng = np.random.default_rng([list(ARMS).index(key.arm), key.seed])
    share = 0.2 if key.arm in BLIND or key.arm.endswith("raw") else 0.95
    right = rng.binomial(length, share, size=n)
    row = {
        **key._asdict(),
        "right": right.tolist(),
        "by_place": [0.1] * length if key.arm in BLIND else [0.95] * length,
    }
    row |= {"words_right": float((right == length).mean()), "parameters": 5, "fit_s": 1.0, "diverged": None}
    row["curve"] = [{"step": 10, "loss": 1.0, "letters": share}]
    if ARMS[key.arm].depth == 1:
        row["pointed"] = 0.5
    if key.arm == "base":
        row["elsewhere"] = [
            {"length": other, "repeats": again, "letters": 0.5, "words": float(other == length)}
            | {"pointed": 0.5, "as_trained": 0.5}
            for other, again in ((length - 1, False), (length, False), (length, True))
        ]
        word = parameters["word"]
        weights = np.full((2, len(word), len(word)), 1 / len(word)).tolist()
        row["maps"] = {"word": word, "said": word[::-1], "weights": {"cross": weights}}
    return attend, row


@pytest.fixture
def course(empty_course, monkeypatch):
    monkeypatch.setattr(study, "train", made_up_train)
    return empty_course


def test_a_whole_run_leaves_a_record_and_answers_every_prediction(course, run_lab):
    record, now = run_lab(edition="smoke", n_test=60)
    assert len(record.runs) == 2 * len(ARMS)
    assert "right" not in record.runs[0]
    assert len(record.summary["findings"]) == len(STATEMENTS)
    assert [row["question"][0] for row in now["answers"]] == ["1", "2", "3", "4"]
    assert record.summary["own"]["whose"] == "the solution's"
    assert max(record.summary["gaps"].values()) < 1e-10


def test_a_right_function_of_the_reader_is_trained_and_a_wrong_one_is_not(course, run_lab):
    solution = (
        "def your_attention(query, key, value, mask=None):\n"
        "    scores = query @ key.transpose(-2, -1) / query.shape[-1] ** 0.5\n"
        "    if mask is not None:\n"
        '        scores = scores.masked_fill(~mask, float("-inf"))\n'
        "    return scores.softmax(dim=-1) @ value\n"
        "yours = judge.says(your_attention)\n"
    )
    record, now = run_lab({"yours": solution}, edition="smoke", n_test=20, seeds=1)
    assert record.summary["own"]["whose"] == "yours"
    assert now["_"] is now["your_attention"]
    record, now = run_lab({"yours": solution.replace("** 0.5", "")}, edition="smoke", n_test=20, seeds=1)
    assert record.summary["own"]["whose"] == "the solution's"
    assert now["_"] is judge.solution


@pytest.mark.parametrize("questions", [["norm"], ["division"], ["rate"], ["positions"], ["heads"]])
def test_any_question_alone_comes_to_its_end(course, run_lab, questions):
    record, now = run_lab(edition="smoke", questions=questions, seeds=1, n_test=30)
    assert {row["arm"] for row in record.summary["standings"]} == {
        name for name, arm in ARMS.items() if questions[0] in arm.asked
    }
    assert now["skipped"] == {}


def test_pieces_put_together_give_the_record_of_the_whole(course, run_lab, monkeypatch):
    given = {"edition": "smoke", "questions": ["heads"], "seeds": 2, "n_test": 30}
    whole, now = run_lab(**given)
    names = list(now["grid"])
    for number, name in enumerate(names):
        monkeypatch.setenv("HELPERS_RUN", f"20260101T000000-{number:06x}")
        record, now = run_lab(**given, piece=name)
        now["path"].with_name("notebook.ipynb").write_text("{}")
        assert [f"{row['arm']}/{row['seed']}" for row in record.runs] == [name]
        assert len(record.runs[0]["right"]) == 30
    monkeypatch.setenv("HELPERS_RUN", "20260101T000000-ffffff")
    record, _ = run_lab(**given, piece="gathered")
    for one in (record, whole):  # measured anew in each: of the size of a rounding error
        assert max(one.summary.pop("gaps").values()) < 1e-10
    assert record.summary == whole.summary
    assert record.runs == whole.runs
    assert len(record.pieces) == len(names)


def test_a_network_above_the_ceiling_fails_the_lab(course, run_lab, monkeypatch):
    def cheat(key, parameters, attend=None):
        model, row = made_up_train(key, parameters, attend)
        return model, row | {"by_place": [0.95] * parameters["length"]}

    monkeypatch.setattr(study, "train", cheat)
    with pytest.raises(AssertionError, match="above the ceiling"):
        run_lab(edition="smoke", n_test=60, questions=["positions"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"questions": "layers"}, "questions: expected a list of positions, heads"),
        ({"length": 30}, "length: expected 2 to 26 letters"),
        ({"word": "Straße"}, "word: expected letters from a to z"),
        ({"piece": "base/7"}, "piece: expected gathered, or one of base/0"),
    ],
)
def test_a_wrong_parameter_stops_the_lab_before_any_work(course, run_lab, wrong, message):
    with pytest.raises(ValueError, match=message):
        run_lab(**wrong)
