"""Controls of the chapter's own conclusions: templates, another dog's truths, a hole elsewhere, a look taken away.

What would do as well without the network, or without the map? For whose map is whose: two fixed templates, the dog's
inside and outline, and maps against the truths of other dogs. For deletion: the place of the coat itself, one connected
hole that is not in the middle, and maps that were made for another network or reader. For the weights of attention: the
place of the coat, that of the next dog's coat, and a blob. `python -m helpers.pages.c16.controls` records it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from helpers.layers.patches import patchify
from helpers.measure.attention_maps import attention_weights
from helpers.pages.c16 import contest, maps, readers, rivals, ruler, study
from helpers.records.study import record_study

STUDY = "16_controls"  # the record
TEMPLATE, PLACE, ELSEWHERE = "two templates", "the place of the coat", "a blob anywhere"
NEXT_PLACE = "the next dog's place of the coat"
OWN, OTHERS, SPECIAL = "its own dog", "another dog", "what is special to its dog"  # truths that a map is held against
Row = dict[str, Any]
Pair = Mapping[str, Tensor]  # one map, or truth, a reader: cue -> (n, 8, 8)


def of_the_others(values: Tensor) -> Tensor:
    """For each dog the mean over all *other* dogs, (n, ...) -> same; two dogs at least.

    Raises
    ------
    ValueError
        For fewer.
    """
    if len(values) < 2:
        raise ValueError(f"values: expected two dogs at least, got {len(values)}")
    return (values.sum(0) - values) / (len(values) - 1)


def paired(found: Pair, truths: Pair) -> np.ndarray:
    """Whose map is whose, for each dog: 1 where told apart, (n,)."""
    fits = {(a, b): ruler.rank_correlations(found[a], truths[b]) for a in readers.CUES for b in readers.CUES}
    one, two = readers.CUES
    return ruler.told_apart([fits[one, one], fits[two, two]], [fits[one, two], fits[two, one]])


def paired_with_others(found: Pair, truths: Pair) -> np.ndarray:
    """The same for the maps of each dog against the truths of every other dog; a dog's mean, (n,)."""
    n = len(truths[readers.CUES[0]])
    turns = [paired(found, {cue: truths[cue].roll(step, 0) for cue in readers.CUES}) for step in range(1, n)]
    return np.mean(turns, axis=0)


def against_all(found: Pair, truths: Pair) -> dict[str, np.ndarray]:
    """A pair of maps against the truths of its dog, of other dogs, and what is special to its dog in both."""
    special = [{cue: given[cue] - of_the_others(given[cue]) for cue in readers.CUES} for given in (found, truths)]
    return {OWN: paired(found, truths), OTHERS: paired_with_others(found, truths), SPECIAL: paired(*special)}


def place_of_the_coat(images: Tensor, in_other_coats: list[Tensor]) -> Tensor:
    """Share of each cell's pixels that another coat changes, (n, 3, S, S) -> (n, 8, 8)."""
    return F.adaptive_avg_pool2d(rivals.changed_pixels(images, in_other_coats)[:, None].float(), maps.GRID)[:, 0]


def blob_anywhere(count: int, seed: int) -> Tensor:
    """The chapter's blob, as wide as ever, around a place drawn by lot for each picture, (n, 8, 8)."""
    rng = torch.Generator().manual_seed(seed)
    middle = torch.rand(count, 2, 1, generator=rng) - 0.5  # of the frame, -0.5 to 0.5
    axis = ((torch.arange(maps.GRID) - (maps.GRID - 1) / 2) / maps.GRID)[None]
    rows, columns = axis - middle[:, 0], axis - middle[:, 1]
    return torch.exp(-4 * (rows[:, :, None] ** 2 + columns[:, None] ** 2))


