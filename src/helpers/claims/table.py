"""Claims under test: the table of the page, where each figure comes from, and the rules that make a verdict.

`chapters/claims/` holds the claims of the course's sources in our words, one file a source. Each names findings: a
place in a record and a rule on the claim's side, such as `below 0`. A finding speaks

- *for* the claim where its whole 95 % interval lies where the rule says, or its exact figure does;
- *against* it where the whole interval lies outside;
- and stays *open* where the interval holds the bar;
- a *control*, shown because the others cannot be read without it, decides nothing.

The verdict counts them, see `verdict`. No figure and no verdict is ever typed.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from helpers.claims.layout import Figure, Layout, PathError, follow
from helpers.reading import FileError, read_yaml, reasons
from helpers.records import best_record, project_root

HOLDS, CONDITIONS, CONTESTED, WRONG = "holds", "holds under conditions", "contested", "wrong"
UNDECIDED = "not decided here"
VERDICTS = (HOLDS, CONDITIONS, CONTESTED, WRONG, UNDECIDED)
HOW = "chapters/claims/records.yml says what a claim and a finding are"
Model = TypeVar("Model", bound=BaseModel)
Stance = Literal["for", "against", "open", "control"]


class Rule(BaseModel):
    """Where the figure lies if the claim is right: above or below a bar, within a distance of 0, or equal."""

    model_config = ConfigDict(extra="forbid")
    side: Literal["above", "below", "within", "equals"]
    bar: float

    def stance(self, figure: Figure) -> Stance:
        """What a figure says of the claim; an interval that holds the bar says nothing."""
        low = figure.value if figure.low is None else figure.low
        high = figure.value if figure.high is None else figure.high
        if self.side == "equals":
            return "for" if low == high == self.bar else "against"
        if self.side == "within":
            inside, outside = -self.bar < low and high < self.bar, low > self.bar or high < -self.bar
        else:
            above, below = low > self.bar, high < self.bar
            if low == high == self.bar:  # exactly on the bar is not beyond it
                return "against"
            inside, outside = (above, below) if self.side == "above" else (below, above)
        return "for" if inside else "against" if outside else "open"


class Finding(BaseModel):
    """One measurement and its rule. `at` leads through a record: names, and {key: value} to choose from a list."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    what: str = Field(alias="is", min_length=10)
    at: list[str | dict[str, str]] = []
    record: str = ""
    variant: str | None = None
    bib: str | None = None  # instead of a record: the year of this work in references.bib
    unit: Literal["points", "percent", "share", "times", "number", "count", "tiny", "year"]
    rule: Rule | None = Field(alias="for")  # None, `for: control`
    trained: bool = False
    label: str = ""  # what the figure calls it, where `is` does not stand alone
    value: str = "value"  # names of the parts, where a record calls them otherwise
    low: str = "low"
    high: str = "high"
    n: str = "n"
    per: float = 1.0
    minus: float = 0.0

    @field_validator("rule", mode="before")
    @classmethod
    def _read_rule(cls, text: Any) -> Any:
        if text == "control":
            return None
        found = re.fullmatch(r"(above|below|within|equals) (\S+)", text) if isinstance(text, str) else None
        if found is None:
            raise ValueError(f"for: expected control, or above, below, within, equals and a number, got {text!r}")
        return {"side": found[1], "bar": found[2]}

    @model_validator(mode="after")
    def _one_place(self) -> "Finding":
        if bool(self.at) == bool(self.bib):
            raise ValueError(f"{self.what!r}: expected either `at` or `bib`")
        return self

    def stance(self, figure: Figure) -> Stance:
        """What its figure says of the claim; bars in points and percent are written times 100."""
        if self.rule is None:
            return "control"
        scale = 100 if self.unit in ("points", "percent") else 1
        return Rule(side=self.rule.side, bar=self.rule.bar / scale).stance(figure)

    def figure(self, layouts: Mapping[str, Layout]) -> Figure:
        """Read it from the record, of the gpu edition where that is recorded.

        Raises
        ------
        FileNotFoundError
            Without the record.
        PathError
            (A KeyError and a ValueError) that names a path that leads nowhere, or to no number.
        """
        if self.bib:
            return Figure(float(_year(self.bib)))
        layout = layouts.get(self.record, Layout())
        record = best_record(self.record, self.variant).model_dump()
        try:
            return self._read(record, layout)
        except PathError:
            raise
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            told = f"expected a number, or one with its interval, at {self.at} of the record {self.record}"
            raise PathError(f"{self.what}: {told} ({error}): mend the path") from error

    def _read(self, record: dict[str, Any], layout: Layout) -> Figure:
        found = follow(record, [*layout.under, *self.at])
        if not isinstance(found, dict):
            return Figure((found - self.minus) / self.per)
        value = (found[self.value] - self.minus) / self.per
        ends = [found.get(self.low), found.get(self.high)]
        low, high = (None if end is None else (end - self.minus) / self.per for end in ends)
        covers = layout.over or found.get("covers") or layout.covers if low is not None else ""
        both = layout.ends(record, follow(record, self.at[:-1])) if layout.cells else None
        return Figure(value, low, high, None if low is None else found.get(self.n), covers, both)


