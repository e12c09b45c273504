"""No pickle, and no code of a stranger's."""

import ast
import io
import json
import os
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from helpers.data.cache import build_cache
from helpers.models.pretrained import build_model, hub
from helpers.training import TrainingConfig, fit
from helpers.training.checkpoints import CheckpointError

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


class Evil:
    """Unpickled, it leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def zip_of_torch(evil: Evil) -> bytes:
    file = io.BytesIO()
    torch.save({"weight": torch.zeros(2), "evil": evil}, file)
    return file.getvalue()


@pytest.fixture
def evil(tmp_path):
    return Evil(tmp_path / "ran")


def test_the_mark_is_left_by_whoever_unpickles(evil):
    pickle.loads(pickle.dumps(evil))
    assert evil.mark.exists()


class Toy:
    """One batch, for `fit`."""

    fingerprint = "toy"

    def __len__(self):
        return 1

    def epoch(self, epoch, start=0):
        return iter([(torch.zeros(2, 4), torch.tensor([0, 1]))][start:])


def test_no_reader_of_weights_caches_and_checkpoints_runs_a_pickle(tmp_path, evil, count):
    payloads = {"pickle": pickle.dumps({"weight": evil}), "torch": zip_of_torch(evil)}
    config, tried = TrainingConfig(epochs=2, progress=False), 0
    for kind, data in payloads.items():
        folder = tmp_path / kind
        folder.mkdir()
        for suffix in ("pth", "pt", "bin", "safetensors"):
            file = folder / f"model.{suffix}"
            file.write_bytes(data)
            with pytest.raises(Exception):  # noqa: B017  # which one is torch's and safetensors' own
                hub._read(file)
        (folder / "vit_mini.safetensors").write_bytes(data)
        with pytest.raises(ValueError, match="safetensors"):
            build_model("vit_mini", 2, weights=str(folder))
        for name in ("weights.safetensors", "optimizer.safetensors"):
            run = folder / name
            fit(torch.nn.Linear(4, 2), Toy(), TrainingConfig(epochs=2, progress=False), checkpoint_dir=run)
            (checkpoint,) = run.glob("epoch-*")
            size = (checkpoint / name).stat().st_size
            (checkpoint / name).write_bytes(data[:size].ljust(size, b"\0"))
            with pytest.raises(CheckpointError, match="damaged"):
                fit(torch.nn.Linear(4, 2), Toy(), config, checkpoint_dir=run)
        tried += 7
    options = {"size": 8, "key": "k", "folder": tmp_path / "cache", "progress": False}
    build_cache([("a", b"", None)], lambda *_: np.zeros((8, 8, 3), np.uint8), **options)
    (cached,) = (tmp_path / "cache").glob("*.npy")
    objects = io.BytesIO()
    np.save(objects, np.array([evil], dtype=object), allow_pickle=True)
    cached.write_bytes(objects.getvalue())
    assert build_cache([("a", b"", None)], lambda *_: np.ones((8, 8, 3), np.uint8), **options).images.max() == 1
    with pytest.raises(ValueError, match="allow_pickle"):
        np.load(io.BytesIO(objects.getvalue()))  # numpy's own default, which `frozen_features` relies on
    assert not evil.mark.exists()
    count("pickles in the place of weights, checkpoints and caches", tried + 2)


FORBIDDEN = re.compile(
    r"(c?[pP]ickle|dill|cloudpickle|joblib|shelve|marshal)(\..*)?|(torch\.(hub\.)?load(_state_dict_from_url)?)|(np|numpy)\.load"
    r"|yaml\.(load|load_all|full_load|unsafe_load|full_load_all|unsafe_load_all)|eval|exec|compile|__import__"
    r"|os\.(system|popen|exec\w+|spawn\w+)|subprocess\.getoutput|subprocess\.getstatusoutput|runpy\.\w+"
    r"|(tarfile|zipfile)\.\w+\.extract(all)?|shutil\.unpack_archive|pd\.read_pickle|ElementTree\.parse|tempfile\.mktemp"
)
ALLOWED = {  # place -> what it calls, and why that is safe
    "src/helpers/parameters.py": {"eval", "compile"},  # the types in the parameters cell of the lab that is running
    # from its own processes alone
    "src/helpers/training/side_by_side.py": {"cloudpickle", "cloudpickle.dumps", "cloudpickle.loads"},
    "scripts/near_duplicates.py": {"ElementTree.parse"},  # the authors' own run over Stanford Dogs, never a reader's
}


def named(node: ast.expr) -> str:
    """`a.b.c` of a call to it; of anything else the last name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = named(node.value)
        return f"{inner or '()'}.{node.attr}"
    return ""


