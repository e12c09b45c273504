"""What one network says, and how its maps are scored: by the place that they point at, and by deletion."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy.stats import rankdata
from torch import Tensor, nn

from helpers.measure.faithfulness import perturbation_curve
from helpers.pages.l12 import maps
from helpers.pages.l12.methods import ASKING, BOTH, BUILD, COAT, METHODS, OUTLINE, methods_of
from helpers.pages.l12.study import Dogs, Key, named


def leaning(saliency: Tensor, coat: np.ndarray, build: np.ndarray) -> np.ndarray:
    """How often a pixel of the coat's place is brighter than one of the build's, ties count half; (n,) of 0 to 1.

    Above one half the map points at the coat. Only the order of its values counts, and only on these two places.

    Parameters
    ----------
    saliency
        Maps (n, H', W'), enlarged bilinearly to the size of the places.
    coat, build
        bool (n, S, S), of `Dogs.places`.
    """
    enlarged = F.interpolate(saliency[:, None].double(), coat.shape[1:], mode="bilinear", align_corners=False)[:, 0]
    found = []
    for heat, inside, along in zip(enlarged.detach().numpy(), coat, build, strict=True):
        a, b = heat[inside], heat[along]
        ranks = rankdata(np.round(np.concatenate([a, b]), 12))  # rounding of the enlargement breaks no tie
        found.append((ranks[: len(a)].sum() - len(a) * (len(a) + 1) / 2) / (len(a) * len(b)))
    return np.array(found)


def ceiling(coat: np.ndarray, build: np.ndarray, side: int) -> float:
    """What a perfect map of side x side cells would tell: one that shows a place itself, as its share of each cell.

    The share of dogs where that of the coat's place points at the coat, less the same for the build's; 1 is the best.
    """
    perfect = [F.adaptive_avg_pool2d(torch.from_numpy(where)[:, None].double(), side)[:, 0] for where in (coat, build)]
    at_coat, at_build = (leaning(heat, coat, build) > 0.5 for heat in perfect)
    return float(at_coat.mean() - at_build.mean())


def painted(images: Tensor, where: np.ndarray) -> Tensor:
    """Pictures with a place, bool (n, S, S), painted in their mean colour."""
    return torch.where(torch.from_numpy(where)[:, None], images.mean((2, 3), keepdim=True), images)


def behaviour(model: nn.Module, dogs: Dogs) -> dict[str, list[int]]:
    """What a network names, a number for each dog: as it is, with either place painted over, and what it names of the
    same dog with the next coat or the next build."""
    coat, build = dogs.places()
    with torch.no_grad():
        found = {
            f"{name} painted": model(painted(dogs.images, where)).argmax(1).tolist()
            for name, where in (("inside", coat), ("outline", build))
        }
    found["as it is"] = named(model, dogs.pixels).tolist()
    found["another coat"] = named(model, dogs.other_coat.pixels).tolist()
    found["another build"] = named(model, dogs.other_build.pixels).tolist()
    return found


class Chance:
    """Areas under the deletion curves of random maps, one for each grid of side x side cells."""

    def __init__(self, model: nn.Module, images: Tensor, classes: Tensor, steps: int) -> None:
        self.model, self.images, self.classes, self.steps = model, images, classes, steps
        self.kept: dict[int, np.ndarray] = {}
        with torch.no_grad():
            shares = model(images).softmax(-1).gather(1, classes[:, None])[:, 0]
        self.intact = shares.double().numpy()

    def area(self, saliency: Tensor) -> np.ndarray:
        """Under the curve of a map, (n, H', W') -> (n,)."""
        return perturbation_curve(self.model, self.images, self.classes, saliency, "deletion", steps=self.steps).area

    def gain(self, saliency: Tensor) -> np.ndarray:
        """What a map saves over chance on an equal grid, as a share of the intact picture's probability, (n,)."""
        side = saliency.shape[-1]
        if side not in self.kept:
            self.kept[side] = self.area(maps.lot(len(self.images), side, seed=0))
        return (self.kept[side] - self.area(saliency)) / self.intact


def read_maps(
    key: Key, model: nn.Module, dogs: Dogs, deletion: int, cells: int, widths: Sequence[float] = OUTLINE
) -> dict[str, dict[str, list[Any]]]:
    """Every map of the network's own answers: where it leans, where it leans with shuffled weights, what it gains.

    The last two are compared where the cue is known, so they are not asked of a network that could choose.

    Parameters
    ----------
    deletion
        Steps of a deletion curve; 0 for none.
    cells
        A side, of occlusion.
    widths
        Of the outline, in pixels; see `helpers.pages.l12.places`.

    Returns
    -------
    dict
        "leaning" and "shuffled": map -> for each width a number for each dog; "deletion": map -> a number for each dog.
    """
    images, known = dogs.images, key.lesson != BOTH
    places = [dogs.places(width) for width in widths]
    with torch.no_grad():
        answers = model(images).argmax(1)
    ruined = maps.shuffled(model, seed=key.seed)
    chance = Chance(model, images, answers, deletion) if deletion and known else None
    found: dict[str, dict[str, list[Any]]] = {"leaning": {}, "shuffled": {}, "deletion": {}}
    for method in methods_of(key.network):
        explain = maps.explanation(method, key.network, cells)
        heat = explain(model, images, answers).detach()
        found["leaning"][method] = [leaning(heat, *where).round(4).tolist() for where in places]
        if known and method in ASKING:
            lost = explain(ruined, images, answers)
            found["shuffled"][method] = [leaning(lost, *where).round(4).tolist() for where in places]
        if chance is not None:
            found["deletion"][method] = chance.gain(heat).round(4).tolist()
    return found


def maps_of(network: str, pair: Mapping[str, nn.Module], dogs: Dogs, dog: int) -> dict[str, tuple[np.ndarray, ...]]:
    """Every map of one dog, of the coat network and of the build network: label -> (h, w) twice.

    Parameters
    ----------
    network
        Which architecture.
    pair
        "coat" and "build" -> the network that learned it.
    dog
        Its row in `dogs`.
    """
    image, found = dogs.images[dog : dog + 1], {}
    for method in methods_of(network):
        explain = maps.explanation(method, network)
        heats = []
        for lesson in (COAT, BUILD):
            with torch.no_grad():
                said = pair[lesson](image).argmax(1)
            heats.append(explain(pair[lesson], image, said)[0].detach().numpy())
        found[METHODS[method].label] = tuple(heats)
    return found


def ask(
    key: Key, model: nn.Module, dogs: Dogs, few: Dogs, deletion: int, cells: int, widths: Sequence[float] = OUTLINE
) -> dict[str, Any]:
    """All that is asked of one network: rows for its run.

    Parameters
    ----------
    dogs
        All cue conflicts, for the answers.
    few
        The first of them, for the maps.
    deletion, cells, widths
        As of `read_maps`.
    """
    return {"answers": behaviour(model, dogs), "maps": read_maps(key, model, few, deletion, cells, widths)}
