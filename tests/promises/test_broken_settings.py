"""Broken settings (editions, parameters, grids of sweeps, claims) work or are refused by name, with a way out."""

import json
import math
import random
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Optional

import pytest
import yaml
from hypothesis import strategies as st

from helpers.claims.table import judge, load_claims
from helpers.parameters import lab_parameters
from helpers.records.editions import edition_parameters
from helpers.records.runs import run_lab
from helpers.sweep.grid import read_grid

spec = spec_from_file_location("broken", Path(__file__).with_name("broken.py"))
broken = sys.modules["broken"] = module_from_spec(spec)
spec.loader.exec_module(broken)
tries = broken.tries

LAB = "01_tiny"
OWN = """# Parameters of this lab
edition: str = "cpu"
models: list[str] = ["vit", "cnn"]
depths: list[int] = [2, 4]
seeds: int = 2
image_size: Optional[int] = None
fraction: float = 0.5
compile_model: bool = False
picture: Optional[str] = None
few: Optional[list[int]] = None
rates: dict[str, float] = {"probe": 0.1, "full": 0.2}
drawn: dict = {"n_classes": 6}
piece: Optional[str] = None
"""
EDITION = {"seeds": 3, "models": ["vit"], "fraction": 0.25, "rates": {"probe": 0.1}, "few": [1, 2], "picture": None}
GRID = {
    "lab": LAB,
    "edition": "cpu",
    "parameters": {"seeds": 2},
    "vary": {"depths": [[2], [4]], "image_size": [32, 64]},
    "pieces": [[["vit", "cnn"], [0, 1]]],
    "jobs": 2,
}
TEXTS_OF_YAML = (
    "",
    "- 1",
    "just words",
    "a: b: c",
    "seeds: [",
    "seeds: !!python/object/apply:os.system [echo]",
    "seeds: !!bool maybe",
    "seeds: !!int ''",
    "seeds: !!float x",
    "seeds: !!timestamp x",
    "seeds: 2026-99-99",
    "seeds: 2026-11-30",
    "seeds: " + "9" * 5000,
    "seeds: !!set {1, 2}",
    "seeds: !!binary '='",
    "seeds: *nowhere",
    "seeds: &a [*a]",
    "a: &a {b: *a}",
    "seeds: 1\nseeds: 2",
    "? [1, 2]\n: 3",
    "? {a: 1}\n: 3",
    "1: 2",
    "null: 2",
    "<<: 3",
    "<<: [1]",
    "\tseeds: 3",
    "seeds: \u202e3",
    "seeds: \x07",
    "%YAML 9.9\n---\nseeds: 3",
    "--- 1\n--- 2",
    "[" * 20_000,
    "{a: " * 5_000,
    "- " * 5_000,
    "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(
        f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "parameters: {seeds: *i}\nseeds: *i\nclaims: *i\nlab: 01_tiny\nedition: cpu\n",
)


