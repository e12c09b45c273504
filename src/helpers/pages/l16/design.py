"""Everything of lab 16 that can be refused before a photograph is opened."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.data.decode import read_picture
from helpers.data.near_duplicates import BITS
from helpers.data.paths import existing
from helpers.pages.l16.drawn import write_drawn_folder

MODEL_NAME = re.compile(r"\w[\w .-]*")
DRAWN_OPTIONS = ("n_classes", "n_per_class", "difficulty")


def check(parameters: Mapping[str, Any]) -> None:
    """Refuse, before any work, what would fail later.

    Raises
    ------
    ValueError
        For a share outside of (0, 1), a folder or picture that is not there, a name that is none for a folder, or an
        option of the drawn photographs that does not exist.
    """
    for name in ("test_fraction", "val_fraction"):
        if not 0 < parameters[name] < 1:
            raise ValueError(f"{name}: expected 0 < {name} < 1, got {parameters[name]}; for example: -p {name} 0.2")
    if parameters["near_bits"] >= BITS:
        raise ValueError(f"near_bits: expected 1 to {BITS - 1} bits, got {parameters['near_bits']}")
    if not parameters["learning_rate"] > 0:
        raise ValueError(f"learning_rate: expected a number > 0, got {parameters['learning_rate']}")
    for name in ("data_dir", "link_root", "weights_dir"):
        if parameters[name] is not None:
            existing(parameters[name], name, kind="folder")
    if parameters["picture"] is not None:
        read_picture(parameters["picture"], 64)
    wanted = parameters["model_name"]
    if wanted is not None and (not MODEL_NAME.fullmatch(wanted) or wanted.endswith((".", " "))):
        raise ValueError(f"model_name: expected letters, digits and _ . - or blanks between them, got {wanted!r}")
    if unknown := [name for name in parameters["drawn"] if name not in DRAWN_OPTIONS]:
        raise ValueError(f"drawn: expected some of {', '.join(DRAWN_OPTIONS)}, got {', '.join(unknown)}")


def folder_of(parameters: Mapping[str, Any], own: Path) -> Path:
    """The folder of photographs: the reader's, else one that is drawn now into `own`, the folder of this run."""
    if parameters["data_dir"] is not None:
        return Path(parameters["data_dir"])
    return write_drawn_folder(own / "drawn_photographs", **parameters["drawn"])
