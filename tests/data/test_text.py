"""Sentence pairs: tokens, files good and bad, splits that share no sentence, vocabularies, batches."""

import zipfile

import numpy as np
import pytest
import torch

from helpers.data.fetching import FetchError
from helpers.data.registry import REGISTRY
from helpers.data.text import (
    BEGIN,
    END,
    PADDING,
    UNKNOWN,
    PairBatches,
    TextFileError,
    Vocabulary,
    load_fra_eng,
    pad,
    read_pairs,
    split_pairs,
    tokenise,
)

LINES = ["A mouse sings.\tUne souris chante.", "Two mice sing.\tDeux souris chantent.", "Sing!\tChante\u202f!"]


def write_zip(path, lines, name="fra.txt"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "\n".join(lines))
    return path


# ---- tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "language", "tokens"),
    [
        ("L'horloge s’arrête.", "french", ("l'", "horloge", "s'", "arrête", ".")),
        ("Chantes-tu\u202f?", "french", ("chantes", "-tu", "?")),
        ("Où\u00a0va-t-elle aujourd'hui ?", "french", ("où", "va", "-t", "-elle", "aujourd'hui", "?")),
        ("A\u0300 demain", "french", ("à", "demain")),  # two code points made one
        ("Mice don't sing.", "english", ("mice", "don't", "sing", ".")),
        ("A so-called mouse, 12 years old", "english", ("a", "so-called", "mouse", ",", "12", "years", "old")),
    ],
)
def test_sentences_are_cut_into_words_and_marks(sentence, language, tokens):
    assert tokenise(sentence, language) == tokens


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="expected one of french, english, got 'latin'"):
        tokenise("Mus cantat.", "latin")


# ---- files -----------------------------------------------------------------------------------------------------------


def test_pairs_come_as_french_then_english(tmp_path):
    pairs = read_pairs(write_zip(tmp_path / "a.zip", [*LINES, "Third column.\tTroisième colonne.\tattribution"]))
    assert pairs[0] == (("une", "souris", "chante", "."), ("a", "mouse", "sings", "."))
    assert pairs[2][0] == ("chante", "!")
    assert len(pairs) == 4


def test_a_cut_file_is_named_with_its_remedy(tmp_path):
    path = write_zip(tmp_path / "a.zip", LINES * 50)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(TextFileError, match=r"a\.zip: broken zip file.*Delete it.*HELPERS_DATA"):
        read_pairs(path)


def test_damaged_content_is_found(tmp_path):
    path = write_zip(tmp_path / "a.zip", [f"Mouse {i}.\tSouris {i}." for i in range(500)])
    data = bytearray(path.read_bytes())
    data[200:220] = bytes(20)
    path.write_bytes(data)
    with pytest.raises(TextFileError, match="broken zip file"):
        read_pairs(path)


def test_an_archive_without_the_text_and_a_line_without_tab_are_named(tmp_path):
    with pytest.raises(TextFileError, match=r"expected one file fra\.txt in it, got 0"):
        read_pairs(write_zip(tmp_path / "a.zip", LINES, name="../../passwords.txt"))
    with pytest.raises(TextFileError, match="line 4: expected English<TAB>French, got 1 column"):
        read_pairs(write_zip(tmp_path / "b.zip", [*LINES, "No tab here."]))


def test_a_decompression_bomb_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.data.text.MAX_TEXT_BYTES", 50)
    with pytest.raises(TextFileError, match="expected at most 50, got 87 bytes of text"):
        read_pairs(write_zip(tmp_path / "a.zip", LINES))


def test_the_set_is_found_by_helpers_data_and_its_absence_says_so(tmp_path, monkeypatch):
    folder = tmp_path / "fra_eng"
    folder.mkdir()
    write_zip(folder / "fra-eng.zip", LINES)
    monkeypatch.setenv("HELPERS_DATA", str(tmp_path))
    pairs, found = load_fra_eng()
    assert len(pairs) == 3
    assert found.local_variant  # not the registry's bytes
    monkeypatch.setenv("HELPERS_DATA", "")
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "empty"))
    with pytest.raises(FetchError, match=r"set HELPERS_DATA to a folder that holds fra_eng/fra-eng\.zip"):
        load_fra_eng()
    assert not REGISTRY["fra_eng"].files[0].urls


