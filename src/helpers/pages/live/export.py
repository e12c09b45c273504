"""What a built book gets for its live page: scripts, pictures, and weights as classic scripts, which load over file://.

Over file:// a page may not fetch a file beside it nor import a module, but it may add a <script>. So each network is a
manifest, `NAME.js`, and parts of about a megabyte, `NAME.0.js`, `NAME.1.js`, ..., that hand text to the page.

`make html` writes all that is installed on the builder's machine. Released weights are left out of a book that is
built to be published (the build knows its repository) unless `LIVE=all` asks for them; `LIVE=ours` leaves them out.
"""

import base64
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from helpers.pages.live.networks import NETWORKS, fingerprint, licence_text, packed

FOLDER = Path(__file__).parent
WIDGETS = FOLDER.parents[1] / "widgets"
ENGINE = ("nn.js", "vit.js", "cnn.js", "pixels.js", "worker.js")  # what computes: in a worker, or in the page
INTERFACE = ("loading.js", "picture.js", "maps.js", "card.js", "page.js")
PICTURES = ("a cat", "a cup of coffee", "a rocket", "an astronaut")
SIDE = 448  # pixels of a sample picture
CHOICES = ("auto", "all", "ours")


def wanted(environment: Mapping[str, str]) -> dict[str, str]:
    """The networks of the page, each with "" or the reason why it is left out.

    Parameters
    ----------
    environment
        `LIVE` is auto, all or ours; `GITHUB_REPOSITORY` tells that a book is built to be published.

    Raises
    ------
    ValueError
        For another `LIVE`.
    """
    choice = environment.get("LIVE") or "auto"
    if choice not in CHOICES:
        raise ValueError(f"LIVE: expected one of {', '.join(CHOICES)}, got {choice!r}")
    published = bool(environment.get("GITHUB_REPOSITORY"))
    out = choice == "ours" or (choice == "auto" and published)
    reason = "The released weights are not published with this book. In a copy of your own, make html puts them in."
    return {name: reason if network.released and out else "" for name, network in NETWORKS.items()}


def write(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Write all files of the page into `folder`; a network that is there and unchanged stays as it is.

    The same installed files give the same bytes.

    Returns
    -------
    dict[str, str]
        What was done with each network: "written", "kept" or why it is not there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done: dict[str, str] = {}
    for name, reason in wanted(environment).items():
        if not reason:
            try:
                done[name] = write_network(folder, name)
                continue
            except FileNotFoundError as error:
                reason = str(error)
        done[name] = reason
        for old in [*folder.glob(f"{name}.*")]:
            old.unlink()
    engine = "\n".join((FOLDER / file).read_text(encoding="utf-8") for file in ENGINE)
    interface = "\n".join(path.read_text(encoding="utf-8") for path in (WIDGETS / "common.js", *_own(INTERFACE)))
    parts: dict[str, Any] = {"networks": [_told(folder, name, done[name]) for name in NETWORKS], "engine": engine}
    parts["pictures"] = pictures()
    (folder / "parts.js").write_text(f"window.LIVE_PARTS = {_script_json(parts)};\n", encoding="utf-8")
    (folder / "live.js").write_text(f'"use strict";\n(() => {{\n{interface}\n}})();\n', encoding="utf-8")
    style = "\n".join(path.read_text(encoding="utf-8") for path in (WIDGETS / "explorer.css", *_own(("page.css",))))
    (folder / "live.css").write_text(style, encoding="utf-8")
    return done


def write_network(folder: Path, name: str) -> str:
    """Write one network's manifest, parts and licence; "kept" where they are there and nothing has changed.

    Raises
    ------
    FileNotFoundError
        If its weights are not installed.
    """
    mark = fingerprint(name)
    manifest = folder / f"{name}.js"
    if manifest.is_file() and f'"mark": "{mark}"' in manifest.read_text(encoding="utf-8")[:200]:
        return "kept"
    for old in folder.glob(f"{name}.*"):
        old.unlink()
    network = packed(name)
    chunks = network.chunks()
    for number, text in enumerate(chunks):
        (folder / f"{name}.{number}.js").write_text(f'LIVE.part("{name}", {number}, "{text}");\n', encoding="ascii")
    (folder / f"{name}.LICENSE.txt").write_text(licence_text(name), encoding="utf-8")
    told = {"mark": mark, "parts": len(chunks), "weight": sum(map(len, chunks)), **network.manifest}
    manifest.write_text(f'LIVE.manifest("{name}", {_script_json(told)});\n', encoding="utf-8")
    return "written"


def read(folder: Path, name: str) -> tuple[dict[str, Any], bytes]:
    """A written network as a page reads it: its manifest and its bytes, for `packing.unpack`."""
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    manifest = json.loads(text[text.index("{") : text.rindex("}") + 1])
    parts = []
    for number in range(manifest["parts"]):
        text = (folder / f"{name}.{number}.js").read_text(encoding="ascii")
        parts.append(re.findall(r'"([^"]*)"\);', text)[0])
    return manifest, base64.b64decode("".join(parts))


def pictures() -> list[dict[str, str]]:
    """Photographs to begin with, from scikit-image, public domain or CC0: [{"name", "src"}, ...]."""
    from PIL import Image
    from skimage import data

    arrays = dict(zip(PICTURES, (data.chelsea(), data.coffee(), data.rocket(), data.astronaut()), strict=True))
    found = []
    for name, array in arrays.items():
        image = Image.fromarray(array)
        scale = SIDE / min(image.size)
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
        file = io.BytesIO()
        image.save(file, format="JPEG", quality=85)
        found.append({"name": name, "src": "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()})
    return found


def _told(folder: Path, name: str, done: str) -> dict[str, Any]:
    """What the page knows of a network before it loads one."""
    network = NETWORKS[name]
    told: dict[str, Any] = {"name": name, "title": network.title, "family": network.family}
    if done not in ("written", "kept"):
        return told | {"absent": done}
    manifest, _ = read(folder, name)
    return told | {
        "absent": "",
        "side": manifest["size"],
        "outputs": len(manifest["classes"]),
        "weight": manifest["weight"],
    }


def _own(names: tuple[str, ...]) -> list[Path]:
    return [FOLDER / name for name in names]


def _script_json(value: Any) -> str:
    """JSON that may stand in a script."""
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")
