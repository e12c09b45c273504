"""The claims page: the rules, the verdicts, and a table whose every figure can be read."""

import functools
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from helpers.claims import page
from helpers.claims import table as claims_table
from helpers.claims.layout import Layout
from helpers.claims.table import VERDICTS, Claim, Figure, Finding, Judged, Rule, Table, judge, load_claims, verdict

ROOT = Path(__file__).parents[1]
FLAGGED = {
    "S0.": "2 3 7 8 9 10 11",
    "S1.": "4 5 7 8 9 10 11a 11b 12 13 14 15 16 17 18 19 21 22",
    "S2.": "4 10 12",
    "S3.": "1 2 4 5 7 8 9 10 11 12 13 14 16 17",
    "F": "1 2 3 4 5 6 6b 7 8 9 10 11",
}


@pytest.fixture(scope="module")
def table() -> Table:
    return load_claims()


@pytest.fixture(scope="module")
def judged(table) -> list[Judged]:
    with pytest.MonkeyPatch.context() as patch:  # many findings stand in one record, and reading one takes a while
        patch.setattr(claims_table, "best_record", functools.cache(claims_table.best_record))
        return judge(table)


@pytest.mark.parametrize(
    ("rule", "low", "high", "expected"),
    [
        ("above 0", 0.01, 0.05, "for"),
        ("above 0", -0.05, -0.01, "against"),
        ("above 0", -0.01, 0.05, "open"),
        ("below 0.2", 0.0, 0.1, "for"),
        ("below 0.2", 0.3, 0.4, "against"),
        ("below 0.2", 0.1, 0.3, "open"),
        ("within 0.02", -0.01, 0.01, "for"),
        ("within 0.02", -0.3, -0.1, "against"),
        ("within 0.02", -0.3, 0.01, "open"),
        ("within 0.02", -0.3, 0.3, "open"),
        ("equals 36", None, None, "for"),
        ("equals 35", None, None, "against"),
        ("above 36", None, None, "against"),
        ("below 36", None, None, "against"),
    ],
)
def test_a_finding_speaks_by_where_its_whole_interval_lies(rule, low, high, expected):
    side, bar = rule.split()
    value = 36.0 if low is None else (low + high) / 2
    assert Rule(side=side, bar=float(bar)).stance(Figure(value, low, high)) == expected


@pytest.mark.parametrize(
    ("stances", "works", "expected"),
    [
        ([], "", "not decided here"),
        (["control"], "", "not decided here"),
        (["for", "for"], "", "holds"),
        (["for", "control"], "", "holds"),
        (["against"], "", "wrong"),
        (["against", "control"], "", "wrong"),
        (["for", "against"], "", "holds under conditions"),
        (["for", "open"], "", "holds under conditions"),
        (["against", "open"], "", "contested"),
        (["open"], "", "contested"),
        (["for"], "contrary", "holds under conditions"),
        (["for", "against"], "contrary", "contested"),
        (["against"], "contrary", "wrong"),
        (["against"], "support", "contested"),
        (["for"], "support", "holds"),
        (["against"], "support contrary", "contested"),
    ],
)
def test_the_verdict_counts_what_the_findings_say(stances, works, expected):
    assert verdict(stances, contrary="contrary" in works, support="support" in works) == expected


def finding(**changes):
    return {"is": "a difference of accuracies", "at": ["part", "name"], "unit": "points", "for": "above 1"} | changes


def test_a_bar_in_points_is_a_fraction_of_the_figure():
    one = Finding.model_validate(finding())
    assert one.stance(Figure(0.02, 0.012, 0.03)) == "for"
    assert one.stance(Figure(0.02, 0.008, 0.03)) == "open"
    assert page.rule_text(one).replace("\N{NO-BREAK SPACE}", " ") == "Right if above 1 point."
    text = page.figure_text(one, Figure(-0.0204, -0.03, -0.011, 1200, "both")).replace("\N{NO-BREAK SPACE}", " ")
    assert text == "**−2.0 points** [−3.0, −1.1], n = 1,200, over seeds and test images"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0314, "points", "+3.1"),
        (-0.0204, "points", "−2.0"),
        (0.5, "percent", "50.0"),
        (0.9994, "percent", "99.9"),
        (0.9995, "percent", "99.95"),
        (1.0, "percent", "100.0"),
        (1234.0, "count", "1,234"),
        (2020.0, "year", "2020"),
        (0.0, "tiny", "0"),
        (3.2e-7, "tiny", "3.2e−07"),
        (9.5, "times", "9.50"),
        (-10.0, "number", "−10.0"),
    ],
)
def test_a_number_is_written_in_its_unit(value, unit, text):
    assert page.number(value, unit) == text


