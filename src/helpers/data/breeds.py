"""The embedded default: breeds of dogs that we draw ourselves, fine-grained by construction.

A breed is a coat texture (a *local* cue: a few pixels tell it) times body proportions (a *global* cue: legs against
back against head). Each image knows both, so that a lesson can ask which of them a model uses. Everything else that
varies (pose, colours, scene, light, noise, things in front) is the same for all breeds.

The breeds of the lab and those for pre-training share neither a texture nor a body.
"""

import hashlib
import json
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from helpers.data.base import Dataset, Split
from helpers.data.dogs import UNIFORMS, draw_chunk

DRAWING_VERSION = 1  # raise it whenever the same numbers would give other pixels
DEFAULT_DIFFICULTY = 0.5

TEXTURES = ("spotted", "brindled", "curly", "patched", "ticked", "marbled", "tweedy", "chequered", "plaid")
PROPORTIONS = ("low-rider", "stilt-legs", "big-head", "barrel", "periscope", "bush-tail", "lop-ear")
LAB_TEXTURES, PRETRAIN_TEXTURES = range(0, 4), range(4, 9)
LAB_PROPORTIONS, PRETRAIN_PROPORTIONS = range(0, 3), range(3, 7)
CLASS_SETS = {
    "lab": (LAB_TEXTURES, LAB_PROPORTIONS),  # 4 x 3 = 12 breeds
    "pretrain": (PRETRAIN_TEXTURES, PRETRAIN_PROPORTIONS),  # 5 x 4 = 20 breeds
}
SPLITS = ("train", "val", "test")
MINIMUM_SIZE = 16  # pixels; below, no texture survives
CHUNK_PIXELS = 65_536  # pixels drawn at once: their arrays stay in the processor's cache


