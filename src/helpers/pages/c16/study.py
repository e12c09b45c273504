"""What the chapter quotes: every map under both rulers, the shuffled weights, the contest about attention.

On drawn dogs that all four readers name rightly (two cues, two networks), and on the seven photographs that may be
printed. `python -m helpers.pages.c16.study` records it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from helpers.measure.faithfulness import perturbation_curve, randomised_weights_check
from helpers.pages.c16 import contest, maps, photographs, readers, ruler
from helpers.records.study import record_study

STUDY = "16_maps"  # the record
SHOWN = (16, 20)  # of the dogs, those whose maps and curves the page shows
Row = dict[str, Any]


def rounded(values: Any, digits: int = 4) -> list[Any]:
    """Numbers of any nesting, rounded, for a record that can be read."""
    found: list[Any] = np.round(np.asarray(values, dtype=float), digits).tolist()
    return found


def cue_rows(drawn: int) -> list[Row]:
    """How often each reader is right, and how often its answer changes when coat or build is drawn anew."""
    shown, rows = readers.dogs(drawn, readers.SHOWN_SEED), []
    again = {cue: readers.others(shown, readers.SHOWN_SEED, cue)[0] for cue in readers.CUES}
    for name in readers.NETWORKS:
        for cue, model in readers.readers(name).items():
            named = readers.answers(model, shown.images).argmax(1)
            row: Row = {"part": "cues", "network": name, "reader": cue, "seed": readers.SHOWN_SEED, "n": drawn}
            row["right"] = (named == shown.answers[cue]).double().mean().item()
            for other, anew in again.items():
                changed = readers.answers(model, anew.images).argmax(1) != named
                row[f"changed by {other}"] = changed.double().mean().item()
            rows.append(row)
    return rows


def chosen_dogs(count: int, drawn: int) -> tuple[Tensor, dict[str, Tensor], dict[str, list[Tensor]]]:
    """The first dogs that all four readers name rightly: images, answers, and the same dogs with other cues.

    Raises
    ------
    ValueError
        If there are not so many among those drawn.
    """
    shown = readers.dogs(drawn, readers.SHOWN_SEED)
    right = torch.ones(drawn, dtype=torch.bool)
    for name in readers.NETWORKS:
        for cue, model in readers.readers(name).items():
            right &= readers.answers(model, shown.images).argmax(1) == shown.answers[cue]
    rows = torch.where(right)[0][:count]
    if len(rows) < count:
        raise ValueError(f"count: expected at most {len(rows)} of {drawn} dogs, got {count}")
    again = {
        cue: [other.images[rows] for other in readers.others(shown, readers.SHOWN_SEED, cue)] for cue in readers.CUES
    }
    return shown.images[rows], {cue: shown.answers[cue][rows] for cue in readers.CUES}, again


def measured(name: str, images: Tensor, answers: dict[str, Tensor], again: dict[str, list[Tensor]]) -> list[Row]:
    """Every map of a network's two readers: gains by deletion and insertion, and how well it finds each cue."""
    both, rows = readers.readers(name), []
    worth = {cue: ruler.cue_worth(both[cue], images, answers[cue], again[cue]) for cue in readers.CUES}
    shown = [k for k in SHOWN if k < len(images)]
    for cue in readers.CUES:
        chance = ruler.Chance(both[cue], images, answers[cue])
        found = {method: explain(both[cue], images, answers[cue]) for method, explain in maps.methods(name).items()}
        found["worth of the cue"] = worth[cue].float()
        for method, saliency in found.items():
            row: Row = {"part": "ruler", "network": name, "reader": cue, "method": method, "seed": readers.SHOWN_SEED}
            row |= {kind: rounded(chance.gain(kind, saliency)) for kind in ("deletion", "insertion")}
            cells = ruler.on_cells(saliency)
            row["finds"] = {other: rounded(ruler.rank_correlations(cells, worth[other])) for other in readers.CUES}
            row["shown"] = [example(both[cue], images[k], answers[cue][k], saliency[k]) for k in shown]
            rows.append(row)
        print(name, cue, flush=True)
    return rows


def example(model: Any, image: Tensor, label: Tensor, saliency: Tensor) -> dict[str, Any]:
    """A map of one picture, at most 16 x 16, its least value 0 and its largest 1, and its deletion curve."""
    side = min(16, saliency.shape[-1])
    small = torch.nn.functional.adaptive_avg_pool2d(saliency[None, None].float(), side)[0, 0]
    span = (small.max() - small.min()).clamp_min(1e-12)
    curve = perturbation_curve(model, image[None], label[None], saliency[None], "deletion", steps=ruler.STEPS)
    return {"map": rounded((small - small.min()) / span, 3), "curve": rounded(curve.probabilities[0])}


def photograph_rows() -> list[Row]:
    """The same ruler, by deletion, for EfficientNet-Lite0 on seven photographs, for the class that it names."""
    model, images = photographs.network(), photographs.pictures()
    with torch.no_grad():
        named = model(images).argmax(1)
    chance, rows = ruler.Chance(model, images, named), []
    for method, explain in maps.methods("efficientnet_lite0").items():
        saliency = explain(model, images, named)
        row: Row = {"part": "photographs", "network": "efficientnet_lite0", "method": method, "seed": 0}
        row["deletion"] = rounded(chance.gain("deletion", saliency))
        row["shown"] = [example(model, images[0], named[0], saliency[0])]
        rows.append(row)
    print("photographs", flush=True)
    return rows


