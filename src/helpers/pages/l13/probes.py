"""What is done to a probe before it is compared: nothing, something worn, hidden cells, distance."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from helpers.data.faces import draw_people
from helpers.data.occluders import drop_cells, from_afar
from helpers.pages.l13.methods import WORN, afar, hidden
from helpers.pages.l13.people import AS_DRAWN, FIRST_TEST, Faces

HALF = 0.5  # the share that is always asked for
SHOWN = 96  # pixels of a drawn face that is shown to people
Change = Callable[[np.ndarray], np.ndarray]


def changes(parameters: Mapping[str, Any], size: int) -> dict[str, Change]:
    """Name -> what is done to clean pictures of `size` pixels, in the order of the page; things worn are not here.

    Half of the cells, and any share of black ones, are hidden beside the grid too.
    """
    cell = parameters["cell"] * size // parameters["image_size"]
    found: dict[str, Change] = {"clean": np.copy}
    for fill in parameters["fills"]:
        for share in sorted({*parameters["shares"], HALF}):
            for shift in (0, cell // 2) if share == HALF or fill == "black" else (0,):
                found[hidden(fill, share, bool(shift))] = lambda images, how=(share, shift, fill): drop_cells(  # type: ignore[misc]
                    images, how[0], cell, shift=how[1], fill=how[2]
                )
    for times in parameters["distances"]:
        found[afar(times)] = lambda images, times=times: from_afar(images, times)  # type: ignore[misc]
    return found


def probes(faces: Faces, parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Name -> the pictures of the test, changed, uint8 (n, S, S, 3); worn things after the clean ones."""
    clean = faces.data.test.images
    made = {name: change(clean) for name, change in changes(parameters, clean.shape[1]).items()}
    return {"clean": made.pop("clean")} | {worn: faces.worn[worn] for worn in WORN} | made


def examples(parameters: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Some probes of one *drawn* person, uint8 (96, 96, 3), whatever the lab's data are: no photograph is shown."""
    size = SHOWN // parameters["image_size"] * parameters["image_size"] or parameters["image_size"]

    def face(wears: str | None = None) -> np.ndarray:
        return draw_people(1, 1, size, first_person=FIRST_TEST, wears=wears, difficulty=0.2)[0]

    done = {name: change(face()) for name, change in changes(parameters, size).items()}
    halves = [hidden(fill, HALF, shifted) for fill in parameters["fills"] for shifted in (False, True)]
    wanted = [name for name in (*halves, *(afar(times) for times in parameters["distances"][-1:])) if name in done]
    shown = {"clean": done["clean"]} | {worn: face(drawn) for worn, drawn in AS_DRAWN.items()}
    return {name: images[0] for name, images in (shown | {name: done[name] for name in wanted}).items()}