@pytest.mark.parametrize(("rule", "text"), [("within 2", "within 2 points of 0"), ("below -1", "below −1 point")])
def test_a_rule_is_written_with_its_bar(rule, text):
    one = Finding.model_validate(finding(**{"for": rule}))
    assert page.rule_text(one).replace("\N{NO-BREAK SPACE}", " ") == f"Right if {text}."


def test_a_figure_is_written_without_what_it_lacks():
    one = Finding.model_validate(finding(unit="percent"))
    plain = [
        page.figure_text(one, figure).replace("\N{NO-BREAK SPACE}", " ")
        for figure in (Figure(0.5), Figure(0.5, 0.4, 0.6), Figure(0.5, 0.4, 0.6, ends=(0.7, 0.2, 0.01)))
    ]
    assert plain == [
        "**50.0 %**",
        "**50.0 %** [40.0, 60.0]",
        "**50.0 %** [40.0, 60.0] (70.0 % and 20.0 %; chance 1.0 %)",
    ]


def test_a_claim_leads_to_the_cell_that_tests_it_else_to_the_page(tmp_path, monkeypatch):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "10_training.md").write_text("# Training\n\n(claim-S1-9-rate)=\n")
    monkeypatch.setattr(page, "project_root", lambda: tmp_path)
    row = {"id": "S1.9", "from": "S1", "says": "Something that could be false.", "tests": ["C10"], "later": "soon"}
    claim = Claim.model_validate(row)
    links = [page.test_link(claim, test) for test in ("C10", "C09", "L08")]
    assert links == ["{ref}`chapter 10 <claim-S1-9-rate>`", "{chapter}`9`", "{lab}`8`"]


def test_a_finding_begins_with_a_capital_but_a_name_of_code_does_not():
    assert page._begun("gain of depth") == "Gain of depth"
    assert page._begun("vit_mini against the rest") == "vit_mini against the rest"


def test_a_control_is_shown_and_decides_nothing():
    one = Finding.model_validate(finding(**{"for": "control"}))
    assert one.stance(Figure(0.5, 0.4, 0.6)) == "control"
    assert page.rule_text(one) == "It decides nothing."


def test_a_difference_of_lab_8_comes_with_both_accuracies_and_chance(judged):
    (one,) = [one for one in judged if one.claim.id == "S3.16"]
    ends = [figure.ends for figure in one.figures]
    assert ends[0] is None
    for figure, (a, b, chance) in zip(one.figures[1:], ends[1:], strict=True):
        assert figure.value == pytest.approx(a - b)
        assert 0 < chance < b
    assert "chance 0.8" in page.card(one)


@pytest.mark.parametrize(
    "change",
    [
        {"for": "around 1"},
        {"for": "above much"},
        {"at": []},
        {"bib": "someone2020"},
        {"unit": "parsecs"},
        {"figure": 3},
    ],
)
def test_a_finding_of_another_form_is_refused(change):
    with pytest.raises(ValidationError):
        Finding.model_validate(finding(**change))


def test_a_claim_is_measured_or_says_what_will_measure_it():
    row = {"id": "S1.99", "from": "S1", "says": "Something that could be false.", "tests": ["C15"]}
    with pytest.raises(ValidationError, match="decide, or `later`"):
        Claim.model_validate(row)
    with pytest.raises(ValidationError):
        Claim.model_validate(row | {"later": "chapter 18", "verdict": "holds"})  # a verdict is never typed


def test_every_flagged_statement_has_its_row(table):
    flagged = {start + number for start, numbers in FLAGGED.items() for number in numbers.split()}
    assert flagged <= {claim.id for claim in table.claims}