def course(folder: Path) -> Path:
    """A course of one lab in one edition."""
    (folder / "labs" / "editions" / "cpu").mkdir(parents=True)
    (folder / "labs" / "grids").mkdir()
    (folder / "_toc.yml").write_text("root: intro\n")
    cell = {"cell_type": "code", "metadata": {}, "source": OWN, "outputs": [], "id": "a", "execution_count": None}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "labs" / f"{LAB}.ipynb").write_text(json.dumps(notebook))
    (folder / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text(yaml.safe_dump(EDITION))
    return folder


def texts(tree: Any, number: int, seed: int) -> list[tuple[str, bytes]]:
    """YAML files gone wrong: known traps, accidents to the bytes, edits of the tree."""
    rng, whole = random.Random(seed), yaml.safe_dump(tree, sort_keys=False).encode()
    found = [(text[:40], text.encode("utf-8")) for text in TEXTS_OF_YAML]
    found += [("UTF-16", whole.decode().encode("utf-16")), ("Latin 1", b"seeds: \xe4"), ("a zero", b"seeds: \0")]
    found += [broken.mutated(whole, rng) for _ in range(number // 2)]
    for edited in broken.drawn(broken.edits(tree), number // 2):
        found.append((f"{edited!r:.200}", yaml.dump(edited, allow_unicode=True).encode("utf-8", "surrogatepass")))
    return found


def test_a_broken_edition(tries, amount, count):
    root = course(tries.room)
    file = root / "labs" / "editions" / "cpu" / f"{LAB}.yaml"
    for how, data in texts(EDITION, amount(40, 600), 1):
        file.write_bytes(data)
        tries(how, lambda: edition_parameters(root, LAB, "cpu"), (file.name,), lambda found: {"seeds"} <= set(found))
    count("editions", tries.done())


@pytest.mark.parametrize("text", ["seeds: [", "- 1", "seeds: *nowhere"])
def test_a_lab_is_not_begun_with_a_broken_edition_or_text_of_parameters(text, tries, count, monkeypatch):
    root = course(tries.room / "here")
    monkeypatch.chdir(root)
    tries(text, lambda: run_lab(LAB, "cpu", ["-y", text]), ("after -y",), lambda found: False)
    (root / "labs" / "editions" / "cpu" / f"{LAB}.yaml").write_text(text)
    tries(text, lambda: run_lab(LAB, "cpu"), (f"{LAB}.yaml",), lambda found: False)
    count("labs that were not begun", tries.done())


def test_a_broken_lab(tries, amount, count):
    root, rng = course(tries.room), random.Random(2)
    file = root / "labs" / f"{LAB}.ipynb"
    whole = json.loads(file.read_text())
    cases = [broken.mutated(file.read_bytes(), rng) for _ in range(amount(10, 150))]
    for edited in broken.drawn(broken.edits(whole), amount(10, 150)):
        cases.append((f"{edited!r:.200}", json.dumps(edited).encode()))
    for how, data in cases:
        file.write_bytes(data)
        tries(how, lambda: edition_parameters(root, LAB, "cpu"), (file.name,), lambda found: isinstance(found, dict))
    count("labs", tries.done())


def test_a_broken_grid(tries, amount, count):
    root = course(tries.room)
    file = root / "labs" / "grids" / "mine.yaml"
    many = [
        {**GRID, "pieces": [[list(range(10))] * 9]},
        {**GRID, "vary": {"seeds": list(range(2000)), "depths": [[k] for k in range(2000)]}},
    ]
    for how, data in texts(GRID, amount(40, 600), 3) + [("very many", yaml.safe_dump(grid).encode()) for grid in many]:
        file.write_bytes(data)
        tries(how, lambda: read_grid(file, root).tasks(root, tries.room / "build"), (file.name,), bool)
    count("grids", tries.done())


CLAIMS = {
    "source": {"name": "the notes", "about": "Notes of a course (2025)."},
    "record": "01_tiny",
    "claims": [
        {
            "id": "S0.1",
            "says": "Networks of one kind are always better than those of the other.",
            "tests": ["C10", "L08"],
            "findings": [
                {"is": "accuracy of the first", "at": ["summary", "rows", {"model": "vit"}, "top1"],
                 "unit": "points", "for": "above 0.5"},
                {"is": "a work of the year", "bib": "someone2020", "unit": "year", "for": "equals 2020"},
            ],
            "support": ["someone2020"],
        },
        {"id": "S0.2", "says": "Something that nobody has measured.", "tests": ["C11"], "later": "Chapter 18."},
    ],
}  # fmt: skip
RECORDS = {"01_tiny": {"covers": "seeds", "under": []}}
SUMMARY = {"rows": [{"model": "vit", "top1": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 5, "covers": "seeds"}}]}


@pytest.mark.parametrize("broken_file", ["S0.yml", "records.yml"])
def test_broken_claims(broken_file, tries, amount, count, monkeypatch):
    root = course(tries.room / "here")
    folder = root / "chapters" / "claims"
    folder.mkdir(parents=True)
    (root / "references.bib").write_text("@article{someone2020,\n  year = {2020}\n}\n")
    (root / "results" / "cpu").mkdir(parents=True)
    (root / "results" / "cpu" / f"{LAB}.json").write_text(json.dumps(record(summary=SUMMARY)))
    monkeypatch.chdir(root)
    whole = {"S0.yml": CLAIMS, "records.yml": RECORDS}
    for name, tree in whole.items():
        (folder / name).write_text(yaml.safe_dump(tree))
    assert [one.verdict for one in judge(load_claims(folder))] == ["holds", "not decided here"]
    for how, data in texts(whole[broken_file], amount(40, 500), 4):
        (folder / broken_file).write_bytes(data)
        names = (broken_file, "S0.1", "accuracy of the first", "claims/", "results/")
        tries(how, lambda: judge(load_claims(folder)), names, lambda found: isinstance(found, list))
    count("files of claims", tries.done())


def record(**changes: Any) -> dict[str, Any]:
    return {
        "lab": LAB, "edition": "cpu", "run_id": "20261121T020300-00000a", "parameters": {"seeds": 2}, "data": None,
        "runs": [{"seed": 0, "top1": 0.5}], "summary": {}, "skipped": {}, "source_sha256": "a" * 64,
        "code_version": "0.1.0", "libraries": {}, "device": {}, "started_at": "2026-11-30T10:00:00Z",
        "finished_at": "2026-11-30T11:00:00Z", "wall_s": 1.0, **changes,
    }  # fmt: skip


def test_broken_parameters_of_a_lab(tries, amount, count):
    names = (
        "edition",
        "models",
        "depths",
        "seeds",
        "image_size",
        "fraction",
        "compile_model",
        "picture",
        "few",
        "rates",
    )
    traps = [math.nan, math.inf, 10**400, 10**5000, -(10**5000), "9" * 5000, True, None, "", " ", "a\0b", b"x", 1e308]
    traps += ["false", "None", "[1, 2", "2,,3", ",", "~nobody/x", [None], [[1]], {"a": None}, {}, "1e3", "0x10", "١٢"]
    values = st.one_of(broken.VALUES, st.sampled_from(traps))
    passed = st.dictionaries(
        st.sampled_from((*names, "drawn", "piece", "seed", "no_such")), values, min_size=1, max_size=3
    )
    cases = [{name: trap} for name in names for trap in traps] + broken.drawn(passed, amount(60, 1000))
    for given in cases:
        tries(", ".join(given), lambda given=given: read(given), (*given,), is_valid)
    count("sets of parameters", tries.done())


def read(passed: dict[str, Any]) -> dict[str, Any]:
    namespace: dict = {"Optional": Optional}
    exec(OWN, namespace)
    namespace |= passed
    injected = "# Parameters\n" + "".join(f"{name} = 0\n" for name in passed)
    return lab_parameters(namespace, [OWN, injected], edition=("smoke", "cpu", "gpu"), models=("vit", "cnn", "mlp"))


def is_valid(found: dict[str, Any]) -> bool:
    """Each parameter is of the type that the cell gives it."""
    return (
        found["edition"] in ("smoke", "cpu", "gpu")
        and set(found["models"]) <= {"vit", "cnn", "mlp"}
        and all(
            type(depth) is int and depth >= 1 for depth in [*found["depths"], found["seeds"], *(found["few"] or [1])]
        )
        and type(found["fraction"]) is float
        and math.isfinite(found["fraction"])
        and type(found["compile_model"]) is bool
        and all(math.isfinite(rate) for rate in found["rates"].values())
        and (found["picture"] is None or isinstance(found["picture"], str))
    )
