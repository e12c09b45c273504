"""Words said backwards, with and without positions: what chapter 9 reads in a record of lab 5."""

from typing import Any

import numpy as np
from IPython.display import Markdown

from helpers.records import Record

Standing = dict[str, Any]  # what one network of the lab reached, over its seeds
SCORES = {True: "divided", False: "not divided"}
WARM = {True: "warm-up", False: "no warm-up"}


def standings(record: Record) -> dict[str, Standing]:
    """The lab's rows by the name of the network that they tell of."""
    return {row["arm"]: row for row in record.model_dump()["summary"]["standings"]}


def verdicts(record: Record) -> dict[str, str]:
    """What the lab's intervals say of each of its statements."""
    return {row["statement"]: row["verdict"] for row in record.model_dump()["summary"]["findings"]}


def ceiling(record: Record) -> list[float]:
    """Of each letter, the largest share that can be right without positions on the source: 1/N, 1/(N - 1), ..., 1."""
    length = record.model_dump()["parameters"]["length"]
    return [1 / (length - t) for t in range(length)]


def by_position(record: Record) -> dict[str, list[list[float]]]:
    """Network -> share of right letters at each place of the answer, (S, N), a row a seed."""
    found: dict[str, list[list[float]]] = {}
    for run in record.model_dump()["runs"]:
        found.setdefault(run["arm"], []).append(run["by_place"])
    return found


def shown_maps(record: Record) -> dict[str, Any]:
    """The `word` of the record, and the `weights` of the three attentions on it, each (h, N, M), of the first seed."""
    return next(run["maps"] for run in record.model_dump()["runs"] if "maps" in run)


def reversal_row(row: Standing, **columns: str) -> dict[str, str]:
    """One line of the tables: these columns, then letters, whole words, and how soon."""
    mean, low, high = (100 * f(row["by_seed"]) for f in (np.mean, min, max))
    words = {key: 100 * row["words"][key] for key in ("value", "low", "high")}
    return columns | {
        "letters, %": f"{mean:.1f} ({low:.1f}–{high:.1f})",
        "words, %": "{value:.1f} [{low:.1f}, {high:.1f}]".format(**words),
        "step": ", ".join("never" if step is None else str(step) for step in row["soon"]),
    }


def short_row(row: Standing, **columns: str) -> dict[str, str]:
    """The same line with one number a cell: means over the seeds, without their range and intervals."""
    letters, words = (f"{100 * share:.1f}" for share in (np.mean(row["by_seed"]), row["words"]["value"]))
    return reversal_row(row, **columns) | {"letters, %": letters, "words, %": words}


def division_rows(record: Record) -> list[dict[str, str]]:
    """The wide head with and without the division, at the lower rate and at the higher one."""
    own, rate = standings(record), record.model_dump()["parameters"]["learning_rate"]
    rows = [own[arm] for arm in ("wide_slow", "wide_raw_slow", "wide", "wide_raw")]
    built = [row["built"] for row in rows]
    names = [f"{SCORES[one['divided']]}, {rate * one['rate']:.2g}" for one in built]
    return [reversal_row(row, **{"scores, rate": name}) for row, name in zip(rows, names, strict=True)]


def norm_rows(record: Record) -> list[dict[str, str]]:
    """Post-norm and pre-norm, with a warm-up and without."""
    rows = [standings(record)[arm] for arm in ("post_warm", "post", "pre_warm", "pre")]
    kinds = [(row["built"]["pre_norm"], row["built"]["warmup"] > 0) for row in rows]
    names = [f"{'pre' if pre else 'post'}-norm, {WARM[warm]}" for pre, warm in kinds]
    return [reversal_row(row, norm=name) for row, name in zip(rows, names, strict=True)]


def gains_told(ahead: Standing, behind: Standing) -> Markdown:
    """Points of letters that one network is ahead of another, seed by seed."""
    gains = [f"{100 * (a - b):.1f}" for a, b in zip(ahead["by_seed"], behind["by_seed"], strict=True)]
    return Markdown(f"{', '.join(gains[:-1])} and {gains[-1]}")


def reversal_figures(record: Record) -> dict[str, Any]:
    """Sizes, settings and mean shares that the text quotes, by the name under which it does."""
    own, given, base = standings(record), record.model_dump()["parameters"], standings(record)["base"]
    letters = {arm: 100 * float(np.mean(row["by_seed"])) for arm, row in own.items()}
    quoted = {"blind": "none", "source": "source", "both": "base", "learned": "learned"}
    quoted |= {"scaled_fast": "wide", "unscaled_fast": "wide_raw"}
    quoted |= {"post_cold": "post", "post_warm": "post_warm", "pre_cold": "pre", "pre_warm": "pre_warm"}
    return {
        "n_parameters": Markdown(f"{base['parameters']:,}"),
        "n_steps": given["steps"]["positions"],
        "n_wide_steps": given["steps"]["division"],
        "n_norm_steps": given["steps"]["norm"],
        "n_batch": given["batch_size"],
        "warm_share": 100 * base["built"]["warmup"],
        "peak_rate": Markdown(f"{given['learning_rate']:g}"),
        "slow_rate": Markdown(f"{given['learning_rate'] * own['wide_slow']['built']['rate']:g}"),
        "wide_d": own["wide"]["built"]["embed_dim"],
        "n_test": Markdown(f"{given['n_test']:,}"),
        "n_seeds": given["seeds"],
        "every": record.model_dump()["runs"][0]["curve"][0]["step"],
        "ceiling": 100 * float(np.mean(ceiling(record))),
        "pointed": 100 * base["pointed"],
        "unscaled_low": 100 * min(own["wide_raw_slow"]["by_seed"]),
        "warm_gains": gains_told(own["post_warm"], own["post"]),
        "post_cold_low": 100 * min(own["post"]["by_seed"]),
        "post_cold_high": 100 * max(own["post"]["by_seed"]),
        **{f"{key}_letters": letters[arm] for key, arm in quoted.items()},
    }
