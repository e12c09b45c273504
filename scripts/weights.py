"""Fetch the released weights of the labs into a folder that `weights=<folder>` reads, for a room without internet.

    python scripts/weights.py FOLDER [--models NAME ...]

Each model becomes FOLDER/<name>.safetensors, and FOLDER/SHA256SUMS lists them (`sha256sum -c SHA256SUMS` checks a copy;
so does every lab that reads one). What is there already is not fetched again: after an interruption run it once more.
"""

import argparse
import os
import sys
from pathlib import Path

from safetensors.torch import save_file

from helpers.models.pretrained import MODELS
from helpers.models.pretrained.hub import SUMS, hub_state, read_sums, sha256_of

LAB_MODELS = ("vit_base_patch16_224.orig_in21k", "deit_small_patch16_224", "legacy_xception")
FROM_HUB = [name for name, card in MODELS.items() if "hub" in card.sources]


def fetch(name: str, folder: Path) -> str:
    """Bring one model into the folder, and say what was done.

    Raises
    ------
    ConnectionError
        If it is neither in the library's cache nor to be had.
    OSError
        If the folder cannot be written; nothing half-written stays.
    """
    path = folder / f"{name}.safetensors"
    if path.is_file() and read_sums(folder).get(path.name) == sha256_of(path):
        return f"{path.name}: there already"
    state, source = hub_state(MODELS[name].timm_name or "", name)
    origin = {key: str(value) for key, value in source.items() if value is not None}
    tensors = {key: tensor.contiguous() for key, tensor in state.items()}
    _replace(path, lambda partial: save_file(tensors, partial, metadata=origin))
    listed = dict(sorted((read_sums(folder) | {path.name: sha256_of(path)}).items()))
    text = "".join(f"{digest}  {file}\n" for file, digest in listed.items())
    _replace(folder / SUMS, lambda partial: partial.write_text(text, encoding="utf-8"))
    origin = source.get("repository") or source.get("url")
    return f"{path.name}: {path.stat().st_size / 1e6:,.0f} MB from {origin}, revision {source.get('revision', '-')}"


def _replace(path: Path, write) -> None:
    """Write under another name, then rename."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(partial)
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def main(arguments: list[str] | None = None) -> int:
    """Fetch all of them; 1 where one is missing in the end, with the reason on the error stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", choices=FROM_HUB, default=LAB_MODELS, metavar="NAME")
    options = parser.parse_args(arguments)
    folder, missing = options.folder.expanduser(), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in options.models:
            try:
                print(fetch(name, folder), flush=True)
            except ConnectionError as error:
                missing.append(name)
                print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if missing:
        print(f"missing: {', '.join(missing)}. Run it again with the internet; the rest stays.", file=sys.stderr)
        return 1
    print(f"ready: make lab ... PARAMS='-p weights {folder}'")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