def pair_rows(
    name: str, images: Tensor, answers: Pair, again: Mapping[str, list[Tensor]], found: Mapping[str, Pair]
) -> list[Row]:
    """Whose map is whose, for every map in `found`, and for two templates that leave this dog out."""
    both, rows = readers.readers(name), []
    truths = {cue: ruler.cue_worth(both[cue], images, answers[cue], again[cue]).float() for cue in readers.CUES}
    row: Row = {"part": "pairs", "network": name, "seed": readers.SHOWN_SEED}
    template = {cue: of_the_others(truths[cue]) for cue in readers.CUES}  # nothing in it is special to a dog
    rows.append(row | {"method": TEMPLATE, OWN: paired(template, truths).tolist()})
    for method, pair in found.items():
        cells = {cue: ruler.on_cells(pair[cue]) for cue in readers.CUES}
        held = {key: study.rounded(value) for key, value in against_all(cells, truths).items()}
        rows.append(row | {"method": method} | held)
    print("pairs", name, flush=True)
    return rows


def deletion_rows(
    name: str, images: Tensor, answers: Pair, drawn: Mapping[str, Pair], asked: Mapping[str, Mapping[str, Pair]]
) -> list[Row]:
    """Gain by deletion of maps without a network, and of the maps that were made for another."""
    rows = []
    for cue, model in readers.readers(name).items():
        chance, row = ruler.Chance(model, images, answers[cue]), {"network": name, "reader": cue, "seed": 0}
        for method, pair in drawn.items():
            gained = study.rounded(chance.gain("deletion", pair[cue]))
            rows.append(row | {"part": "deletion", "method": method, "gain": gained})
        for whose, method, gained in rivals.handed_over(chance, name, cue, asked):
            rows.append(row | {"part": "handed over", "map of": whose, "method": method, "gain": gained})
    print("deletion", name, flush=True)
    return rows


def without_the_look(model: Any, x: Tensor, how: str) -> Tensor:
    """Probabilities when the class token's last look brings nothing, or for each dog the mean of all, (B, K)."""
    block = model.blocks[-1]
    if how == "nothing":
        read = torch.zeros_like(x[:, 0])
    else:
        read = block.attention(block.norm1(x))[:, 0].mean(0).expand(len(x), -1)
    token = x[:, 0] + read
    return model.head(model.norm(token + block.mlp(block.norm2(token)))).softmax(-1)


def removed_rows(images: Tensor) -> list[Row]:
    """Share of answers that stay when the class token's last look is taken away."""
    rows = []
    for cue, model in readers.readers("vit_mini").items():
        x, weights = contest.last_look(model, images)
        real = contest.answer_with(model, x, weights)
        for how in ("nothing", "the mean of all"):
            new = without_the_look(model, x, how)
            stay = (new.argmax(1) == real.argmax(1)).int().tolist()
            rows.append({"part": "removed", "reader": cue, "instead": how, "seed": 0, "stay": stay})
    return rows


def weights_to_try(model: Any, shown: readers.Dogs, seed: int) -> dict[str, Tensor]:
    """Weights over the patches for the reader that averages them, name -> (n, 64)."""
    look = torch.cat([attention_weights(model, some)[-1][:, :, :1].mean(1) for some in shown.images.split(120)])
    place = place_of_the_coat(shown.images, [one.images for one in readers.others(shown, seed, "coat")])
    return {
        "equal": torch.ones(len(look), maps.GRID**2),
        "the ViT's": look[:, 0, 1:],
        "the ViT's, shuffled": contest.shuffled(look, 1)[:, 0, 1:],
        PLACE: place.flatten(1),
        maps.CONTRAST: maps.contrast(model, shown.images, shown.answers["coat"]).flatten(1),
        maps.BLOB: maps.blob(model, shown.images, shown.answers["coat"]).flatten(1),
        NEXT_PLACE: place.flatten(1).roll(1, 0),
    }


