"""What lab 15 makes of its runs: made-up answers with known differences."""

import json
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from helpers.pages.l15 import figures, leak, report
from helpers.pages.l15.headline import headline
from helpers.pages.l15.methods import STATEMENTS, STUDENTS, TEACHER

LABELS = np.arange(200) % 4
TEACHERS = {"xception_mini": (LABELS + (np.arange(200) >= 120)) % 4}


def named(right):
    return np.where(np.arange(200) < right, LABELS, (LABELS + 1) % 4)


def run(student, seed, right, **more):
    row = {"student": student, "seed": seed, "predictions": named(right).tolist(), "fit_s": 3.0}
    return row | {"images_seen": 1200, "history": {}} | more


def two_tokens(student, seed, label, teacher, probabilities):
    heads = {"label": named(label), "teacher": named(teacher), "probabilities": named(probabilities)}
    heads = {name: rows.tolist() for name, rows in heads.items()}
    return run(student, seed, label, heads=heads, cosines=[0.1, 0.5, 0.9])


RUNS = [run("none", 0, 60), run("hard", 0, 90), run("soft", 0, 62), two_tokens("token", 0, 140, 130, 138)]


def test_statements_speak_of_students_and_teachers_that_exist():
    for _, *sides, _ in STATEMENTS:
        for side in sides:
            teacher = side.removeprefix(TEACHER)
            assert side in STUDENTS or teacher in {student.teacher for student in STUDENTS.values()}
    assert len({statement for statement, *_ in STATEMENTS}) == len(STATEMENTS)


def test_teachers_stand_above_students_and_seeds_are_pooled():
    runs = [run("none", 1, 80), run("none", 0, 60)]
    teacher, student = report.standings(runs, LABELS, TEACHERS)
    assert (teacher.name, teacher.top1.value, teacher.fit_s) == ("teacher:xception_mini", 0.6, None)
    assert (student.name, student.by_seed) == ("none", (0.3, 0.4))
    assert student.top1.covers == "both"
    assert report.label_of(teacher.name) == "the teacher, xception_mini"


def test_a_statement_holds_falls_or_stays_open_and_a_teacher_stands_beside_each_seed():
    found = {one.statement: one for one in report.findings(RUNS, LABELS, TEACHERS)}
    assert found["hard distillation helps"].verdict == report.HOLDS
    assert found["hard distillation helps"].difference.value == pytest.approx(0.15)
    assert found["soft distillation helps"].verdict == report.UNDECIDED
    assert found["the student passes its teacher"].difference.value == pytest.approx(0.1)
    assert "the better teacher has the better student" not in found
    worse = report.findings([run("none", 0, 90), run("hard", 0, 60)], LABELS, {})
    assert worse[0].verdict == report.OPPOSITE
    both = [two_tokens("token", seed, 140, 140, 140) for seed in (0, 1)]
    (one,) = report.findings(both, LABELS, TEACHERS)
    assert one.statement == "the student passes its teacher"
    with pytest.raises(ValueError, match="every student needs every seed"):
        report.findings([run("none", 0, 9), run("hard", 1, 9)], LABELS, {})


def test_disagreement_counts_differing_answers_of_heads_too():
    names, share = report.disagreement(RUNS, TEACHERS)
    at = {name: k for k, name in enumerate(names)}
    assert share[at["none"], at["hard"]] == share[at["hard"], at["none"]] == pytest.approx(30 / 200)
    assert share[at["token, label head"], at["token, teacher head"]] == pytest.approx(10 / 200)
    assert share[at["teacher:xception_mini"], at["hard"]] == pytest.approx(30 / 200)
    assert np.isnan(share[at["none"], at["none"]]), "one seed has no other one"
    two = [run("none", 0, 60), run("none", 1, 80)]
    names, share = report.disagreement(two, {})
    assert names == ["none"]
    assert share[0, 0] == pytest.approx(0.1)


def test_rows_of_tokens_hold_both_fusions():
    (row,) = report.token_rows(RUNS, LABELS)
    assert row["label_top1"] == 0.7
    assert row["teacher_top1"] == 0.65
    assert row["probabilities_top1"] == 0.69
    assert row["differ"] == 2
    assert row["cosines"] == [0.1, 0.5, 0.9]


def test_the_record_holds_answers_of_pieces_alone():
    (whole,) = report.record_rows(RUNS[-1:], LABELS, keep_predictions=False)
    assert not {"predictions", "heads"} & set(whole)
    assert whole["cosines"]
    (piece,) = report.record_rows(RUNS[-1:], LABELS, keep_predictions=True)
    assert piece["heads"]
    assert piece["test_top1"]["value"] == 0.7


