"""A finished model on disk: its numbers as safetensors, and `card.json`, which says what it is.

The card is written last and names the file of the numbers by its digest, so a reader never sees
half a model, not even while a newer one takes the place of an older. A card holds class names and
figures of whoever made it: it stays in the build folder, and nothing here publishes it.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes

from helpers.models.pretrained.cards import MODELS, TERMS, check_image_size
from helpers.models.pretrained.loading import Pretrained
from helpers.models.pretrained.package import LICENCE
from helpers.reading import read_json, reasons

CARD = "card.json"
FORMAT = 1
AGAIN = "keep the model again, or choose another"
Mean = Annotated[float, Field(ge=0, le=1)]  # in units of 1 = white
Std = Annotated[float, Field(ge=1e-3, le=1)]


class Accuracy(BaseModel):
    """How good a kept model was: what a card says under `accuracy`."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None


class _Card(BaseModel):
    """What a card has to say so that its model can be asked; it may say more."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False, strict=True)
    model: str
    file: str = Field(pattern=r"^[\w.-]{1,100}\.safetensors$")
    sha256: str
    classes: list[str] = Field(min_length=1)
    image_size: int = Field(ge=32, le=2048)
    mean: list[Mean] = Field(min_length=3, max_length=3)
    std: list[Std] = Field(min_length=3, max_length=3)
    decoding: str
    temperature: float = Field(ge=1e-6, le=1e6)
    known_above: float | None = None
    first_weights: dict[str, Any] = {}
    accuracy: Accuracy | None = None
    date: str | None = None


NEEDED = tuple(name for name, field in _Card.model_fields.items() if field.is_required())


@dataclass(frozen=True)
class SavedModel:
    """A model that was kept, in eval mode, with its card.

    Attributes
    ----------
    temperature
        What logits are divided by before the softmax, so that a probability means what it says.
    known_above
        A score is the logarithm of the sum of the exponentials of the logits; below this one it is
        of no class that the model knows. None where nobody measured it.
    card
        All that `save` was told.
    """

    ready: Pretrained
    class_names: tuple[str, ...]
    temperature: float
    known_above: float | None
    card: dict[str, Any]
    folder: Path


def save(
    folder: Path,
    ready: Pretrained,
    class_names: Sequence[str],
    *,
    decoding: str,
    temperature: float = 1.0,
    known_above: float | None = None,
    **told: Any,
) -> Path:
    """Keep a model with a head of its classes; an older one in the folder stays until it is whole.

    Parameters
    ----------
    folder
        The model's own, made where it is missing; its name is the model's.
    decoding
        The rule by which its pictures are decoded, `helpers.data.decode.RULE`.
    temperature, known_above
        See `SavedModel`.
    told
        More for the card, ready for JSON: tuning, data, accuracy, date, ...

    Returns
    -------
    Path
        The card.

    Raises
    ------
    ValueError
        If the head has another number of outputs than there are classes, or a number of the card is
        not finite.
    OSError
        If the folder cannot be written to; what was there before stays.
    """
    state = {
        key: tensor.detach().cpu().contiguous() for key, tensor in ready.model.state_dict().items()
    }
    outputs = state[f"{MODELS[ready.name].head}.weight"].shape[0]
    if outputs != len(class_names):
        raise ValueError(
            f"class_names: expected one for each of {outputs} outputs, got {len(class_names)}"
        )
    data = tensors_to_bytes({key: tensor.clone() for key, tensor in state.items()})
    digest = hashlib.sha256(data).hexdigest()
    file = f"model-{digest[:16]}.safetensors"
    card = {
        "format": FORMAT,
        "name": folder.name,
        "model": ready.name,
        "classes": list(class_names),
        "image_size": ready.image_size,
        "mean": list(ready.mean),
        "std": list(ready.std),
        "decoding": decoding,
        "temperature": temperature,
        "known_above": known_above,
        "first_weights": dict(ready.weights),
        "licence_of_first_weights": licence(ready),
        **told,
        "file": file,
        "sha256": digest,
    }
    text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / file, data)
    _write(folder / CARD, text.encode())
    for old in folder.glob("model-*.safetensors"):
        if old.name != file:
            old.unlink()
    return folder / CARD


def load(folder: Path) -> SavedModel:
    """A model that `save` kept, ready to predict.

    Raises
    ------
    FileNotFoundError
        If the folder holds no card.
    ValueError
        If card and file do not belong together, or the file is not whole.
    """
    path = folder / CARD
    if not path.is_file():
        raise FileNotFoundError(f"no saved model in {folder}: it holds no {CARD}")
    card = read_json(path, AGAIN)
    if not isinstance(card, dict):
        raise ValueError(f"{path}: expected a card, got JSON of another form: {AGAIN}")
    missing = [name for name in NEEDED if name not in card]
    if card.get("format") != FORMAT or missing or card.get("model") not in list(MODELS):
        what = (
            f"lacks {', '.join(missing)}"
            if missing
            else f"is of format {card.get('format')}, {card.get('model')}"
        )
        raise ValueError(
            f"{path} {what}: this version of the course reads format {FORMAT} and the models "
            f"{', '.join(MODELS)}; {AGAIN}"
        )
    try:
        _Card.model_validate(card)
        check_image_size(card["model"], card["image_size"])
    except ValidationError as error:
        raise ValueError(f"{path}: {reasons(error)}: {AGAIN}") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}: {AGAIN}") from error
    file = folder / card["file"]
    data = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(data).hexdigest() != card["sha256"]:
        raise ValueError(
            f"{file} is missing or not the file that {CARD} names: keep the model again"
        )
    model = MODELS[card["model"]].build(len(card["classes"]), card["image_size"]).eval()
    try:
        model.load_state_dict(tensors_from_bytes(data))
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"{file} does not fit {card['model']}: {error}; {AGAIN}") from error
    mean, std = tuple(card["mean"]), tuple(card["std"])
    ready = Pretrained(
        model, card["model"], card["image_size"], mean, std, card.get("first_weights", {})
    )
    return SavedModel(
        ready, tuple(card["classes"]), card["temperature"], card.get("known_above"), card, folder
    )


def newest(models: Path) -> Path:
    """The folder of the model in `models` that was kept last.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    cards = sorted(
        models.glob(f"*/{CARD}"), key=lambda path: (path.stat().st_mtime_ns, path.parent.name)
    )
    if not cards:
        raise FileNotFoundError(
            f"no saved model in {models}: lab 16 and lab 08 keep one, make lab NAME=..."
        )
    return cards[-1].parent


def licence(ready: Pretrained) -> str:
    """What is known of the licence of the weights that the training began with."""
    kind = ready.weights.get("kind")
    if kind == "package":
        return LICENCE
    if kind in TERMS:
        return TERMS[kind]
    if kind == "none":
        return "none, it began with fresh numbers"
    name = MODELS[ready.name].timm_name
    if kind == "hub" and name is not None:
        import timm

        config = timm.get_pretrained_cfg(name)
        found = getattr(config, "license", None) if config is not None else None
        return f"{found or 'unknown'}, as timm says of {name}"
    return "unknown: the weights came from a folder"


def _write(path: Path, data: bytes) -> None:
    """Write beside and rename."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