def test_figures_and_verdicts_are_read_never_typed(judged):
    counted = page.counts(judged)
    assert set(counted) == set(VERDICTS)
    assert sum(counted.values()) == len(judged)
    assert len(judged) - counted["not decided here"] >= 18
    assert sum(one.rests_on_training for one in judged) >= 8
    for one in judged:
        assert len(one.figures) == len(one.claim.findings)
        assert (one.verdict == "not decided here") == bool(one.claim.later)


def test_works_and_targets_that_cards_name_are_there(table):
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    for claim in table.claims:
        text = " ".join([claim.instead, claim.later])
        cited = [key for keys in re.findall(r"\{cite\}`([^`]+)`", text) for key in keys.split(",")]
        for key in [*cited, *claim.contrary, *claim.support]:
            assert f"{{{key}," in bibliography, (claim.id, key)
        for anchor in re.findall(r"\{ref\}`[^<]*<([^>]+)>`", text):
            assert anchor in {other.anchor for other in table.claims}, (claim.id, anchor)
        for test in claim.tests:
            if test.startswith("L"):
                assert list((ROOT / "labs").glob(f"{test[1:]}_*.ipynb")), (claim.id, test)


def test_every_target_for_a_claim_in_a_chapter_belongs_to_a_row_that_links_there_or_is_no_flagged_claim(table):
    rows = {claim.anchor: claim for claim in table.claims}
    missing = []
    for chapter in sorted((ROOT / "chapters").glob("[0-9][0-9]_*.md")):
        for anchor in re.findall(r"^\(claim-([^)]+)\)=$", chapter.read_text(encoding="utf-8"), re.MULTILINE):
            if anchor in rows and f"C{chapter.name[:2]}" not in rows[anchor].tests:
                missing.append((chapter.name, anchor))
    assert missing == []


def test_a_cards_verdict_field_holds_the_verdict_alone(judged):
    for one in judged:
        (field,) = re.findall(r"\[([^\]]*)\]\{\.verdict\}", page.card(one))
        assert field == one.verdict
        assert page.card(one).startswith(f"({one.claim.anchor})=\n")


def test_the_filter_names_every_verdict_and_needs_no_script(judged):
    html = page.filter_html(judged)
    assert html.count("<input") == len(VERDICTS) + 2
    assert "script" not in html
    assert f"holds <b>{page.counts(judged)['holds']}</b>" in html


def test_the_page_opens_on_ten_claims_of_several_verdicts_and_from_each_source(table, judged):
    first = [one for one in judged if one.claim.first]
    assert len(first) == 10
    assert {one.claim.source for one in first} == set(table.sources)
    assert len({one.verdict for one in first}) >= 4
    assert not any(one.claim.small for one in first)
    assert re.findall(r'id="show-(\S+)" checked', page.filter_html(judged)) == ["first"]


def test_small_matters_are_folded_and_not_lost(judged):
    text = page.cards(judged)
    shown, folded = text.split(":::::{dropdown}")
    for one in judged:
        assert (f"({one.claim.anchor})=\n" in folded) == one.claim.small != (f"({one.claim.anchor})=\n" in shown)


@pytest.mark.parametrize(
    ("rule", "ends", "stance"),
    [("above 0", (0.1, 0.3), "for"), ("below -1", (-0.2, 0.1), "open"), ("within 2", (0.03, 0.09), "against")],
)
def test_the_small_picture_places_the_interval_against_the_bar(rule, ends, stance):
    one = Finding.model_validate(finding(at=["a"], record="a", unit="points") | {"for": rule})
    figure = Figure(sum(ends) / 2, *ends)
    assert one.stance(figure) == stance
    svg = page.interval_svg(one, figure, stance)
    field, width = (float(number) for number in re.search(r'<rect x="([\d.]+)" width="([\d.]+)"', svg).groups())
    left, right = (float(number) for number in re.search(r'whisker" d="M([\d.]+) [\d.]+H([\d.]+)', svg).groups())
    assert 0 < left < right < page.SIZE[0]
    inside, outside = field <= left and right <= field + width, right < field or left > field + width
    assert (inside, outside) == (stance == "for", stance == "against")
    assert ('class="open"' in svg) == (stance == "open")


