"""Sentences in two languages: reading, cutting into tokens, numbering, batching.

The set is `fra_eng`, 76,037 short pairs of English and French sentences from Tatoeba. The course translates French
into English. One English sentence has often several French ones, so lines are never split apart: a connected group of
sentences goes whole to training, validation or test, and no test sentence, in either language, was seen in training.
"""

import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from helpers.data.fetching import Found, fetch

PADDING, UNKNOWN, BEGIN, END = range(4)
SPECIAL = ("<padding>", "<unk>", "<begin>", "<end>")
LANGUAGES = {
    # l'homme -> l' homme; peux-tu -> peux -tu; aujourd'hui is one word.
    "french": re.compile(r"aujourd'hui|[^\W_]+'|-?[^\W_]+|[^\w\s]"),
    # don't and so-called stay whole.
    "english": re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[^\w\s]"),
}
MAX_TEXT_BYTES = 64 << 20  # the set has 4 MB; a decompression bomb has more

Pair = tuple[tuple[str, ...], tuple[str, ...]]  # source and target tokens


class TextFileError(ValueError):
    """A file of sentence pairs that is broken or has another form; the message says how to mend it."""


def tokenise(sentence: str, language: str) -> tuple[str, ...]:
    """Lower-case words and punctuation marks: "L'homme  rit." -> ("l'", "homme", "rit", ".").

    Every kind of space, also the no-break ones that French puts before "?", only separates.

    Raises
    ------
    ValueError
        For a language other than "french" and "english".
    """
    if language not in LANGUAGES:
        raise ValueError(f"language: expected one of {', '.join(LANGUAGES)}, got {language!r}")
    text = unicodedata.normalize("NFC", sentence).lower().replace("’", "'")
    return tuple(LANGUAGES[language].findall(text))


def read_pairs(path: Path) -> list[Pair]:
    """Every pair of a zip file that holds one text file of English<TAB>French lines, as (French, English) tokens.

    Raises
    ------
    TextFileError
        Naming the file and the remedy, where it is no zip file, is cut short, too large or has a line of another form.
    """
    remedy = "Delete it, get it again, and set HELPERS_DATA to the folder that holds fra_eng/fra-eng.zip."
    try:
        with zipfile.ZipFile(path) as archive:
            texts = [member for member in archive.infolist() if member.filename.endswith("fra.txt")]
            if len(texts) != 1:
                raise TextFileError(f"{path}: expected one file fra.txt in it, got {len(texts)}. {remedy}")
            if texts[0].file_size > MAX_TEXT_BYTES:
                size = f"{texts[0].file_size:,} bytes of text"
                raise TextFileError(f"{path}: expected at most {MAX_TEXT_BYTES:,}, got {size}. {remedy}")
            with archive.open(texts[0]) as file:  # no more than it says: `archive.read` would unpack all there is
                lines = file.read(texts[0].file_size + 1).decode("utf-8").splitlines()
    except (TextFileError, MemoryError):
        raise
    except Exception as error:  # zipfile and its four decoders raise whatever a broken file provokes
        raise TextFileError(f"{path}: broken zip file ({type(error).__name__}: {error}). {remedy}") from error
    pairs = []
    for number, line in enumerate(lines, start=1):
        columns = line.split("\t")
        if len(columns) < 2:  # newer files have a third column, the attribution
            told = f"expected English<TAB>French, got {len(columns)} column. {remedy}"
            raise TextFileError(f"{path}: line {number}: {told}")
        pairs.append((tokenise(columns[1], "french"), tokenise(columns[0], "english")))
    return [(source, target) for source, target in pairs if source and target]


def load_fra_eng(progress: bool = True) -> tuple[list[Pair], Found]:
    """All pairs of the set `fra_eng`, in its order, and the file they come from."""
    found = fetch("fra_eng", "fra-eng.zip", progress=progress)
    return read_pairs(found.path), found