def control_rows(images: Tensor, answers: dict[str, Tensor]) -> list[Row]:
    """How alike every map stays when the weights are shuffled, from the output down."""
    rows = []
    for name in ("vit_mini", "xception_mini", "efficientnet_lite0"):
        if name == "efficientnet_lite0":
            model, given = photographs.network(), photographs.pictures()
            with torch.no_grad():
                labels = model(given).argmax(1)
        else:
            model, given, labels = readers.readers(name)["coat"], images, answers["coat"]
        for method, explain in maps.methods(name).items():
            path = randomised_weights_check(explain, model, given, labels)
            alike = {"first": list(path.values())[1], "all": list(path.values())[-1]}
            rows.append({"part": "control", "network": name, "method": method, "seed": 0} | alike)
        print("control", name, flush=True)
    return rows


def contest_rows(images: Tensor, answers: dict[str, Tensor], lesson: int, steps: int) -> list[Row]:
    """Both sides of the contest, for both readers of the ViT."""
    rows, other = [], readers.dogs(lesson, readers.TRAIN_SEED)
    test = readers.dogs(lesson // 2, readers.SHOWN_SEED)
    for cue, model in readers.readers("vit_mini").items():
        x, weights = contest.last_look(model, images)
        real = contest.answer_with(model, x, weights)
        swaps = {
            "shuffled": contest.shuffled(weights, 0),
            "equal": torch.full_like(weights, 1 / weights.shape[-1]),
            "of the next picture": weights.roll(1, 0),
            "an impostor's": contest.impostor(model, x, weights, steps),
        }
        for swap, instead in swaps.items():
            new = contest.answer_with(model, x, instead)
            row: Row = {"part": "swaps", "reader": cue, "swap": swap, "seed": 0}
            row["same"] = (new.argmax(1) == real.argmax(1)).double().mean().item()
            row["moved"] = rounded(contest.total_variation(new, real))
            rows.append(row | {"divergence": rounded(contest.divergence(instead, weights))})
        for blocks, swap in ((1, "equal, first block"), (None, "equal, all blocks")):
            new = readers.answers(contest.with_equal_weights(model, blocks), images)
            row = {"part": "swaps", "reader": cue, "swap": swap, "seed": 0, "divergence": []}
            row["same"] = (new.argmax(1) == real.argmax(1)).double().mean().item()
            rows.append(row | {"moved": rounded(contest.total_variation(new, real))})
        guided = contest.guided_reader(model, (other.images, other.answers[cue]), (test.images, test.answers[cue]))
        rows += [
            {"part": "guide", "reader": cue, "weights": name, "seed": 0, "right": right.astype(int).tolist()}
            for name, right in guided.items()
        ]
    return rows


def study(count: int, drawn: int, controls: int, lesson: int, steps: int) -> list[Row]:
    """All of it: rows of the runs."""
    rows = cue_rows(drawn)
    images, answers, again = chosen_dogs(count, drawn)
    for name in readers.NETWORKS:
        rows += measured(name, images, answers, again)
    few = {cue: given[:controls] for cue, given in answers.items()}
    rows += contest_rows(images, answers, lesson, steps)
    return rows + control_rows(images[:controls], few) + photograph_rows()


def findings(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """What claims are judged by: name -> value, low, high, n, covers."""

    def row(part: str, **known: Any) -> Row:
        (found,) = [r for r in rows if r["part"] == part and all(r[key] == value for key, value in known.items())]
        return found

    def gain(network: str, method: str) -> np.ndarray:
        both = [row("ruler", network=network, reader=cue, method=method)["deletion"] for cue in readers.CUES]
        return np.mean(both, axis=0)

    found = {
        "deletion, vit, rollout minus a blob": ruler.mean_over_pictures(
            gain("vit_mini", maps.ROLLOUT) - gain("vit_mini", maps.BLOB)
        )
    }
    layers = [maps.grad_cam_name(layer) for layer in maps.LAYERS["vit_mini"]]
    half = len(gain("vit_mini", maps.BLOB)) // 2  # of the pictures, who choose the layer by deletion
    for method in (maps.ROLLOUT, max(layers, key=lambda layer: gain("vit_mini", layer)[:half].mean())):
        own, crossed = [], []
        for cue, other in (readers.CUES, readers.CUES[::-1]):
            finds = row("ruler", network="vit_mini", reader=cue, method=method)["finds"]
            own.append(np.array(finds[cue]))
            crossed.append(np.array(finds[other]))
        name = "rollout" if method == maps.ROLLOUT else "Grad-CAM at the chosen block"
        found[f"vit, {name}: pairs told apart"] = ruler.share_told_apart(ruler.told_apart(own, crossed))
    for cue in readers.CUES:
        pair = [np.array(row("guide", reader=cue, weights=name)["right"]) for name in ("the ViT's", "equal")]
        found[f"{cue}, patches with the ViT's weights minus equal ones"] = ruler.mean_over_pictures(pair[0] - pair[1])
    return {name: estimate.as_dict() for name, estimate in found.items()}


def with_findings(run: Callable[..., list[Row]], judge: Callable[[list[Row]], Row]) -> Callable[..., Any]:
    """A study that also says what claims are judged by: `run` makes its rows, `judge` the findings of them."""

    def both(**how: Any) -> tuple[list[Row], Row]:
        rows = run(**how)
        return rows, {"findings": judge(rows)}

    return both


if __name__ == "__main__":
    how = {"count": 24, "drawn": 100, "controls": 8, "lesson": 720, "steps": 120}
    record_study(STUDY, how, with_findings(study, findings), Path(__file__), steps_of_a_curve=ruler.STEPS)