def draw_breeds(
    texture: np.ndarray,
    proportion: np.ndarray,
    rng: np.random.Generator,
    *,
    image_size: int = 64,
    difficulty: float = DEFAULT_DIFFICULTY,
    bar: Any = None,
) -> np.ndarray:
    """Draw one dog per entry of `texture` and `proportion`.

    Image i depends on the state of `rng`, on i and on its own two factors only: drawing more images leaves the first
    ones unchanged, and drawing the same state with another texture changes nothing but the coat (a cue conflict).

    Parameters
    ----------
    texture
        Integers (n,), indices into `TEXTURES`.
    proportion
        Integers (n,), indices into `PROPORTIONS`.
    rng
        Its children by `spawn` are used, so a second call with it draws other dogs.
    image_size
        S in pixels, at least 16.
    difficulty
        0 (clear textures, breeds far apart, tidy pictures) to 1; see `helpers.data.variation.Nuisance`.
    bar
        A tqdm bar to advance by the images drawn.

    Returns
    -------
    np.ndarray
        uint8 (n, S, S, 3).

    Raises
    ------
    ValueError
        For factors that do not exist or do not pair up, and for a size or difficulty out of range.
    """
    texture, proportion = np.asarray(texture), np.asarray(proportion)
    _check_factor("texture", texture, len(TEXTURES))
    _check_factor("proportion", proportion, len(PROPORTIONS))
    if texture.shape != proportion.shape:
        raise ValueError(f"factors: expected one proportion per texture, got {texture.shape} and {proportion.shape}")
    _check_picture(image_size, difficulty)
    n = len(texture)
    numbers, grain = rng.spawn(2)
    images = np.empty((n, image_size, image_size, 3), dtype=np.uint8)
    step = max(1, CHUNK_PIXELS // image_size**2)
    for start in range(0, n, step):
        chunk = slice(start, min(start + step, n))
        rows = chunk.stop - start
        table = numbers.random((rows, UNIFORMS))  # filled row by row, so image i does not depend on `step` or n
        noise = grain.standard_normal((rows, image_size, image_size), dtype=np.float32)
        coats = [TEXTURES[t] for t in texture[chunk]]
        bodies = [PROPORTIONS[p] for p in proportion[chunk]]
        images[chunk] = draw_chunk(coats, bodies, table, noise, difficulty)
        if bar is not None:
            bar.update(rows)
    return images


def load_breeds(
    *,
    image_size: int = 64,
    n_train_per_class: int = 40,
    n_val_per_class: int = 10,
    n_test_per_class: int = 100,
    seed: int = 0,
    difficulty: float = DEFAULT_DIFFICULTY,
    classes: str = "lab",
    train_fraction: float = 1.0,
    val_fraction: float | None = None,
    progress: bool = True,
) -> Dataset:
    """Draw a data set of breeds.

    Every class of every split has a random stream of its own: more training images leave the first ones, the validation
    and the test images as they were.

    Parameters
    ----------
    image_size
        S in pixels, at least 16.
    n_train_per_class, n_val_per_class, n_test_per_class
        Images; validation and test may be 0.
    seed
        Of the drawing, train, val and test alike. A training seed is another matter: keep this one fixed.
    difficulty
        0 to 1, see `draw_breeds`.
    classes
        "lab" (12 breeds) or "pretrain" (20 breeds of other textures and other bodies).
    train_fraction
        Share of `n_train_per_class` to draw, at least one image a class; the sets are nested.
    val_fraction
        Ignored. Validation dogs are drawn (`n_val_per_class`), never taken from the training dogs;
        the argument is there so that `load_dataset` can call every loader alike.
    progress
        Show a bar.

    Returns
    -------
    Dataset
        A Dataset whose splits carry the factors "texture" and "proportion", indices into `TEXTURES`, `PROPORTIONS`.

    Raises
    ------
    ValueError
        For an argument out of its range.
    """
    if classes not in CLASS_SETS:
        raise ValueError(f"classes: expected one of {', '.join(CLASS_SETS)}, got {classes!r}")
    if not 0 < train_fraction <= 1:
        raise ValueError(f"train_fraction: expected 0 < train_fraction <= 1, got {train_fraction}")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed: expected an integer of at least 0, got {seed!r}")
    _check_picture(image_size, difficulty)
    given = {"train": n_train_per_class, "val": n_val_per_class, "test": n_test_per_class}
    for name, count in given.items():
        least = 1 if name == "train" else 0
        if not isinstance(count, int | np.integer) or count < least:
            raise ValueError(f"n_{name}_per_class: expected an integer of at least {least}, got {count!r}")
    counts = {name: int(count) for name, count in given.items()}
    counts["train"] = max(1, round(counts["train"] * train_fraction))
    breeds = [(t, p) for t in CLASS_SETS[classes][0] for p in CLASS_SETS[classes][1]]
    total = len(breeds) * sum(counts.values())
    with tqdm(total=total, desc="drawing breeds", unit="img", disable=not progress) as bar:
        splits = {
            name: _draw_split(name, breeds, counts[name], int(seed), image_size, difficulty, bar) for name in SPLITS
        }
    recipe = {
        "drawing": "breeds",
        "version": DRAWING_VERSION,
        "breeds": [[TEXTURES[t], PROPORTIONS[p]] for t, p in breeds],
        "per_class": counts,
        "seed": int(seed),
        "image_size": int(image_size),
        "difficulty": float(difficulty),
    }
    return Dataset(
        name="breeds" if classes == "lab" else f"breeds-{classes}",
        class_names=tuple(breed_name(t, p) for t, p in breeds),
        image_size=image_size,
        fingerprint=hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest(),
        provenance={
            "source": "drawn by helpers.data.breeds",
            "licence": "MIT (code), CC BY 4.0 (pictures)",
            "citation": "",
            "files": [],
            "local_variant": False,
            "skipped": 0,
            "terms": "drawn",
            "recipe": recipe,
        },
        **splits,
    )


def breed_name(texture: int, proportion: int) -> str:
    """Return the printed name of a breed, e.g. "Spotted Low-rider"."""
    return f"{TEXTURES[texture].capitalize()} {PROPORTIONS[proportion].capitalize()}"


def _draw_split(
    name: str, breeds: list[tuple[int, int]], count: int, seed: int, size: int, difficulty: float, bar: Any
) -> Split:
    """Draw `count` images of each breed, each breed from its own stream."""
    images = np.empty((len(breeds) * count, size, size, 3), dtype=np.uint8)
    for k, (t, p) in enumerate(breeds):
        rng = np.random.default_rng([seed, SPLITS.index(name), t, p])
        factors = np.full(count, t), np.full(count, p)
        images[k * count : (k + 1) * count] = draw_breeds(
            *factors, rng, image_size=size, difficulty=difficulty, bar=bar
        )
    labels = np.repeat(np.arange(len(breeds), dtype=np.int64), count)
    pairs = np.array(breeds, dtype=np.int64)
    names = tuple(f"{name}/{TEXTURES[t]}_{PROPORTIONS[p]}/{i:05d}" for t, p in breeds for i in range(count))
    return Split(images, labels, names, {"texture": pairs[labels, 0], "proportion": pairs[labels, 1]})


def _check_factor(name: str, values: np.ndarray, count: int) -> None:
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ValueError(f"{name}: expected integers (n,), got {values.dtype} {values.shape}")
    if len(values) and not (values.min() >= 0 and values.max() < count):
        raise ValueError(f"{name}: expected 0..{count - 1}, got {values.min()}..{values.max()}")


def _check_picture(image_size: int, difficulty: float) -> None:
    if not isinstance(image_size, int | np.integer) or image_size < MINIMUM_SIZE:
        raise ValueError(f"image_size: expected an integer of at least {MINIMUM_SIZE} pixels, got {image_size!r}")
    if not 0 <= difficulty <= 1:
        raise ValueError(f"difficulty: expected 0 to 1, got {difficulty}")
