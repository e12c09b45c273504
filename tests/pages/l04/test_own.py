"""The course's twelve sentences: their links exist, none is the corpus's, and guesses and erasures are counted."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.data.text import BEGIN, UNKNOWN, Vocabulary
from helpers.pages.l04 import own, says
from helpers.pages.l04.arms import ARMS
from helpers.pages.l04.networks import build


def test_every_sentence_has_a_link_list_for_each_word_and_the_links_exist():
    assert len(own.SENTENCES) == 12
    for source, target, links in own.SENTENCES:
        assert len(links) == len(target.split())
        assert all(0 <= j < len(source.split()) for link in links for j in link)


def test_a_sentence_of_the_corpus_never_becomes_our_own():
    stolen = tuple(own.SENTENCES[0][0].split())
    own.refuse_known([(stolen[:-1], ("x",))])
    with pytest.raises(ValueError, match="is a sentence of the corpus"):
        own.refuse_known([(("a",), ("b",)), (stolen, ("x",))])


def test_agreement_is_counted_against_the_links():
    weights = np.eye(4, 3).tolist()  # the last row is that of <end>
    row = {"source": ["a", "b", "c"], "target": ["x", "y", "z"], "links": [[0], [2], [1, 2]], "weights": weights}
    row["erasure"] = [[1, 2, 0], [0, 0, 3], [0, 5, 1]]
    counted = own.agreement([row, row])
    assert counted["attention"]["value"] == pytest.approx(2 / 3)
    assert counted["diagonal"]["value"] == pytest.approx(2 / 3)
    assert counted["erasure"]["value"] == pytest.approx(2 / 3)
    assert counted["attention_is_erasure"]["value"] == 0
    assert (counted["attention"]["words"], counted["attention"]["n"]) == (6, 2)
    without = {key: value for key, value in row.items() if key != "weights"}
    assert set(own.agreement([without, without])) == {"diagonal", "erasure"}
    cells = says.agreement_table({"additive": counted, "none": own.agreement([without, without])})
    assert cells[1]["largest weight"] == "–"
    assert cells[0]["diagonal"] == cells[1]["diagonal"]


@pytest.mark.parametrize("name", ["none", "additive", "backwards"])
def test_erasure_compares_with_the_whole_sentence(name):
    model = build(ARMS[name], 20, 20, (8, 8), seed=0).eval()
    source, target = torch.tensor([[4, 5, 6]]), torch.tensor([7, 8])
    falls = own.erase_each_word(model, source, target)
    assert falls.shape == (2, 3)
    with torch.no_grad():
        given = torch.tensor([[BEGIN, 7]])
        whole = model(source, given).log_softmax(-1)[0, 1, 8]
        without = model(torch.tensor([[4, UNKNOWN, 6]]), given).log_softmax(-1)[0, 1, 8]
    torch.testing.assert_close(falls[1, 1], whole - without, atol=1e-5, rtol=1e-4)


def test_every_sentence_is_answered_read_and_erased():
    french, english = (Vocabulary(text.split() for text in side) for side in list(zip(*own.SENTENCES, strict=True))[:2])
    task = SimpleNamespace(french=french, english=english)
    answers = {arm: build(ARMS[arm], len(french), len(english), (6, 6), 0) for arm in ("none", "additive")}
    rows = {arm: own.own_answers(model, task) for arm, model in answers.items()}
    assert "weights" not in rows["none"][0]
    for row in rows["additive"]:
        N, M = len(row["target"]), len(row["source"])
        assert row["unknown"] == []
        assert np.shape(row["erasure"]) == (N, M)
        assert np.shape(row["weights"]) == (N + 1, M)
        assert np.allclose(np.sum(row["weights"], axis=1), 1, atol=0.01)
    few = SimpleNamespace(french=Vocabulary([["la"]]), english=english)
    model = build(ARMS["none"], len(few.french), len(english), (6, 6), 0)
    assert own.own_answers(model, few)[0]["unknown"] == ["voiture", "rouge", "est", "petite", "."]
    assert [row["French, ours"] for row in says.own_table(rows)] == [source for source, _, _ in own.SENTENCES]