def split_pairs(
    pairs: Sequence[Pair], val_fraction: float, test_fraction: float, seed: int
) -> tuple[list[Pair], list[Pair], list[Pair]]:
    """Training, validation and test pairs, each in the order given; no sentence of one occurs in another.

    Two pairs that share a sentence, in either language, belong to one group, and so do the pairs of a chain of such
    pairs. Groups are shuffled by `seed` and dealt to test and validation until these have their share. A group larger
    than a hundredth of the set always trains.

    Raises
    ------
    ValueError
        For fractions that leave nothing to train on.
    """
    if min(val_fraction, test_fraction) < 0 or val_fraction + test_fraction >= 1:
        raise ValueError(f"fractions: expected two >= 0 with a sum below 1, got {val_fraction} and {test_fraction}")
    groups = _groups(pairs)
    order = np.random.default_rng(seed).permutation(len(groups))
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    wanted = (len(pairs), val_fraction * len(pairs), test_fraction * len(pairs))
    for group in (groups[i] for i in order):
        small = len(group) <= max(1, len(pairs) // 100)
        part = next((p for p in (2, 1) if small and len(parts[p]) + len(group) <= wanted[p]), 0)
        parts[part].extend(group)
    train, val, test = ([pairs[i] for i in sorted(part)] for part in parts)
    return train, val, test


def _groups(pairs: Sequence[Pair]) -> list[list[int]]:
    """Indices of the pairs that hang together through shared sentences (union-find over both languages)."""
    root = list(range(len(pairs)))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = i = root[root[i]]
        return i

    first: dict[tuple[int, tuple[str, ...]], int] = {}
    for i, pair in enumerate(pairs):
        for side in enumerate(pair):
            root[find(i)] = find(first.setdefault(side, i))
    groups = defaultdict(list)
    for i in range(len(pairs)):
        groups[find(i)].append(i)
    return list(groups.values())


class Vocabulary:
    """Numbers for words: 0 padding, 1 unknown, 2 begin, 3 end, then words, the most frequent first.

    Parameters
    ----------
    sentences
        Tokens to count.
    min_count
        Rarer words become <unk>.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], min_count: int = 1) -> None:
        counts = Counter(word for sentence in sentences for word in sentence)
        kept = sorted((word for word, n in counts.items() if n >= min_count), key=lambda word: (-counts[word], word))
        self.words = (*SPECIAL, *kept)
        self.index = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self.index

    def encode(self, sentence: Sequence[str]) -> list[int]:
        """Words to numbers; a word that is not there becomes <unk>."""
        return [self.index.get(word, UNKNOWN) for word in sentence]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Numbers to words, up to the end of the sentence."""
        words = []
        for number in numbers:
            if number == END:
                break
            if number not in (PADDING, BEGIN):
                words.append(self.words[number])
        return words


@dataclass(frozen=True)
class Batch:
    """B sentences: source (B, M); target_in (B, N) begins with <begin>; target_out (B, N) ends with <end>; rows (B,)
    says which pairs they are. All are padded with 0 on the right."""

    source: Tensor
    target_in: Tensor
    target_out: Tensor
    rows: Tensor


class PairBatches:
    """Batches of pairs of similar length, a new draw every epoch; batch k of an epoch is always the same.

    Parameters
    ----------
    pairs
        Numbered sentences (source, target), without <begin> and <end>.
    batch_size
        Sentences a batch, B.
    shuffle
        Without it pairs come in the order of their length.

    Raises
    ------
    ValueError
        For no pairs, an empty sentence or a batch size below 1.
    """

    def __init__(
        self, pairs: Sequence[tuple[list[int], list[int]]], batch_size: int, seed: int = 0, shuffle: bool = True
    ) -> None:
        if not pairs or not all(source and target for source, target in pairs):
            raise ValueError(f"pairs: expected at least one, none with an empty sentence, got {len(pairs)} pairs")
        if batch_size < 1:
            raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
        self.pairs, self.batch_size, self.seed, self.shuffle = list(pairs), batch_size, seed, shuffle
        self.num_images = len(self.pairs)  # the name by which `fit` recognises a run
        self.lengths = np.array([(len(source), len(target)) for source, target in pairs])

    def __len__(self) -> int:
        return -(-len(self.pairs) // self.batch_size)

    def batches(self, epoch: int = 0, start: int = 0) -> Iterator[Batch]:
        """Batches start, start + 1, ... of an epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        # A random tie-break, then sorted by target and source length: neighbours need little padding.
        ties = rng.random(len(self.pairs)) if self.shuffle else np.arange(len(self.pairs))
        order = np.lexsort((ties, self.lengths[:, 0], self.lengths[:, 1]))
        chunks = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        if self.shuffle:
            chunks = [chunks[i] for i in rng.permutation(len(chunks))]
        for rows in chunks[start:]:
            sources = [self.pairs[i][0] for i in rows]
            targets = [self.pairs[i][1] for i in rows]
            yield Batch(
                pad(sources),
                pad([[BEGIN, *target] for target in targets]),
                pad([[*target, END] for target in targets]),
                torch.from_numpy(rows),
            )


def pad(sentences: Sequence[Sequence[int]]) -> Tensor:
    """B sentences of numbers -> int64 (B, longest), zeros after the shorter ones."""
    padded = torch.full((len(sentences), max(map(len, sentences))), PADDING)
    for row, sentence in zip(padded, sentences, strict=True):
        row[: len(sentence)] = torch.tensor(sentence)
    return padded  # (B, longest)
