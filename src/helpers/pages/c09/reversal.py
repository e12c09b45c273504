"""Words said backwards, with and without positions: the table and the figures of the recorded runs."""

from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.records import Record

Run = dict[str, Any]  # one training, as the record holds it
CEILING = [1 / (8 - t) for t in range(8)]  # of each letter, without positions on the source


def runs_by_condition(record: Record) -> dict[str, list[Run]]:
    """The trainings of each condition, seed by seed."""
    dump = record.model_dump()
    return {name: [run for run in dump["runs"] if run["condition"] == name] for name in dump["summary"]["conditions"]}


def letters(runs: list[Run]) -> list[float]:
    """Share of right letters of each seed, the right ones before them told."""
    return [run["letter_top1"] for run in runs]


def reached(run: Run, share: float = 0.9) -> int | None:
    """First step at which this share of the letters was right, None if never."""
    steps = (point["step"] for point in run["curve"] if point["letter_top1"] >= share)
    return next(steps, None)


def reversal_row(record: Record, name: str, **columns: str) -> dict[str, str]:
    """One line of the tables: these columns, then letters, whole words, and how soon."""
    runs = runs_by_condition(record)[name]
    mean, low, high = (100 * f(letters(runs)) for f in (np.mean, min, max))
    word = record.model_dump()["summary"]["conditions"][name]["word_top1"]
    words = {key: 100 * word[key] for key in ("value", "low", "high")}
    steps = [reached(run) for run in runs]
    return columns | {
        "letters, %": f"{mean:.1f} ({low:.1f}–{high:.1f})",
        "words, %": "{value:.1f} [{low:.1f}, {high:.1f}]".format(**words),
        "step": ", ".join("never" if s is None else str(s) for s in steps),
    }


def reversal_figures(record: Record) -> dict[str, Any]:
    """Sizes, settings and mean shares that the text quotes, by the name under which it does."""
    runs, parameters = runs_by_condition(record), record.model_dump()["parameters"]
    both = record.model_dump()["summary"]["conditions"]["both"]
    quoted = {"blind": "none", "target": "target only", "source": "source only", "both": "both", "learned": "learned"}
    return {
        "n_parameters": Markdown(f"{runs['both'][0]['parameters']:,}"),
        "n_steps": both["steps"],
        "n_batch": parameters["batch"],
        "warm_share": 100 * both["warmup"],
        "peak_rate": Markdown(f"{both['peak']:g}"),
        "n_test": Markdown(f"{parameters['n_test']:,}"),
        "n_seeds": parameters["seeds"],
        "every": parameters["every"],
        "ceiling": 100 * float(np.mean(CEILING)),
        **{f"{key}_letters": 100 * float(np.mean(letters(runs[name]))) for key, name in quoted.items()},
    }
