"""Full disk, write-protected folder, no network, wrong clock, little memory."""

import ctypes
import errno
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from helpers.data.cache import CacheError, build_cache
from helpers.data.fetching import FetchError, fetch
from helpers.models.pretrained import build_model, saved
from helpers.records import Record, make_record, places, write_atomically, writing
from helpers.records.places import new_run
from helpers.records.schema import RUN_ID
from helpers.training import TrainingConfig, fit
from helpers.training.checkpoints import latest_checkpoint
from helpers.training.features import frozen_features

ROOT = Path(__file__).parents[2]
MIB = 1 << 20
CAP_DAC_OVERRIDE, PR_CAPBSET_DROP = 1, 24
OFFLINE_LABS = ("08_xception_vs_vit", "13_faces", "16_your_photographs")  # those that could ask the hub


def network(side: int = 192) -> torch.nn.Module:
    """About 450 KB of weights, so that a checkpoint with its moments takes 1.4 MB."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(12, side), torch.nn.ReLU(), torch.nn.Linear(side, side * 3),
        torch.nn.ReLU(), torch.nn.Linear(side * 3, 3),
    )  # fmt: skip


class Toy:
    """Six batches of eight tiny pictures; `before` is called with the number of each batch."""

    fingerprint = "toy"

    def __init__(self, before=lambda k: None):
        self.before = before

    def __len__(self):
        return 6

    def epoch(self, epoch, start=0):
        for k in range(start, 6):
            self.before(k)
            rng = torch.Generator().manual_seed(100 * epoch + k)
            yield torch.randn(8, 3, 2, 2, generator=rng), torch.arange(8) % 3


def train(folder: Path | None, before=lambda k: None, **options) -> tuple[list[float], torch.nn.Module]:
    model = network()
    config = TrainingConfig(epochs=3, progress=False, **options)
    history = fit(model, Toy(before), config, checkpoint_dir=folder)
    return [row.train_loss for row in history.epochs], model


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


# --- a full disk -----------------------------------------------------------------------------------------------------


class Disk:
    """A disk of a few megabytes of which a file can take all but so many bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ballast = folder, folder / "ballast"

    def leave(self, free: int) -> None:
        self.ballast.unlink(missing_ok=True)
        with self.ballast.open("wb") as file:
            file.truncate(0)
            os.posix_fallocate(file.fileno(), 0, max(1, shutil.disk_usage(self.folder).free - free))

    def clear(self) -> None:
        self.ballast.unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False) if shutil.which("mount") else None
    if done is None or done.returncode:
        why = done.stderr.strip() if done else "no mount"
        pytest.skip(f"a small disk can only be mounted by root: {why}")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # a file may still be mapped


def left_over(folder: Path) -> list[str]:
    """Files that are neither whole nor a lock."""
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    return [name for name in names if name.endswith(".part") or (name.startswith(".") and name != ".lock")]


def test_a_disk_that_fills_up_in_training_leaves_the_last_checkpoint_and_the_run_goes_on(disk, amount, count):
    whole, trained = train(None)
    levels = np.linspace(0, 1.3 * MIB, amount(3, 40)).astype(int).tolist()  # too little for a checkpoint, all of them
    folder = disk.folder / "run"
    for free in levels:
        epochs = []
        with pytest.raises(OSError, match="previous one, epoch-0001-step-00000006, is intact") as caught:
            train(folder, lambda k, free=free, epochs=epochs: (epochs.append(k), len(epochs) == 7 and disk.leave(free)))
        assert "Free some space" in str(caught.value)
        assert [path.name for path in folder.glob("epoch-*")] == ["epoch-0001-step-00000006"]
        disk.clear()
        losses, again = train(folder)
        assert losses == whole
        assert same_weights(again, trained)
        shutil.rmtree(folder)
        del again  # whose tensors are maps of the files that went: their space comes back with them
        gc.collect()
    count("disks that filled up in training", len(levels))