@pytest.mark.parametrize(("unit", "bar"), [("points", 0.01), ("percent", 0.01), ("number", 1.0)])
def test_an_interval_that_begins_at_the_bar_touches_the_field(unit, bar):
    one = Finding.model_validate(finding(unit=unit))
    svg = page.interval_svg(one, Figure(2 * bar, bar, 3 * bar), "open")
    edge, field, left = (
        float(re.search(form, svg)[1]) for form in (r'd="M([\d.]+) 0V', r'rect x="([\d.]+)"', r'r" d="M([\d.]+)')
    )
    assert edge == field == left


@pytest.mark.parametrize("rule", ["control", "equals 3"])
def test_what_decides_nothing_or_counts_has_no_small_picture(rule):
    one = Finding.model_validate(finding(at=["a"], record="a") | {"for": rule})
    assert page.interval_svg(one, Figure(3.0), one.stance(Figure(3.0))) == ""


def recorded(monkeypatch, summary, editions=("cpu",)):
    """Findings are read from a record that holds `summary`; the last edition named is the one to show."""

    class Record:
        def model_dump(self):
            return {"edition": editions[-1], "summary": summary}

    monkeypatch.setattr(claims_table, "best_record", lambda lab, variant=None: Record())


@pytest.mark.parametrize("number", [36, {"value": 36, "low": 35, "high": 38, "n": 3}])
def test_minus_and_per_move_the_value_and_both_ends(monkeypatch, number):
    recorded(monkeypatch, {"layers": number})
    figure = Finding.model_validate(finding(at=["layers"], record="a", minus=34, per=2)).figure(
        {"a": Layout(under=["summary"], covers="draws")}
    )
    ends = (0.5, 2.0, "draws") if isinstance(number, dict) else (None, None, "")
    assert (figure.value, figure.low, figure.high, figure.covers) == (1.0, *ends)


def test_what_an_interval_covers_is_the_rows_own_word_before_the_layouts(monkeypatch):
    row = {"value": 0.5, "low": 0.4, "high": 0.6, "covers": "seeds"}
    recorded(monkeypatch, {"a": row, "b": {**row, "covers": ""}})
    one, other = (Finding.model_validate(finding(at=["summary", key], record="a")) for key in "ab")
    assert [each.figure({"a": Layout(covers="draws")}).covers for each in (one, other)] == ["seeds", "draws"]


def test_a_path_that_leads_nowhere_is_named(monkeypatch):
    recorded(monkeypatch, {"rows": [{"model": "a"}, {"model": "a"}]})
    with pytest.raises(KeyError, match="there is no 'nothing' among edition, summary"):
        Finding.model_validate(finding(at=["nothing"], record="a")).figure({})
    with pytest.raises(KeyError, match="expected one row with model 'a', got 2"):
        Finding.model_validate(finding(at=["summary", "rows", {"model": "a"}], record="a")).figure({})


def test_the_reader_asks_for_the_edition_with_the_most_to_say(table, monkeypatch):
    asked = []
    real = claims_table.best_record
    monkeypatch.setattr(claims_table, "best_record", lambda *names: asked.append(names) or real(*names))
    (claim,) = [one for one in table.claims if one.id == "S3.16"]
    for one in claim.findings:
        one.figure(table.records)
    assert ("08_xception_vs_vit", None) in asked


def test_each_source_has_a_file_of_its_own_and_names_the_record_it_reads(table):
    files = {path.stem for path in (ROOT / "chapters" / "claims").glob("*.yml")} - {"records"}
    assert files == set(table.sources) == {claim.source for claim in table.claims}
    assert all(bool(one.record) != bool(one.bib) for claim in table.claims for one in claim.findings)


def test_ids_are_unique_over_all_sources(table):
    again = table.model_dump(by_alias=True)
    twice = [*table.claims, table.claims[0]]
    with pytest.raises(ValidationError, match=f"expected each id once, got {table.claims[0].id} twice"):
        Table(sources=again["sources"], claims=twice)


def test_a_card_says_where_cited_works_moved_its_verdict(judged):
    moved = [one for one in judged if verdict(one.stances) != one.verdict]
    assert moved
    for one in judged:
        assert ("By the figures alone: *" in page.card(one)) == (one in moved)
    assert all(one.claim.contrary or one.claim.support for one in moved)
