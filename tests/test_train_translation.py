"""The translation script, from a file of pairs to its record, on a language of a dozen words."""

import importlib.util
import itertools
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.data.text import PairBatches
from helpers.models.seq2seq import Seq2Seq
from helpers.records import Record

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "train_translation.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("train_translation", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["train_translation"] = module  # its worker processes look their functions up by name
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pairs():
    nouns = {"robe": "dress", "porte": "door", "voiture": "car", "table": "table", "maison": "house"}
    colours = {"rouge": "red", "jaune": "yellow", "verte": "green", "noire": "black"}
    verbs = {"brille": "shines", "tombe": "falls", "vole": "flies"}
    return [
        (("la", noun, colour, verb, "."), ("the", colours[colour], nouns[noun], verbs[verb], "."))
        for noun, colour, verb in itertools.product(nouns, colours, verbs)
    ]


def test_every_own_sentence_has_a_link_list_for_each_word_and_the_links_exist(script):
    assert len(script.OWN_SENTENCES) == 12
    for source, target, links in script.OWN_SENTENCES:
        assert len(links) == len(target.split())
        assert all(0 <= j < len(source.split()) for link in links for j in link)


def test_passages_use_each_pair_once(script, pairs):
    passages = script.make_passages(pairs, 3, seed=0)
    words = sorted(word for source, _ in passages for word in source)
    assert words == sorted(word for source, _ in pairs for word in source)
    assert {len(source) // 5 for source, _ in passages} == {1, 2, 3}
    assert passages == script.make_passages(pairs, 3, seed=0)


def test_the_step_sums_over_words_and_leaves_padding_out(script):
    torch.manual_seed(0)
    translator = Seq2Seq(20, 20, 8, 8)
    batches = PairBatches([([4, 5, 6], [7, 8]), ([9], [10, 11, 12, 13])], 2, shuffle=False)
    batch = next(batches.batches())
    loss, right, words = script.translation_step(translator, next(script.TrainingPairs(batches).epoch(0)))
    logits = translator(batch.source, batch.target_in)
    by_word = -logits.log_softmax(-1).gather(-1, batch.target_out[..., None])[..., 0]
    expected = [by_word[0, :3].sum() + by_word[1].sum(), (logits.argmax(-1) == batch.target_out).sum(), 8]
    assert batch.target_out[0].tolist() == [7, 8, 3, 0, 0]
    torch.testing.assert_close(loss, expected[0])
    assert (right, words) == (expected[1], 8)


def test_other_pairs_or_another_order_have_another_fingerprint(script):
    pairs = [([4, 5], [6]), ([7], [8, 9])]
    first = script.TrainingPairs(PairBatches(pairs, 2)).fingerprint
    assert script.TrainingPairs(PairBatches(pairs, 2)).fingerprint == first
    for other in (
        PairBatches(pairs[::-1], 2),
        PairBatches(pairs, 1),
        PairBatches(pairs, 2, 1),
        PairBatches(pairs, 2, shuffle=False),
    ):
        assert script.TrainingPairs(other).fingerprint != first


def test_agreement_is_counted_against_the_links(script):
    weights = np.eye(4, 3).tolist()  # the last row is that of <end>
    row = {"source": ["a", "b", "c"], "target": ["x", "y", "z"], "links": [[0], [2], [1, 2]], "weights": weights}
    row["erasure"] = [[1, 2, 0], [0, 0, 3], [0, 5, 1]]
    counted = script.agreement([row, row])
    assert counted["attention"]["value"] == pytest.approx(2 / 3)
    assert counted["diagonal"]["value"] == pytest.approx(2 / 3)
    assert counted["erasure"]["value"] == pytest.approx(2 / 3)
    assert counted["attention_is_erasure"]["value"] == 0
    assert (counted["attention"]["words"], counted["attention"]["n"]) == (6, 2)


def test_erasure_compares_with_the_whole_sentence(script):
    torch.manual_seed(0)
    translator = Seq2Seq(20, 20, 8, 8, "none").eval()
    source, target = torch.tensor([[4, 5, 6]]), torch.tensor([7, 8])
    falls = script.erase_each_word(translator, source, target)
    assert falls.shape == (2, 3)
    given = torch.tensor([[script.BEGIN, 7]])
    whole = translator(source, given).log_softmax(-1)[0, 1, 8]
    without = translator(torch.tensor([[4, script.UNKNOWN, 6]]), given).log_softmax(-1)[0, 1, 8]
    torch.testing.assert_close(falls[1, 1], whole - without)


def test_a_sentence_of_the_corpus_never_becomes_our_own(script, pairs):
    stolen = tuple(script.OWN_SENTENCES[0][0].split())
    with pytest.raises(ValueError, match="is a sentence of the corpus"):
        script.prepare([*pairs, (stolen, ("x",))], script.Settings())


def test_a_model_learns_and_its_record_holds(script, pairs, tmp_path, monkeypatch):
    """One worker in this process instead of three: what is tested is the course of a run, not the pool."""
    monkeypatch.setattr(script, "run", lambda task, folder, workers, threads: run_here(script, task, folder))
    monkeypatch.setattr(script, "build_folder", lambda: tmp_path / "build")
    path = tmp_path / "fra-eng.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fra.txt", "\n".join(f"{' '.join(e)}\t{' '.join(f)}" for f, e in pairs))
    command = (
        f"--file {path} --out {tmp_path} --edition smoke --epochs 12 --batch-size 4 --hidden-dim 24 --embed-dim 16"
    )
    record_path = script.main([*command.split(), "--learning-rate", "0.01", "--min-count", "1"])
    record = Record.model_validate_json(record_path.read_text(encoding="utf-8"))
    run = record.runs[0]
    accuracies = [row["train_token_accuracy"] for row in run["curve"]]
    assert accuracies[0] < 0.3
    assert accuracies[-1] > 0.7
    assert 0 <= run["by_length"][-1]["bleu"]["low"] <= run["by_length"][-1]["bleu"]["high"] <= 1
    assert len(record.summary["own_sentences"]["additive"]) == 12
    assert np.allclose(np.sum(record.summary["own_sentences"]["additive"][0]["weights"], axis=1), 1, atol=0.01)
    assert record.data.local_variant
    steps = run["updates"]
    again = Record.model_validate_json(
        script.main([*command.split(), "--learning-rate", "0.01", "--min-count", "1"]).read_text()
    )
    assert again.runs[0]["updates"] == steps  # the finished run came from its checkpoint
    assert again.runs[0]["by_length"] == run["by_length"]


def run_here(script, task, folder):
    run = script.train_and_measure("additive", task, folder, threads=torch.get_num_threads())
    own = {"additive": run.pop("own_sentences")}
    return [run], {
        "own_sentences": own,
        "agreement": {"additive": script.agreement(own["additive"])},
        "sizes": task.sizes,
    }
