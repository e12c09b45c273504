"""Rivals of a network's map that ask no network, and what a map is worth to a network that it was not made for.

For the cues: two places of the drawing itself, the dog's inside for its coat and its outline for its build. They follow
each dog and know of no reader. For deletion: every map is also deleted on the other network, and for the other reader
of its own; what it gains there cannot be about the one that it was made for.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.measure.faithfulness import Explanation
from helpers.pages.c16 import maps, readers, ruler

PAIR = "inside and outline"
BAND = 2  # pixels from the edge of the dog: what is nearer is the outline's, what lies farther inside the coat's
OTHER_NETWORK, OTHER_READER = "the other network", "the other reader"  # whose map is deleted
Pair = Mapping[str, Tensor]  # one map a reader: cue -> (n, H', W')


def changed_pixels(images: Tensor, in_other_coats: list[Tensor]) -> Tensor:
    """Where any other coat changes the picture: the dog, as far as it is seen, (n, 3, S, S) -> bool (n, S, S)."""
    return torch.stack([(other != images).any(1) for other in in_other_coats]).any(0)


def grown(mask: Tensor, pixels: int) -> Tensor:
    """A mask with all that is at most so many pixels from it, up, down and across, bool (n, S, S) -> same."""
    side = 2 * pixels + 1
    return F.max_pool2d(mask[:, None].float(), side, stride=1, padding=pixels)[:, 0] > 0


def inside_and_outline(dog: Tensor) -> dict[str, Tensor]:
    """Two maps of each dog: share of each cell that lies well inside it, and near its edge, cue -> (n, 8, 8).

    Specks that all coats paint alike are closed first, as they are no edge of the dog.

    Parameters
    ----------
    dog
        bool (n, S, S), of `changed_pixels`.
    """
    whole = ~grown(~grown(dog, 1), 1)
    inside = ~grown(~whole, BAND)
    outline = grown(whole, BAND) & ~inside
    parts = {"coat": inside, "build": outline}
    return {cue: F.adaptive_avg_pool2d(part[:, None].float(), maps.GRID)[:, 0] for cue, part in parts.items()}


def of_a_class(name: str) -> dict[str, Explanation]:
    """The maps of a network that ask for a class, so that its two readers may differ in them."""
    return {
        method: explain
        for method, explain in maps.methods(name).items()
        if method.startswith("Grad-CAM") or method == maps.GRADIENT
    }


def asked(name: str, images: Tensor, answers: Pair) -> dict[str, Pair]:
    """What they answer for both readers, method -> cue -> (n, H', W')."""
    both = readers.readers(name)
    return {
        method: {cue: explain(both[cue], images, answers[cue]).detach() for cue in readers.CUES}
        for method, explain in of_a_class(name).items()
    }


def handed_over(
    chance: ruler.Chance, name: str, cue: str, found: Mapping[str, Mapping[str, Pair]]
) -> list[tuple[str, str, list[float]]]:
    """Maps that were made for another, deleted on this network for this reader: whose, method, gain of each dog.

    Parameters
    ----------
    chance
        Of the network and reader that the maps are deleted on.
    name, cue
        Which these are.
    found
        Network -> method -> cue -> (n, H', W'), of `asked`.
    """
    (network,) = (one for one in found if one != name)
    (reader,) = (one for one in readers.CUES if one != cue)
    given = [(OTHER_NETWORK, method, pair[cue]) for method, pair in found[network].items()]
    given += [(OTHER_READER, method, pair[reader]) for method, pair in found[name].items()]
    return [(whose, method, chance.gain("deletion", saliency).round(4).tolist()) for whose, method, saliency in given]
