"""Released weights that are downloaded once: from the Hugging Face hub, or from an address of timm.

Files stand in the caches of the two libraries that fetch them: of `huggingface_hub`, whose folder
of a file is the commit that it is from, and of `torch.hub`. Which file it was, of which revision,
and its sha256 go into the record of a run.
"""

import functools
import hashlib
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor

FILE = "model.safetensors"  # as every repository of timm's names it
SUMS = "SHA256SUMS"  # in a folder of weights: what `make weights` wrote, as sha256sum writes it


def hub_state(timm_name: str, name: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The released tensors, head included, and which file they are from.

    Parameters
    ----------
    timm_name
        Model and tag in timm.
    name
        The model's name in the course, for the message.

    Returns
    -------
    tuple[dict[str, Tensor], dict[str, Any]]
        Tensors under the names of timm's network; `tag`, `repository` and `revision` (of the hub)
        or `url`, `file`, `sha256`, `licence` as timm states it.

    Raises
    ------
    ConnectionError
        If the file is neither here nor to be had.
    ValueError
        If timm knows no such weights, or the file holds others.
    """
    import timm

    _config(timm_name)  # a name that timm does not know is no matter of the internet
    try:
        path, source = hub_file(timm_name)
    except Exception as error:  # timm, huggingface_hub and urllib each raise errors of their own
        raise ConnectionError(
            f"the weights {timm_name} could not be had from the hub "
            f"({type(error).__name__}: {error}). They need the internet once; offline, put "
            f"{name}.safetensors in a folder (`make weights`) and pass weights=<folder>"
        ) from error
    try:  # by way of timm, which renames where it must; with the classes of the released head
        overlay = {"state_dict": _read(path)}
        model = timm.create_model(timm_name, pretrained=True, pretrained_cfg_overlay=overlay)
    except Exception as error:  # torch, safetensors and timm each raise errors of their own
        raise ValueError(
            f"{path}: expected the weights {timm_name}, got a file that cannot be read as such "
            f"({type(error).__name__}). Delete it, and it is fetched again"
        ) from error
    return dict(model.state_dict()), source | {"file": path.name, "sha256": sha256_of(path)}


def hub_file(timm_name: str) -> tuple[Path, dict[str, Any]]:
    """The file of released weights, downloaded if it is not here, and where it is from."""
    import huggingface_hub

    config = _config(timm_name)
    source: dict[str, Any] = {"tag": timm_name, "licence": config.license}
    if config.hf_hub_id:
        here = huggingface_hub.try_to_load_from_cache(config.hf_hub_id, FILE)
        # What is here is used as it is: asking for news of it takes half a minute without internet.
        found = (
            here
            if isinstance(here, str)
            else huggingface_hub.hf_hub_download(config.hf_hub_id, FILE)
        )
        path = Path(found)
        return path, source | {"repository": config.hf_hub_id, "revision": path.parent.name}
    path = _path_of_url(config.url)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(config.url, str(path), hash_prefix=_sum_in(path.name))
    return path, source | {"url": config.url}


def is_here(timm_name: str) -> bool:
    """Whether the file was downloaded before; the internet is not asked."""
    import huggingface_hub

    config = _config(timm_name)
    if config.hf_hub_id:
        return isinstance(huggingface_hub.try_to_load_from_cache(config.hf_hub_id, FILE), str)
    return _path_of_url(config.url).is_file()


def sha256_of(path: Path) -> str:
    """sha256 of a file, hexadecimal; remembered while its size and time of change stay."""
    status = path.stat()
    return _sha256(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _sha256(path: Path, size: int, changed_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_sum(path: Path) -> str:
    """sha256 of a file of weights, which is what a `SHA256SUMS` beside it says, if there is one.

    Raises
    ------
    ValueError
        If it is not: the file was cut short on its way, or is another.
    """
    found, listed = sha256_of(path), read_sums(path.parent).get(path.name)
    if listed not in (None, found):
        raise ValueError(
            f"{path.name}: expected sha256 {listed} as in {SUMS} beside it, got {found}; fetch it "
            "again with `make weights`, or copy it again"
        )
    return found


def read_sums(folder: Path) -> dict[str, str]:
    """File name -> sha256, as `SHA256SUMS` of the folder lists them; empty without one.

    Raises
    ------
    ValueError
        For a line of another form.
    """
    path = folder / SUMS
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](\S.*)", line)
        if match is None and line.strip():
            raise ValueError(
                f"{path}: expected lines as sha256sum writes them, got {line[:80]!r}; "
                "fetch the folder again with `make weights`, or remove this file"
            )
        if match is not None:
            found[match[2]] = match[1]
    return found


def _config(timm_name: str) -> Any:
    import timm

    config = timm.get_pretrained_cfg(timm_name)
    if config is None or not (config.hf_hub_id or config.url):
        raise ValueError(f"timm knows no weights {timm_name}: another version of timm?")
    return config


def _path_of_url(url: str) -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def _sum_in(file_name: str) -> str | None:
    """The first digits of the sha256 that a name such as `xception-43020ad28.pth` ends in."""
    match = re.search(r"-([a-f0-9]+)\.", file_name)
    return match[1] if match else None


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)
