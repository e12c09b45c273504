"""The translators of lab 4, and what was said of them beforehand."""

from dataclasses import dataclass

from helpers.measure.findings import HOLDS


@dataclass(frozen=True)
class Arm:
    """One translator.

    Attributes
    ----------
    label
        What figures call it.
    attention
        "none", "dot" or "additive"; see `helpers.models.seq2seq.Seq2Seq`.
    one_way
        Whether the encoder reads in one direction alone.
    backwards
        Whether it gets the French words in reversed order.
    """

    label: str
    attention: str = "none"
    one_way: bool = False
    backwards: bool = False


ARMS: dict[str, Arm] = {
    "none": Arm("no attention"),
    "dot": Arm("dot products", "dot"),
    "additive": Arm("additive", "additive"),
    "forwards": Arm("none, one way", one_way=True),
    "backwards": Arm("none, reversed", one_way=True, backwards=True),
}

NO_ROOM = "cannot be told: the shortest have no room for such a lead"
SENTENCES, WORDS, GROWTH, POINTING = "sentences", "words", "growth", "pointing"  # what a statement compares


@dataclass(frozen=True)
class Statement:
    """A sentence that can be false, and the difference that decides it: it holds above zero.

    Attributes
    ----------
    text
        The sentence.
    kind
        `SENTENCES`: sentences right to the last word, a minus b. `WORDS`: words right, the right ones before told, mean
        over sentences. `GROWTH`: that of the longest bin minus that of the
        shortest. `POINTING`: links that the map of a hits, minus those that b hits.
    a
        An arm; of `POINTING` one whose map is read, or the "diagonal".
    b
        Another.
    says
        Who says what of it.
    expected
        The verdict that this lets one expect, or empty.
    beforehand
        Whether it stood, as it stands and with its measure, before runs had been seen.
    """

    text: str
    kind: str
    a: str
    b: str
    says: str
    expected: str = ""
    beforehand: bool = True


BAHDANAU, SUTSKEVER = "Bahdanau et al.", "Sutskever et al."

# Written down before the first recorded run. That the two of the reading direction are judged by words was decided
# after a trial: without attention nobody had a long sentence right to the last word, so sentences could not tell. Taken
# back afterwards: an expectation of reading both ways, which the paper does and does not compare, and a statement on
# the map read one row later, which was not what the paper that it cited does.
STATEMENTS: tuple[Statement, ...] = (
    Statement("dot products help", SENTENCES, "dot", "none", "Luong et al.: yes (theirs: general)", HOLDS),
    Statement("additive attention helps", SENTENCES, "additive", "none", f"{BAHDANAU}: yes", HOLDS),
    Statement(
        "its lead is larger in the longest than in the shortest", GROWTH, "additive", "none", f"{BAHDANAU}: yes", HOLDS
    ),
    Statement("additive beats dot", SENTENCES, "additive", "dot", "nobody, at this size"),
    Statement(
        "reversing the French helps the words, one way",
        WORDS,
        "backwards",
        "forwards",
        f"{SUTSKEVER}: yes",
        HOLDS,
        False,
    ),
    Statement(
        "reading both ways helps the words", WORDS, "none", "forwards", f"{BAHDANAU} do, and do not compare", "", False
    ),
    Statement(
        "the map of additive beats the diagonal", POINTING, "additive", "diagonal", f"{BAHDANAU}: it aligns", HOLDS
    ),
    Statement("so does that of dot products", POINTING, "dot", "diagonal", "Li et al.: it may fail"),
)