def test_a_full_disk_takes_no_model_record_table_or_feature_by_half(disk, amount, count):
    ready = build_model("xception_mini", 2, weights="shipped")
    model, text, old = disk.folder / "model", "x" * 300_000, disk.folder / "record.json"
    saved.save(model, ready, ["cat", "dog"], decoding="rule")
    write_atomically(old, "old")
    features = np.zeros((64, 8, 8, 3), np.uint8)
    levels = np.linspace(0, 250_000, amount(4, 60)).astype(int).tolist()
    for free in levels:
        disk.leave(free)
        with pytest.raises(OSError, match="space"):
            saved.save(model, ready, ["dog", "cat"], decoding="rule", note=text)
        assert saved.load(model).class_names == ("cat", "dog")
        with pytest.raises(OSError, match="space"):
            write_atomically(old, text)
        assert old.read_text() == "old"
        with pytest.raises(OSError, match=r"space|HELPERS_CACHE"):
            build_cache([("a", b"", None)] * 8, lambda *_: np.zeros((128, 128, 3), np.uint8), size=128, key="k",
                        folder=disk.folder / "cache", progress=False)  # fmt: skip
        with pytest.raises(OSError):
            frozen_features(lambda x: torch.ones(len(x), 4096), Frozen(features), weights="w",
                            folder=disk.folder / "features", progress=False)  # fmt: skip
        assert left_over(disk.folder) == []
        assert not [p for p in disk.folder.rglob("*.npy") if p.parent.name in ("cache", "features")]
        disk.clear()
    count("writings to a full disk", 4 * len(levels))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fills_up_in_a_download_is_named_and_left_clean(tmp_path, monkeypatch, code, count):
    def full(self, data):
        raise OSError(code, os.strerror(code))

    answer = SimpleNamespace(raise_for_status=lambda: None, headers={}, iter_content=lambda chunk_size: [b"x"])
    monkeypatch.setattr("requests.get", lambda *_, **__: answer)
    monkeypatch.setattr("helpers.data.fetching._Bounded.write", full)
    monkeypatch.setenv("HELPERS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HELPERS_DATA", raising=False)
    with pytest.raises(FetchError, match=rf"{os.strerror(code)}.*HELPERS_CACHE"):
        fetch("stanford_dogs", "lists.tar", progress=False)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"] == []
    count("downloads to a full disk", 1)


class Frozen:
    """Unshuffled batches of one array."""

    shuffle, fingerprint, augmentation = False, "frozen", None

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return 1

    def epoch(self, epoch, start=0):
        yield torch.from_numpy(self.images).float(), torch.zeros(len(self.images))


# --- a child that may write nowhere, reach nobody, and in the end has little memory -----------------------------------