def dangers(source: str) -> list[str]:
    """What of a module could run a stranger's bytes: calls, imports of pickle, shells."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [name for name in names if FORBIDDEN.fullmatch(name)]
        if not isinstance(node, ast.Call):
            continue
        name, given = named(node.func), {k.arg: k.value for k in node.keywords}
        told = {key: value.value for key, value in given.items() if isinstance(value, ast.Constant)}
        safe = name.startswith("torch.") and told.get("weights_only") is True
        safe |= name.endswith(".load") and name.startswith("np") and told.get("allow_pickle", False) is False
        unpacks = name.endswith(".extractall") and told.get("filter") != "data"  # which refuses what leaves the folder
        if (FORBIDDEN.fullmatch(name) and not safe) or unpacks or name.endswith(".read_pickle"):
            found.append(name)
        if (
            told.get("shell")
            or told.get("allow_pickle")
            or told.get("trust_remote_code")
            or told.get("verify") is False
        ):
            found.append(f"{name}(shell, allow_pickle, trust_remote_code or verify)")
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import pickle", ["pickle"]),
        ("from pickle import loads", ["pickle"]),
        ("torch.load(f)", ["torch.load"]),
        ("torch.load(f, weights_only=False)", ["torch.load"]),
        ("torch.load(f, weights_only=True)", []),
        ("np.load(f)", []),
        ("np.load(f, allow_pickle=True)", ["np.load", "np.load(shell, allow_pickle, trust_remote_code or verify)"]),
        ("yaml.load(f, Loader=yaml.Loader)", ["yaml.load"]),
        ("yaml.safe_load(f)", []),
        ("eval('1')", ["eval"]),
        ("model.eval()", []),
        ("re.compile('a')", []),
        ("subprocess.run(c, shell=True)", ["subprocess.run(shell, allow_pickle, trust_remote_code or verify)"]),
        ("os.system('x')", ["os.system"]),
        ("archive.extractall(p)", ["archive.extractall"]),
        ("archive.extractall(p, filter='data')", []),
        ("build().eval()", []),
        ("requests.get(u, verify=False)", ["requests.get(shell, allow_pickle, trust_remote_code or verify)"]),
    ],
)
def test_a_dangerous_call_is_seen(source, expected):
    assert dangers(source) == expected


def our_code() -> dict[str, list[str]]:
    """The sources of every module, script, notebook and chapter cell, by place."""
    found = {}
    for folder in ("src", "scripts", "_ext", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            found[path.relative_to(ROOT).as_posix()] = [path.read_text(encoding="utf-8")]
    for path in sorted((ROOT / "labs").glob("*.ipynb")):
        cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        found[path.relative_to(ROOT).as_posix()] = ["".join(c["source"]) for c in cells]
    for path in sorted((ROOT / "chapters").glob("*.md")):
        cells = re.findall(r"^```\{code-cell\}[^\n]*\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
        found[path.relative_to(ROOT).as_posix()] = [
            re.sub(r"\A---\n.*?\n---\n|^:.*$", "", c, flags=re.S if c.startswith("---") else re.M) for c in cells
        ]
    return {place: [re.sub(r"^\s*[%!].*$", "", one, flags=re.M) for one in sources] for place, sources in found.items()}


def test_no_code_of_ours_runs_what_it_reads(count):
    found, read = {}, our_code()
    for place, sources in read.items():
        allowed = next((names for start, names in ALLOWED.items() if place.startswith(start)), set())
        seen = [danger for source in sources for danger in dangers(source) if danger not in allowed]
        if seen:
            found[place] = seen
    assert found == {}
    assert sum(place.startswith("chapters") and bool(sources) for place, sources in read.items()) > 15
    count("modules, scripts, notebooks and chapters without a dangerous call", len(read))
