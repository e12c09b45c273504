"""The package's main paths in a process without what only Linux and macOS have: what a laptop with Windows would meet.

The libraries come first, as they know their system; then the names are taken away, and the package is imported and
used. An import that is not needed everywhere must stand where it is used. It shows no more than that: nothing here has
run on Windows or on a Mac.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog")
OS = (
    *("fork", "forkpty", "getuid", "geteuid", "getgid", "getegid", "getpgid", "setsid", "killpg", "sched_getaffinity"),
    *("sched_setaffinity", "ttyname", "wait4", "sync", "chown", "mkfifo", "uname", "nice", "getloadavg"),
    *("posix_fadvise", "pread", "register_at_fork", "O_DIRECTORY", "O_NOFOLLOW"),
)
SIGNALS = ("SIGKILL", "SIGHUP", "SIGALRM", "SIGUSR1", "SIGSTOP")

TAKE_AWAY = f"""
import os, signal, sys, types, warnings
import accelerate, anywidget, filelock, IPython, matplotlib.pyplot, numpy, PIL.Image, pooch, psutil, pydantic
import scipy.stats, skimage.data, sklearn.linear_model, sklearn.svm, timm, torch, torchvision, tqdm, yaml
for name in {MODULES!r}:
    sys.modules[name] = None
for name in {OS!r}:
    if hasattr(os, name):
        delattr(os, name)
for name in {SIGNALS!r}:
    delattr(signal, name)
warnings.filterwarnings("error", category=EncodingWarning, module="helpers")  # Windows reads no UTF-8 unless told to
"""
IMPORT_ALL = """
import importlib, pkgutil, helpers
names = [found.name for found in pkgutil.walk_packages(helpers.__path__, "helpers.") if "__main__" not in found.name]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
AS_WINDOWS = """
windows = types.SimpleNamespace(**vars(sys) | {"platform": "win32"})
memory = psutil.Process().memory_info().rss
process = lambda: types.SimpleNamespace(memory_info=lambda: types.SimpleNamespace(peak_wset=memory))
import helpers.memory as of_processes, helpers.training.history as history
of_processes.sys = history.sys = windows
psutil.Process = process
"""
TRAIN = """
import json
from datetime import UTC, datetime
from pathlib import Path
import numpy as np
from helpers.data import load_dataset
from helpers.data.batches import Batches
from helpers.data.cache import build_cache
from helpers.models.pretrained import build_model
from helpers.records import Record, checkpoint_folder, make_record, record_path, write_atomically
from helpers.records.runs import run_lab
from helpers.training import TrainingConfig, fit, predict
from helpers.training.features import frozen_features

started = datetime.now(UTC)
data = load_dataset("breeds", image_size=32, n_train_per_class=2, n_val_per_class=1, n_test_per_class=1)
built = build_model("vit_mini", data.num_classes, weights="none", image_size=32)
model, same = built.model, {"batch_size": 8, "mean": built.mean, "std": built.std}
train = Batches(data.train.images, data.train.labels, **same)
folder = checkpoint_folder("08_xception_vs_vit", "smoke")
config = TrainingConfig(epochs=1, learning_rate=1e-3, progress=False)
fitted = fit(model, train, config, checkpoint_dir=folder)
assert fitted.steps == 3 and any(folder.rglob("*.safetensors"))
test = Batches(data.test.images, data.test.labels, shuffle=False, augment=False, **same)
top1 = float((predict(model, test).argmax(1) == data.test.labels).mean())
assert frozen_features(lambda x: x.flatten(1), test, weights="w", folder=Path("f"), progress=False).shape[1] == 12
picture = PIL.Image.fromarray(np.zeros((8, 8, 3), np.uint8))
picture.save("one.png")
items = [("one.png", Path("one.png").read_bytes(), None)]
assert len(build_cache(items, size=8, key="k", folder=Path("c"), progress=False).images) == 1
record = make_record("08_xception_vs_vit", "smoke", parameters={}, runs=[{"seed": 0, "test_top1": top1}], summary={},
                     started_at=started, script=Path("script.py"))
path = record_path("08_xception_vs_vit", "smoke")
write_atomically(path, record.model_dump_json())
again = Record.model_validate_json(path.read_text(encoding="utf-8"))
assert again.peak_memory_gib > 0.1 and again.processor_s > 0
print("done")
"""


def without_posix(code: str, folder: Path) -> str:
    (folder / "script.py").write_text(TAKE_AWAY + code, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "HELPERS_CACHE": str(folder / "cache")}
    command = [sys.executable, "-X", "warn_default_encoding", "script.py"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_what_is_taken_away_is_gone(tmp_path):
    code = "try:\n    import fcntl\nexcept ImportError:\n    print(hasattr(os, 'fork'), hasattr(signal, 'SIGKILL'))"
    assert without_posix(code, tmp_path).split() == ["False", "False"]


@pytest.mark.slow
def test_every_module_is_imported(tmp_path):
    assert int(without_posix(AS_WINDOWS + IMPORT_ALL, tmp_path)) > 300


@pytest.mark.slow
def test_a_training_a_checkpoint_two_caches_and_a_record(tmp_path):
    assert without_posix(AS_WINDOWS + TRAIN, tmp_path).split()[-1] == "done"