POOR = r"""
import ast, json, os, re, resource, sys, time
from pathlib import Path
protected, root, out = Path(sys.argv[1]), Path(sys.argv[2]), {}
asked = []
def hook(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto") or (
            event == "socket.connect" and isinstance(arguments[1], tuple)):
        asked.append(event)
        raise OSError(101, "Network is unreachable")
sys.addaudithook(hook)

def outcome(name, call):
    try:
        out[name] = ["", str(call())]
    except BaseException as error:
        out[name] = [type(error).__name__, str(error)[:600]]

# no network: the drawn sets, the shipped weights, whatever a lab imports
from helpers.data import load_dataset
from helpers.data.digits import digits
from helpers.data.faces import draw_people
from helpers.data.fetching import fetch, sha256_of
from helpers.data.fractals import draw_fractals
from helpers.data.phrases import draw_phrases
from helpers.data.samples import sample_photographs
from helpers.models.pretrained import build_model, saved
small = {"image_size": 32, "n_train_per_class": 1, "n_val_per_class": 1, "n_test_per_class": 1, "progress": False}
outcome("offline breeds", lambda: load_dataset("breeds", **small).num_classes)
outcome("offline digits", lambda: digits() is not None)
outcome("offline fractals", lambda: len(draw_fractals(1, 1, 32)[0]))
outcome("offline faces", lambda: len(draw_people(1, 1, 32)[0]))
outcome("offline phrases", lambda: len(draw_phrases(1, 0)))
outcome("offline photographs", lambda: len(sample_photographs(32)))
outcome("offline shipped", lambda: build_model("vit_mini", 2, weights="shipped").weights["kind"])
outcome("offline package", lambda: build_model("efficientnet_lite0", 2, weights="package").weights["kind"])
for lab in json.loads(sys.argv[3]):
    cells = [c for c in json.loads((root / "labs" / lab).read_text())["cells"] if c["cell_type"] == "code"]
    texts = ["".join(cell["source"]) for cell in cells if cell["id"] != "install"]
    trees = [ast.parse(re.sub(r"^\s*[%!].*$", "pass", text, flags=re.M)) for text in texts]
    found = [n for tree in trees for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    code = "\n".join(ast.unparse(node) for node in found)
    outcome(f"offline import {lab}", lambda: exec(code, {}) or len(found))
out["asked the network"] = ["", str(asked)]
os.environ["HELPERS_CACHE"] = str(protected / "nowhere")
outcome("protected download", lambda: fetch("stanford_dogs", "lists.tar", progress=False))
os.environ["HELPERS_CACHE"] = str(Path.cwd() / "downloads")
import pooch.core
pooch.core.time.sleep = lambda seconds: None  # between its tries
outcome("download", lambda: fetch("stanford_dogs", "lists.tar", progress=False))
outcome("hub", lambda: build_model("vit_base_patch16_224.orig_in21k", 2, weights="hub"))
out["asked then"] = ["", str(len(asked))]

# write-protected
import numpy as np, torch
from PIL import Image
from helpers.data.cache import build_cache
from helpers.records import build_folder, write_atomically
from helpers.training import TrainingConfig, fit
row = [("a", b"", None)]
def cached(folder):
    flat = lambda *_: np.zeros((8, 8, 3), np.uint8)
    return build_cache(row, flat, size=8, key="k", folder=folder, progress=False).images.shape
ready = build_model("xception_mini", 2, weights="none")
outcome("protected standing cache", lambda: cached(protected / "cache"))
outcome("protected cache", lambda: cached(protected / "new"))
outcome("protected model", lambda: saved.save(protected / "new", ready, ["a", "b"], decoding="r"))
outcome("protected record", lambda: write_atomically(protected / "record.json", "{}"))
batches = [(torch.zeros(2, 4), torch.tensor([0, 1]))]
class Toy:
    fingerprint = "toy"
    def __len__(self): return 1
    def epoch(self, epoch, start=0): return iter(batches[start:])
config = TrainingConfig(epochs=1, progress=False)
outcome("protected checkpoint", lambda: fit(torch.nn.Linear(4, 2), Toy(), config, checkpoint_dir=protected / "run"))
os.environ["HELPERS_BUILD"] = str(protected)
outcome("protected build", build_folder)
del os.environ["HELPERS_BUILD"]
os.environ["HELPERS_DATA"] = str(protected / "data")
outcome("protected data", lambda: fetch("fra_eng", "fra-eng.zip", progress=False).local_variant)

# little memory
here = Path.cwd()
(here / "large.png").write_bytes((protected / "large.png").read_bytes())
import importlib.util
spec = importlib.util.spec_from_file_location("classify_scarce", root / "scripts" / "classify.py")
script = importlib.util.module_from_spec(spec); spec.loader.exec_module(script)
os.environ["HELPERS_BUILD"] = str(here / "build")
from helpers.data.decode import RULE, read_picture
saved.save(here / "build" / "models" / "m", ready, ["a", "b"], decoding=RULE)
net = torch.nn.Linear(4, 2)
fit(net, Toy(), config, checkpoint_dir=here / "run")
if sys.platform == "linux":
    used = int(re.search(r"VmSize:\s+(\d+)", Path("/proc/self/status").read_text())[1]) << 10
    resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20),) * 2)
    data = (here / "large.png").read_bytes()
    def large(folder):
        return build_cache([("large.png", data, None)], size=8, key="k", folder=folder, progress=False, workers=1)
    outcome("memory cache", lambda: large(here / "cache"))
    outcome("memory picture", lambda: read_picture(here / "large.png", 8))
    outcome("memory training", lambda: fit(torch.nn.Linear(4, 1 << 26), Toy(), config, checkpoint_dir=here / "large"))
    from contextlib import redirect_stderr
    import io
    said = io.StringIO()
    with redirect_stderr(said):
        outcome("memory classify", lambda: script.main([str(here / "large.png")]))
    out["memory classify said"] = ["", said.getvalue()]
    half = [path.name for path in here.rglob("*") if path.suffix in (".part", ".npy", ".partial")]
    out["memory leftovers"] = ["", str(half)]
print(json.dumps(out))
"""