def guide_rows(lesson: int) -> list[Row]:
    """The chapter's reader that averages patches, with the ViT's weights and with weights that ask no network."""
    model = readers.readers("vit_mini")["coat"]  # both readers have the same attention
    rng = torch.Generator().manual_seed(0)
    mix = torch.randn(192, contest.HIDDEN, generator=rng) / 192**0.5
    bias = torch.rand(contest.HIDDEN, generator=rng) - 0.5
    sides = []
    for count, seed in ((lesson, readers.TRAIN_SEED), (lesson // 2, readers.SHOWN_SEED)):
        shown = readers.dogs(count, seed)
        hidden = (patchify(shown.images, 8) @ mix + bias).relu()  # (n, 64, HIDDEN)
        tried = weights_to_try(model, shown, seed)
        seen = {name: torch.einsum("np,npd->nd", w / w.sum(1, keepdim=True), hidden) for name, w in tried.items()}
        sides.append((seen, shown.answers))
    (learn, labels), (test, truth) = sides
    rows = []
    for cue in readers.CUES:
        for name, averaged in learn.items():
            mean, scale = averaged.mean(0), averaged.std(0) + 1e-6
            fit = LogisticRegression(C=0.1, max_iter=300).fit(((averaged - mean) / scale).numpy(), labels[cue])
            right = fit.predict(((test[name] - mean) / scale).numpy()) == truth[cue].numpy()
            rows.append(
                {"part": "guide", "reader": cue, "weights": name, "seed": 0, "right": right.astype(int).tolist()}
            )
    print("guide", flush=True)
    return rows


def controls(count: int, drawn: int, lesson: int) -> list[Row]:
    """All of them: rows of the runs."""
    images, answers, again = study.chosen_dogs(count, drawn)
    place, anywhere = place_of_the_coat(images, again["coat"]), blob_anywhere(count, 0)
    both_places = rivals.inside_and_outline(rivals.changed_pixels(images, again["coat"]))
    alone = {PLACE: dict.fromkeys(readers.CUES, place), ELSEWHERE: dict.fromkeys(readers.CUES, anywhere)}
    asked = {name: rivals.asked(name, images, answers) for name in readers.NETWORKS}
    rows: list[Row] = [{"part": "dogs", "seed": readers.SHOWN_SEED} | {cue: answers[cue].tolist() for cue in answers}]
    for name in readers.NETWORKS:
        rows += pair_rows(name, images, answers, again, asked[name] | {rivals.PAIR: both_places})
        rows += deletion_rows(name, images, answers, alone | {rivals.PAIR: both_places}, asked)
    return rows + removed_rows(images) + guide_rows(lesson)


def findings(rows: list[Row]) -> dict[str, dict[str, Any]]:
    """What claims are judged by: name -> value, low, high, n, covers."""
    right = {(row["reader"], row["weights"]): np.array(row["right"]) for row in rows if row["part"] == "guide"}
    found = {
        f"{cue}, patches with the ViT's weights minus the same shuffled": ruler.mean_over_pictures(
            right[cue, "the ViT's"] - right[cue, "the ViT's, shuffled"]
        )
        for cue in readers.CUES
    }
    (template,) = [
        row for row in rows if row["part"] == "pairs" and row["method"] == TEMPLATE and row["network"] == "vit_mini"
    ]
    found["vit, two templates: pairs told apart"] = ruler.share_told_apart(np.array(template[OWN]))
    (pair,) = [
        row for row in rows if row["part"] == "pairs" and row["method"] == rivals.PAIR and row["network"] == "vit_mini"
    ]
    found["vit, inside and outline: pairs told apart by what is special"] = ruler.share_told_apart(
        np.array(pair[SPECIAL])
    )
    return {name: estimate.as_dict() for name, estimate in found.items()}


if __name__ == "__main__":
    how = {"count": 24, "drawn": 100, "lesson": 720}
    run = study.with_findings(controls, findings)
    record_study(STUDY, how, run, Path(__file__), steps_of_a_curve=ruler.STEPS)