def test_figures_show_what_they_are_given():
    rows = report.standings(RUNS, LABELS, TEACHERS)
    ax = figures.ladder(rows, 0.25).axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()][:2] == ["the teacher, xception_mini", "labels alone"]
    assert [text.get_text() for text in ax.texts] == ["60.0", "30.0", "45.0", "31.0", "70.0"]
    tokens = report.token_rows([*RUNS, two_tokens("two_labels", 0, 9, 9, 9)], LABELS)
    ax = figures.token_lines(tokens).axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.1, 0.5, 0.9]] * 2
    assert {line.get_linestyle() for line in ax.lines} == {"-", "--"}
    ax = figures.disagreements(*report.disagreement(RUNS, TEACHERS)).axes[0]
    assert [text.get_text() for text in ax.get_xticklabels()] == ["teacher\nxception_mini", "none"]
    assert "15" in {text.get_text() for text in ax.texts}
    effects = dict.fromkeys(
        ("teacher, seen", "teacher, unseen", "student, seen", "student, unseen"),
        SimpleNamespace(value=0.5, low=0.4, high=None),
    )
    texts = [text.get_text() for text in figures.leak_bars(effects).axes[0].texts]
    assert texts == ["+50.0"] * 4
    for draw in (lambda: figures.ladder([], 0.1), lambda: figures.token_lines([]), lambda: figures.leak_bars({})):
        with pytest.raises(ValueError, match="at least one"):
            draw()
    plt.close("all")


def test_the_headline_says_what_was_found():
    leaked = {name: SimpleNamespace(**one) for name, one in LEAKED.items()}
    summary = {
        "standings": [row.as_row() for row in report.standings(RUNS, LABELS, TEACHERS)],
        "findings": [one.as_row() for one in report.findings(RUNS, LABELS, TEACHERS)],
        "leak": {name: vars(one) for name, one in leaked.items()},
        "num_classes": 4,
    }
    text = headline(SimpleNamespace(summary=json.loads(json.dumps(summary))))
    assert "labels alone names **30.0" in text
    assert "taught as DeiT is **70.0" in text
    assert "one training of each" in text
    assert "worth **+56.0" in text
    alone = headline(SimpleNamespace(summary=summary | {"standings": [], "findings": []}))
    assert alone.count("\n") == 0


LEAKED = {
    "teacher, seen": {"value": 0.56, "low": 0.5, "high": 0.6, "n": 9, "covers": "both"},
    "student, seen": {"value": 0.01, "low": -0.1, "high": 0.1, "n": 9, "covers": "both"},
}


def test_what_travels_is_the_gain_on_seen_minus_the_gain_on_unseen_images():
    seen, unseen = np.arange(0, 200, 2), np.arange(1, 200, 2)
    own = SimpleNamespace(seen=seen, unseen=unseen)
    clean, leaky = named(100), named(100)
    leaky[seen[60:80]] = LABELS[seen[60:80]]  # twenty of the seen images more
    knows = clean.copy()
    knows[seen] = LABELS[seen]
    runs = [
        run("leak_clean", 0, 0, predictions=clean.tolist(), teacher_predictions=clean.tolist()),
        run("leak_seen", 0, 0, predictions=leaky.tolist(), teacher_predictions=knows.tolist()),
    ]
    found = leak.effects(runs, LABELS, own)
    assert found["teacher, seen"].value == pytest.approx(0.5)
    assert found["student, seen"].value == pytest.approx(0.2)
    assert found["student, unseen"].value == 0.0
    travelled = found["travelled"]
    assert travelled.value == pytest.approx(0.2)
    assert 0 < travelled.low < 0.2 - (found["student, seen"].value - found["student, seen"].low) + 1e-9
    rows = leak.accuracies(runs, LABELS, own)
    assert [(row["who"], row["teacher"]) for row in rows][:2] == [("teacher", "leak_clean"), ("student", "leak_clean")]
    assert rows[3]["seen"] == pytest.approx(0.7)
    share = leak.arrived(found)
    assert share[0] == pytest.approx(0.4), "0.2 of the 0.5 that the teacher gains on what it saw"
    assert share[1] < share[0] < share[2]
    assert leak.arrived({}) is None

    assert leak.effects(runs[:1], LABELS, own) == {}


def test_students_stand_in_order_with_a_sign_between_neighbours():
    assert report.order(RUNS, LABELS, ["none", "token"]) == "hard, own token  >  labels alone"
    assert report.order(RUNS, LABELS, []) == ""


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ((-0.01, -0.13, 0.1), "−1 % [−13, 10]: at most 10 % arrives; all and half are excluded"),
        ((0.4, -0.2, 1.1), "40 % [−20, 110]: at most 110 % arrives; nothing is excluded"),
        ((0.5, 0.3, 0.7), "50 % [30, 70]: at most 70 % arrives; all and none are excluded"),
    ],
)
def test_what_arrives_is_held_against_all_half_and_none(share, words):
    assert leak.arrived_text(share) == words


def test_the_tokens_are_held_against_the_order_of_the_paper():
    rows = [{"student": "token", "cosines": [1.0, 0.998]}, {"student": "two_labels", "cosines": [1.0, 0.992]}]
    assert "not as in the paper; one training of each, too short to tell" in report.tokens_text(rows)
    assert "as in the paper, lessons" in report.tokens_text([rows[1], rows[0] | {"cosines": [0.9]}])
    assert report.tokens_text(rows[:1]) == ""
