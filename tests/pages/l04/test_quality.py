"""Words and BLEU by length: sums over the sentences of a bin, with intervals."""

import numpy as np
import pytest

from helpers.measure.bleu import bleu_counts, bleu_of
from helpers.pages.l04.quality import as_rows, quality, quality_table

LENGTHS = np.array([3, 4, 9, 12, 12, 7])
REFERENCE = ("a", "b", "c", "d", "e")


def run(arm, seed, right):
    said = [REFERENCE if k < right else ("a", "b", "c", "d", "x") for k in range(len(LENGTHS))]
    bleu = [bleu_counts(own, [REFERENCE]).tolist() for own in said]
    return {"arm": arm, "seed": seed, "tokens": [[right, 10]] * len(LENGTHS), "bleu": bleu}


def test_each_bin_sums_its_sentences_and_the_last_row_is_all_of_them():
    runs = [run("none", 0, 2), run("none", 1, 4), run("dot", 0, 6), run("dot", 1, 6)]
    found = quality(runs, LENGTHS, [5, 9])
    rows = found["none"]
    assert [(row["bin"], row["from"], row["to"], row["n"]) for row in rows] == [
        ("1–5", 3, 4, 2),
        ("6–9", 7, 9, 2),
        ("10–12", 12, 12, 2),
        ("all", 3, 12, 6),
    ]
    assert rows[-1]["words"].value == pytest.approx(0.3), "over both seeds"
    own = np.array([runs[0]["bleu"], runs[1]["bleu"]])
    assert rows[-1]["bleu"].value == pytest.approx(float(bleu_of(own.sum((0, 1)))))
    assert rows[-1]["bleu"].low < rows[-1]["bleu"].value < rows[-1]["bleu"].high
    assert rows[0]["mean"] == 3.5
    assert found["dot"][0]["bleu"].value == 1.0
    assert as_rows(found)["none"][-1]["words"]["value"] == rows[-1]["words"].value
    table = quality_table(found, "bleu")
    assert [line["French words"] for line in table] == ["1–5", "6–9", "10–12", "all"]
    assert list(table[0]) == ["French words", "sentences", "no attention", "dot products"]
