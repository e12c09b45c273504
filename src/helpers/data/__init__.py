"""Data sets by name: drawn breeds, Stanford Dogs, or the reader's own folders of photographs."""

from typing import Any

from helpers.data.base import Dataset, Split, stratified_split, subset, take

DATASETS = ("breeds", "stanford_dogs", "folders")

__all__ = ["DATASETS", "Dataset", "Split", "load_dataset", "stratified_split", "subset", "take"]


def load_dataset(
    name: str,
    *,
    image_size: int,
    val_fraction: float = 0.1,
    train_fraction: float = 1.0,
    seed: int = 0,
    data_dir: str | None = None,
    link_root: str | None = None,
    test_fraction: float = 0.2,
    near_bits: int = 6,
    crop: str | None = "box",
    on_broken: str = "raise",
    progress: bool = True,
    **options: Any,
) -> Dataset:
    """Load a data set with its train, validation and test splits.

    Parameters
    ----------
    name
        One of `DATASETS`.
    image_size
        S in pixels; images become uint8 (N, S, S, 3).
    val_fraction
        Share of the training list set apart for validation, stratified, by `seed`.
    train_fraction
        Share of what is left that is used, stratified, by `seed`.
    data_dir
        `folders` only, the folder that holds train/ and test/, or class folders alone.
    link_root, test_fraction, near_bits
        `folders` only, see `helpers.data.folders.load_folders`.
    crop
        `stanford_dogs` only, "box" (first annotated box) or None (the whole frame).
    on_broken
        "raise", or "skip" to leave out (and count) images that cannot be decoded.
    options
        `breeds` only, what to draw (see `load_breeds`, which draws its own validation dogs).

    Raises
    ------
    ValueError
        Before any work, for a name or an option that does not exist.
    """
    if name not in DATASETS:
        raise ValueError(f"dataset: expected one of {', '.join(DATASETS)}, got {name!r}")
    if image_size < 1:
        raise ValueError(f"image_size: expected at least 1 pixel, got {image_size}")
    if not 0 <= val_fraction < 1:
        raise ValueError(f"val_fraction: expected 0 <= val_fraction < 1, got {val_fraction}")
    if not 0 < train_fraction <= 1:
        raise ValueError(f"train_fraction: expected 0 < train_fraction <= 1, got {train_fraction}")
    if on_broken not in ("raise", "skip"):
        raise ValueError(f"on_broken: expected raise or skip, got {on_broken!r}")
    if data_dir and name != "folders":
        raise ValueError(f"data_dir: expected dataset='folders' with a folder of photographs, got {name!r}")
    if link_root and name != "folders":
        raise ValueError(f"link_root: expected dataset='folders' with a folder of photographs, got {name!r}")
    if options and name != "breeds":
        raise ValueError(f"{name} takes no option {', '.join(sorted(options))}")
    common: dict[str, Any] = {"image_size": image_size, "val_fraction": val_fraction}
    common |= {"train_fraction": train_fraction, "seed": seed}
    files: dict[str, Any] = {"on_broken": on_broken, "progress": progress}
    if name == "breeds":
        from helpers.data.breeds import load_breeds

        return load_breeds(**common, progress=progress, **options)
    if name == "stanford_dogs":
        from helpers.data.stanford_dogs import load_stanford_dogs

        return load_stanford_dogs(crop=crop, **common, **files)
    from helpers.data.folders import load_folders

    own: dict[str, Any] = {"link_root": link_root, "test_fraction": test_fraction, "near_bits": near_bits}
    return load_folders(data_dir, **own, **common, **files)