class Claim(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)
    id: str = Field(pattern=r"^(S[0-3]\.\d+[a-z]?|F\d+b?)$")
    source: str = Field(alias="from")
    says: str = Field(min_length=15)
    tests: list[str] = Field(min_length=1)  # C10: chapter 10, L08: lab 8
    findings: list[Finding] = []
    contrary: list[str] = []  # works that report the contrary
    support: list[str] = []  # works that report it
    instead: str = ""
    later: str = ""
    first: bool = False  # among those that the page opens on
    small: bool = False  # of words, counts or dates: folded

    @model_validator(mode="after")
    def _measured_or_later(self) -> "Claim":
        if any(finding.rule for finding in self.findings) == bool(self.later):  # a control decides nothing
            raise ValueError(f"{self.id}: expected either findings that decide, or `later` with what will measure it")
        return self

    @property
    def anchor(self) -> str:
        """The target on the page, S3-9 for S3.9."""
        return self.id.replace(".", "-")


class Source(BaseModel):
    """Who makes claims: the name in the running text, and a line about it."""

    name: str
    about: str


class Table(BaseModel):
    """The whole table: sources by key, their claims, and how the records behind them are read."""

    model_config = ConfigDict(extra="forbid")
    sources: dict[str, Source]
    claims: list[Claim]
    records: dict[str, Layout] = {}

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "Table":
        twice = [name for name, count in Counter(claim.id for claim in self.claims).items() if count > 1]
        if twice:
            raise ValueError(f"claims: expected each id once, got {', '.join(twice)} twice")
        return self


@dataclass(frozen=True)
class Judged:
    """A claim with its figures, what each says, and the verdict."""

    claim: Claim
    figures: tuple[Figure, ...]
    stances: tuple[Stance, ...]
    verdict: str

    @property
    def rests_on_training(self) -> bool:
        """Whether a figure of a trained network decides, for or against."""
        return any(
            f.trained and s in ("for", "against") for f, s in zip(self.claim.findings, self.stances, strict=True)
        )


def verdict(stances: Sequence[Stance], contrary: bool = False, support: bool = False) -> str:
    """The verdict of a claim from what its findings say, and from works cited in its row.

    All for: holds. All against: wrong. Some for, others not: holds under conditions, those of the findings for it. None
    for it, but not all against: contested. A work that reports the contrary takes from a claim: what would hold, holds
    under conditions, and what would hold under conditions is contested. A work that reports the claim makes a wrong one
    contested. Controls do not count. Nothing measured: not decided here.
    """
    seen = set(stances) - {"control"}
    if not seen:
        return UNDECIDED
    if seen == {"for"}:
        return CONDITIONS if contrary else HOLDS
    if seen == {"against"}:
        return CONTESTED if support else WRONG
    return CONDITIONS if "for" in seen and not contrary else CONTESTED


def load_claims(folder: Path | None = None) -> Table:
    """Read and validate the table, `chapters/claims/` by default: `records.yml`, and a file a source, in their order.

    Raises
    ------
    FileNotFoundError
        Without the folder, or outside the course's.
    FileError
        (A ValueError) for a file that is no YAML, and a row of another form, by name.
    """
    folder = folder or _root() / "chapters" / "claims"
    files = {path.stem: path for path in sorted(folder.glob("*.yml"))}
    if "records" not in files:
        raise FileNotFoundError(f"{folder.name}/: expected records.yml and a file for each source, got {list(files)}")
    read = {key: read_yaml(path, f"mend it, {HOW}") for key, path in files.items()}
    records, layouts = read.pop("records"), {}
    for name, layout in records.items():
        layouts[name] = _validated(Layout, layout, f"{files['records']}: {name}")
    sources = {key: _validated(Source, found.get("source"), f"{files[key]}: source") for key, found in read.items()}
    claims = [claim for key, found in read.items() for claim in _claims(files[key], key, found)]
    try:
        return Table(sources=sources, claims=claims, records=layouts)
    except ValidationError as error:
        raise FileError(f"{folder.name}/: {reasons(error)}: give each claim an id of its own") from error


def _claims(path: Path, key: str, found: dict[str, Any]) -> list[Claim]:
    """The claims of one source; a finding that names no record is read where its file says."""
    rows = found.get("claims")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FileError(f"{path}: expected a list under `claims`, {HOW}")
    claims = []
    for number, row in enumerate(rows, start=1):
        findings = row.get("findings", [])
        if isinstance(findings, list) and all(isinstance(finding, dict) for finding in findings):
            default = {"record": found.get("record", "")}
            findings = [finding if "bib" in finding else default | finding for finding in findings]
        told = {"from": key, **row, "findings": findings}
        claims.append(_validated(Claim, told, f"{path}: claim {row.get('id', number)}"))
    return claims


def _validated(model: type[Model], found: Any, where: str) -> Model:
    try:
        return model.model_validate(found)
    except ValidationError as error:
        raise FileError(f"{where}: {reasons(error)}; {HOW}") from error


def judge(table: Table) -> list[Judged]:
    """Read the figures of a table's claims and apply their rules; raises as `Finding.figure`, with the claim's id."""
    judged = []
    for claim in table.claims:
        try:
            figures = tuple(finding.figure(table.records) for finding in claim.findings)
        except ValueError as error:
            raise PathError(f"claim {claim.id}: {error}") from error
        stances = tuple(finding.stance(f) for finding, f in zip(claim.findings, figures, strict=True))
        judged.append(Judged(claim, figures, stances, verdict(stances, bool(claim.contrary), bool(claim.support))))
    return judged


def _root() -> Path:
    root = project_root()
    if root is None:
        raise FileNotFoundError("claims are read in the course's folder: there is none around the working directory")
    return root


def _year(key: str) -> int:
    text = (_root() / "references.bib").read_text(encoding="utf-8")
    found = re.search(rf"@\w+\{{{re.escape(key)},.*?^\s*year = \{{(\d{{4}})\}}", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise PathError(f"references.bib has no work {key!r} with a year: add it")
    return int(found[1])
