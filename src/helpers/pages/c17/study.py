"""The page's two networks under every protocol, trained with and without erasing; networks with photographs behind
them; and how often intervals hold the truth.

`python -m helpers.pages.c17.study --record` records what the page quotes as `17_faces`.
"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from helpers.data.occluders import square
from helpers.measure.verification import auc, compare, equal_error_rate, jackknife, left_out, rank_one
from helpers.models.pretrained import build_model
from helpers.pages.c17 import coverage, networks
from helpers.pages.c17.protocols import TESTING, People, people_of_test, people_of_training, protocols
from helpers.records import make_record, project_root, write_atomically
from helpers.records.places import result_path

STUDY = "17_faces"  # the record
RATES = {"cnn": 0.01, "vit": 0.004}
RECIPES = ("plain", "erasing")
SHORT, SHORT_STEPS = "short", 130  # a CNN that was stopped about where the ViT is
RELEASED = {"cnn": "xception_mini", "vit": "vit_mini"}
RELEASED_SIDE, RELEASED_PATCH = 64, 8
SIDES = (0, 9, 12, 18)  # of the explorer's square, in pixels
STEPS_OF_PLACE = 5  # places of the square each way
Left = dict[tuple[str, str, str, int], np.ndarray]  # network, recipe, protocol, seed -> AUC, then without each person
Judge = Any  # pictures uint8 (n, S, S, 3) -> templates (n, D)


def judged(
    judge: Judge, test: People, patch: int, everything: bool
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """One network under the protocols: rows of AUC, EER and identification, and AUCs without each person in turn."""
    enrolled, rows, left = judge(test.clean), [], {}
    first = np.arange(0, len(test.people), TESTING[1])  # a person's first picture, to identify the others by
    others = np.setdiff1d(np.arange(len(test.people)), first)
    for name, make in protocols(patch, everything=everything).items():
        probes = judge(make(test))
        pairs = compare(enrolled, probes.copy(), test.people)
        value = float(auc(pairs.scores, pairs.same))
        named = rank_one(enrolled[first], probes[others], test.people[others])
        row = {"protocol": name, "auc": value, "eer": equal_error_rate(pairs.scores, pairs.same)}
        rows.append(row | {"rank_one": float(named.mean())})
        left[name] = np.r_[value, left_out(pairs)]
    return rows, left


def trained(name: str, recipe: str, seed: int, steps: int) -> tuple[Judge, float]:
    """A network of the page and what it makes of pictures; the share of its training pictures that it names."""
    images, people = people_of_training(networks.SIDE)
    inputs, labels = networks.as_input(images), torch.from_numpy(people)
    model = networks.build(name, len(np.unique(people)), seed)
    steps = SHORT_STEPS if recipe == SHORT else steps
    networks.train(model, inputs, labels, steps=steps, rate=RATES[name], erase=recipe == "erasing", seed=seed)
    centre = networks.before_head(model, inputs).mean(0)
    with torch.no_grad():
        known = float((model(inputs[::4]).argmax(1) == labels[::4]).float().mean())
    return (lambda pictures: networks.templates(model, pictures, centre)), known


def released(name: str) -> Judge:
    """A network that learned from photographs, frozen; linear discriminants of 60 people tell its features apart."""
    card = build_model(RELEASED[name], num_classes=2, weights="photographs")
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (card.mean, card.std))

    def features(pictures: np.ndarray) -> np.ndarray:
        inputs = (torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255 - mean) / std
        return networks.before_head(card.model, inputs).double().numpy()

    images, people = people_of_training(RELEASED_SIDE, pictures=8)
    tells = LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.2).fit(features(images), people)

    def judge(pictures: np.ndarray) -> np.ndarray:
        rows = tells.transform(features(pictures))
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))

    return judge


def differences(left: Left) -> list[dict[str, Any]]:
    """ViT minus CNN in AUC for each protocol and pair of recipes, mean over seeds, intervals over the people."""
    seeds = sorted({key[3] for key in left})
    of = {name: sorted({key[1] for key in left if key[0] == name}) for name in ("vit", "cnn")}
    rows = []
    for (vit, cnn), protocol in product(product(of["vit"], of["cnn"]), dict.fromkeys(key[2] for key in left)):
        gap = np.mean([left["vit", vit, protocol, s] - left["cnn", cnn, protocol, s] for s in seeds], axis=0)
        found = jackknife(gap[0], gap[1:])
        rows.append({"protocol": protocol, "vit": vit, "cnn": cnn} | found.as_dict())
    return rows


def explored(judges: Mapping[tuple[str, str], Judge], test: People) -> dict[str, Any]:
    """A square of each size at each place of one probe: the three nearest people and their scores, for each network.

    The probe is the first second picture that all judges name rightly when nothing hides it.
    """
    first = np.arange(0, len(test.people), TESTING[1])
    enrolled = {key: judge(test.clean[first]) for key, judge in judges.items()}
    seen = {key: judge(test.clean[first + 1]) for key, judge in judges.items()}
    right = [rank_one(enrolled[key], seen[key], np.arange(len(first))) for key in judges]
    person = int(np.argmax(np.all(right, axis=0)))
    probe, states = test.clean[first[person] + 1][None], [(0, 0, 0)]
    for side in SIDES[1:]:
        at = np.rint(np.linspace(0, test.side - side, STEPS_OF_PLACE)).astype(int).tolist()
        states += [(side, top, left) for top in at for left in at]
    pictures = np.concatenate([square(probe, side, top, left) for side, top, left in states])
    rows = []
    for (name, recipe), judge in judges.items():
        scores = judge(pictures) @ enrolled[name, recipe].T  # (states, people)
        nearest = np.argsort(-scores, axis=1)[:, :3]
        own = scores[:, person]
        place = (scores > own[:, None]).sum(1) + 1
        told = [[int(p), round(float(scores[k, p]), 2)] for k in range(len(states)) for p in nearest[k]]
        rows.append({"network": name, "recipe": recipe, "nearest": told}
                    | {"own": own.round(2).tolist(), "place": place.tolist()})  # fmt: skip
    return {"person": person, "all_right": bool(np.all(right, axis=0)[person]), "states": states, "rows": rows}


def study(
    steps: int, seeds: Sequence[int], worlds: Sequence[tuple[int, int]], *, everything: bool = True
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """All of it: rows of the runs, and the summary."""
    runs: list[dict[str, Any]] = []
    left: Left = {}
    judges: dict[tuple[str, str], Judge] = {}
    test = people_of_test(networks.SIDE)
    arms = [*product(networks.NETWORKS, RECIPES), ("cnn", SHORT)]
    for seed, (name, recipe) in product(seeds, arms):
        judge, known = trained(name, recipe, seed, steps)
        if seed == seeds[0] and recipe != SHORT:
            judges[name, recipe] = judge
        rows, without = judged(judge, test, networks.PATCH, everything)
        runs += [row | {"network": name, "recipe": recipe, "seed": seed, "train_top1": known} for row in rows]
        left |= {(name, recipe, protocol, seed): values for protocol, values in without.items()}
        print(seed, name, recipe, f"{known:.2f}", [f"{100 * row['auc']:.0f}" for row in rows], flush=True)
    behind: Left = {}
    large = people_of_test(RELEASED_SIDE)
    for name in RELEASED:
        rows, without = judged(released(name), large, RELEASED_PATCH, everything=False)
        runs += [row | {"network": RELEASED[name], "recipe": "released", "seed": 0} for row in rows]
        behind |= {(name, "released", protocol, 0): values for protocol, values in without.items()}
        print(RELEASED[name], [f"{100 * row['auc']:.0f}" for row in rows], flush=True)
    covered = [coverage.coverage(people, count) for people, count in worlds]
    summary = {"differences": differences(left), "released": differences(behind)}
    return runs, summary | {"explored": explored(judges, test), "coverage": covered}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", action="store_true", help="write the record; otherwise only print")
    record_it = parser.parse_args().record
    torch.set_num_threads(1)
    begun = datetime.now(UTC)
    how: dict[str, Any] = {"steps": 600, "seeds": (0, 1), "worlds": ((11, 200), (40, 40))}
    rows, found = study(**how)
    if record_it:
        record = make_record(
            STUDY,
            "cpu",
            parameters=how | {"command": "python -m helpers.pages.c17.study --record"},
            runs=rows,
            summary=found,
            started_at=begun,
            script=Path(__file__),
        )
        write_atomically(
            result_path(project_root() or Path(), STUDY, "cpu"), record.model_dump_json(indent=None) + "\n"
        )
