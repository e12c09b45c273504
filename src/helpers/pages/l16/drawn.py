"""A folder to rehearse with: drawn dogs as files, and the oddities that real folders have, planted one by one."""

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.data.breeds import PROPORTIONS, TEXTURES, draw_breeds

DRAWN_SIZE = 96  # pixels
ORIENTATION = 274  # the EXIF tag
TURNED = 6  # its value for a picture that lies on its side
HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(32)  # how the usual iPhone file begins


def write_drawn_folder(folder: Path, n_classes: int, n_per_class: int, difficulty: float, seed: int = 0) -> Path:
    """Write class folders of drawn dogs into an empty or absent folder, with what one finds in real ones:

    a photograph saved twice in two sizes, one filed under two classes, one that lies on its side with the EXIF tag
    that says so, a HEIC file, and what macOS leaves behind.

    Parameters
    ----------
    n_classes
        2 to 12.
    n_per_class
        Photographs, at least 3.
    difficulty
        0 to 1, as in `helpers.data.breeds.draw_breeds`.

    Raises
    ------
    ValueError
        For numbers out of range.
    """
    if not 2 <= n_classes <= 12 or n_per_class < 3:
        raise ValueError(f"drawn: expected 2 to 12 classes of at least 3 pictures, got {n_classes} of {n_per_class}")
    shutil.rmtree(folder, ignore_errors=True)
    texture, proportion = np.divmod(np.arange(n_classes) * 5 % 12, 3)  # neighbours differ in both
    labels = np.repeat(np.arange(n_classes), n_per_class)
    rng = np.random.default_rng(seed)
    images = draw_breeds(texture[labels], proportion[labels], rng, image_size=DRAWN_SIZE, difficulty=difficulty)
    names = [f"{TEXTURES[t]} {PROPORTIONS[p]}" for t, p in zip(texture, proportion, strict=True)]
    for row, (label, image) in enumerate(zip(labels, images, strict=True)):
        path = folder / names[label] / f"{row % n_per_class:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    first, second = (folder / name for name in names[:2])
    Image.open(first / "000.png").resize((80, 80)).save(first / "000 small.jpg", quality=80)
    shutil.copy(first / "001.png", second / "001 filed here too.png")
    _turn(second / "002.png")
    (second / "IMG_0001.HEIC").write_bytes(HEIC)
    (folder / "__MACOSX").mkdir()
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


def _turn(path: Path) -> None:
    """Store a picture on its side, with the tag that says how to turn it back."""
    lying = Image.open(path).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED
    lying.save(path, exif=exif)