def as_a_reader() -> None:
    """In the child: not even root writes where the mode says no."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


@pytest.fixture(scope="module")
def poor(tmp_path_factory) -> dict[str, list[str]]:
    """What became of each thing that the child tried: the type of the error, or nothing; and what it said."""
    from PIL import Image

    protected, here = tmp_path_factory.mktemp("protected"), tmp_path_factory.mktemp("here")
    build_cache([("a", b"", None)], lambda *_: np.zeros((8, 8, 3), np.uint8), size=8, key="k",
                folder=protected / "cache", progress=False)  # fmt: skip
    (protected / "data" / "fra_eng").mkdir(parents=True)
    (protected / "data" / "fra_eng" / "fra-eng.zip").write_bytes(b"not the registry's")
    Image.new("RGB", (9000, 9000)).save(protected / "large.png")
    for place, _, _ in os.walk(protected):
        Path(place).chmod(0o555)
    labs = json.dumps(sorted(path.name for path in (ROOT / "labs").glob("*.ipynb")))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HELPERS_")} | {"OMP_NUM_THREADS": "1"}
    environment |= {"HELPERS_CACHE": str(here / "cache"), "HF_HUB_CACHE": str(here / "hub"), "MPLBACKEND": "agg"}
    done = subprocess.run(
        [sys.executable, "-c", POOR, str(protected), str(ROOT), labs],
        cwd=here, env=environment, capture_output=True, text=True, check=False, preexec_fn=as_a_reader,
    )  # fmt: skip
    for place, _, _ in os.walk(protected):
        Path(place).chmod(0o755)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    found["written"] = sorted(p.name for p in protected.rglob("*") if p.is_file())
    return found


def test_what_says_that_it_works_offline_asks_nobody(poor, count):
    offline = {name: told for name, told in poor.items() if name.startswith("offline")}
    assert {name: told for name, told in offline.items() if told[0]} == {}
    assert poor["asked the network"][1] == "[]"
    assert len(offline) > 20
    count("sets, weights and labs without network", len(offline))


def test_what_wants_the_network_says_what_to_do_without(poor):
    """Also shows that the child had none."""
    assert poor["download"][0] == "FetchError", poor["download"]
    assert "HELPERS_DATA" in poor["download"][1]
    assert poor["hub"][0] == "ConnectionError"
    assert "make weights" in poor["hub"][1]
    assert int(poor["asked then"][1]) >= 1


def test_a_write_protected_folder_is_read_and_named(poor, count):
    assert poor["protected standing cache"] == ["", "(1, 8, 8, 3)"]
    assert poor["protected data"] == ["", "True"]
    expected = {
        "cache": ("CacheError", "no cache folder"),
        "model": ("PermissionError", ""),
        "record": ("PermissionError", ""),
    }
    expected |= {"checkpoint": ("OSError", "choose another folder"), "build": ("ValueError", "HELPERS_BUILD")}
    expected |= {"download": ("FetchError", "HELPERS_CACHE")}
    for name, (kind, said) in expected.items():
        found, text = poor[f"protected {name}"]
        assert (found, said in text, "protected" in text) == (kind, True, True), (name, text)
    assert len(poor["written"]) == 5  # the cache's three, the data, the picture
    count("writings and readings in write-protected folders", 2 + len(expected))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_too_little_memory_is_an_error_that_leaves_no_half_file(poor, count):
    assert poor["memory cache"][0] == "MemoryError"
    assert poor["memory picture"][0] == "MemoryError"
    assert poor["memory training"][0] == "RuntimeError"
    assert "allocate" in poor["memory training"][1]
    assert poor["memory classify"] == ["", "1"]
    assert "memory" in poor["memory classify said"][1]
    assert poor["memory leftovers"][1] == "[]"
    count("works with too little memory", 4)


@pytest.mark.parametrize("lab", OFFLINE_LABS)
def test_a_lab_runs_where_there_is_no_network(lab, tmp_path, amount, count):
    if not amount(0, 1):
        pytest.skip("a lab each: make soak")
    alone = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "alone"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root takes the network away, by unshare and ip")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HELPERS_")} | {
        "HELPERS_BUILD": str(tmp_path)
    }
    command = [*alone, sys.executable, "-m", "helpers.records", "run", lab, "smoke"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    count("labs without network", 1)


# --- a wrong clock ---------------------------------------------------------------------------------------------------


@contextmanager
def clock(monkeypatch, tell):
    """`time.time()` as told; what measures durations goes on."""
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", tell)
        yield


def test_a_clock_that_jumps_changes_no_training_and_no_checkpoint(tmp_path, monkeypatch, amount, count):
    whole, trained = train(None)
    for jump in (-3600.0, 3600.0, -1.8e9, 2.3e9)[: amount(2, 4)]:
        now = [time.time()]

        def told(now=now, jump=jump):
            now[0] += jump
            return now[0]

        with clock(monkeypatch, told):
            seen: list[int] = []
            folder = tmp_path / f"{jump}"
            losses, model = train(
                folder, lambda k, s=seen, f=folder: s.append(len(list(f.glob("epoch-*")))), checkpoint_every_s=1e-9
            )
        assert losses == whole
        assert same_weights(model, trained)
        assert sum(seen) > 12, "checkpoints inside of epochs"
    count("trainings beside a jumping clock", amount(2, 4))


@pytest.mark.parametrize("second", [0, 4_102_444_799], ids=["1970", "2099"])
def test_files_of_any_year_are_read_and_a_run_goes_on_from_the_right_checkpoint(tmp_path, monkeypatch, second, count):
    folder = tmp_path / "run"
    stop: list[int] = []

    def interrupt(k):
        stop.append(k)
        if len(stop) == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(folder, interrupt)
    newest = latest_checkpoint(folder)
    shutil.copytree(newest, folder / "epoch-0000-step-00000001")  # older by its name, younger or older by its time
    for path in (folder / "epoch-0000-step-00000001", newest):
        os.utime(path, (second, second))
        second = 2 * 10**9
    assert latest_checkpoint(folder) == newest
    shutil.rmtree(folder / "epoch-0000-step-00000001")
    assert train(folder)[0] == train(None)[0]
    put = tmp_path / "data" / "fra_eng" / "fra-eng.zip"
    put.parent.mkdir(parents=True)
    put.write_bytes(b"a copy")
    os.utime(put, (second, second))
    monkeypatch.setenv("HELPERS_DATA", str(tmp_path / "data"))
    assert fetch("fra_eng", "fra-eng.zip").local_variant
    count("folders whose times are wrong", 2)


@pytest.mark.parametrize("year", [1970, 2026, 2099])
def test_a_run_of_any_year_has_an_id_and_a_record(monkeypatch, year, count):
    class Now(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(year, 1, 1, 0, 0, 5, tzinfo=tz)

    monkeypatch.setattr(places, "datetime", Now)
    monkeypatch.setattr(writing, "datetime", Now)
    run = new_run()
    assert run.startswith(str(year))
    told = {"parameters": {}, "runs": [{"seed": 0}], "summary": {}, "script": Path(__file__)}
    for started in (datetime(year, 1, 1, tzinfo=UTC), datetime(year, 1, 1, 1, 0, 5, tzinfo=UTC)):  # set back an hour
        record = make_record("01_tangent_to_mlp", "smoke", started_at=started, **told)
        assert record.wall_s in (5, 0)
        assert Record.model_validate_json(record.model_dump_json()) == record
    assert re.match(RUN_ID, run)
    count("records of a wrong clock", 2)


def test_the_errors_that_name_a_disk_are_errors_of_the_system():
    """So that who catches OSError catches all of them."""
    assert issubclass(CacheError, OSError)
    assert issubclass(FetchError, OSError)