# ---- splits ----------------------------------------------------------------------------------------------------------


def make_pairs(count):
    """Every English sentence has two French ones, and each tenth French sentence serves two English ones."""
    pairs = []
    for i in range(count):
        for k in range(2):
            pairs.append(((f"f{i}", f"v{k}") if i % 10 else ("shared", str(i // 20)), (f"e{i}",)))
    return pairs


def test_no_sentence_of_either_language_is_in_two_parts():
    pairs = make_pairs(500)
    train, val, test = split_pairs(pairs, 0.1, 0.2, seed=0)
    assert len(train) + len(val) + len(test) == len(pairs)
    assert 0.08 < len(val) / len(pairs) <= 0.1
    assert 0.18 < len(test) / len(pairs) <= 0.2
    for side in (0, 1):
        parts = [{pair[side] for pair in part} for part in (train, val, test)]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]


def test_splits_follow_their_seed():
    pairs = make_pairs(200)
    assert split_pairs(pairs, 0.1, 0.1, 3) == split_pairs(pairs, 0.1, 0.1, 3)
    assert split_pairs(pairs, 0.1, 0.1, 3) != split_pairs(pairs, 0.1, 0.1, 4)


def test_impossible_fractions_are_refused():
    with pytest.raises(ValueError, match=r"sum below 1, got 0\.5 and 0\.5"):
        split_pairs(make_pairs(3), 0.5, 0.5, 0)


# ---- vocabulary and batches ------------------------------------------------------------------------------------------


def test_frequent_words_get_numbers_and_rare_ones_do_not():
    vocabulary = Vocabulary([("a", "mouse"), ("a", "cat", "a")], min_count=2)
    assert vocabulary.words == ("<padding>", "<unk>", "<begin>", "<end>", "a")
    assert vocabulary.encode(("a", "mouse")) == [4, UNKNOWN]
    assert vocabulary.decode([BEGIN, 4, UNKNOWN, END, 4, PADDING]) == ["a", "<unk>"]
    assert "mouse" not in vocabulary
    assert len(vocabulary) == 5


def numbered(count, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (list(rng.integers(4, 50, rng.integers(1, 12))), list(rng.integers(4, 50, rng.integers(1, 12))))
        for _ in range(count)
    ]


def test_each_pair_comes_once_an_epoch_with_its_words():
    pairs = numbered(103)
    batches = PairBatches(pairs, 16, seed=1)
    seen = []
    for batch in batches.batches(epoch=2):
        for k, row in enumerate(batch.rows.tolist()):
            source, target = pairs[row]
            assert [x for x in batch.source[k].tolist() if x] == source
            assert [x for x in batch.target_in[k].tolist() if x] == [BEGIN, *target]
            assert [x for x in batch.target_out[k].tolist() if x] == [*target, END]
        assert batch.target_in.shape == batch.target_out.shape
        seen += batch.rows.tolist()
    assert sorted(seen) == list(range(103))
    assert len(batches) == 7


def test_a_batch_depends_on_seed_epoch_and_number_alone():
    batches = PairBatches(numbered(60), 8, seed=5)
    whole = list(batches.batches(epoch=1))
    rest = list(batches.batches(epoch=1, start=4))
    assert all(torch.equal(a.source, b.source) for a, b in zip(whole[4:], rest, strict=True))
    assert [b.rows.tolist() for b in whole] != [b.rows.tolist() for b in batches.batches(epoch=2)]


def test_neighbours_have_similar_lengths():
    batches = PairBatches(numbered(400), 20)
    padding = np.mean([(batch.target_in == PADDING).float().mean().item() for batch in batches.batches()])
    assert padding < 0.05
    assert pad([[4], [5, 6]]).tolist() == [[4, 0], [5, 6]]


def test_empty_input_is_refused():
    with pytest.raises(ValueError, match="at least one, none with an empty sentence, got 0 pairs"):
        PairBatches([], 4)
    with pytest.raises(ValueError, match="none with an empty sentence"):
        PairBatches([([], [4])], 4)
    with pytest.raises(ValueError, match="batch_size: expected at least 1, got 0"):
        PairBatches([([4], [4])], 0)
