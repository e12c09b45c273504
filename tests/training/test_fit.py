"""The loop: it learns, resumes exactly, keeps what is frozen, and says what went wrong.

Run as a script, this file is the run that `test_*_killed_*` kills and the ranks of `test_two_processes_*`.
"""

import copy
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from helpers.training import (
    Classification,
    History,
    TrainingConfig,
    TrainingDiverged,
    estimate_seconds,
    fit,
    predict,
    resolve_precision,
    set_training_mode,
)
from helpers.training import run as run_module
from helpers.training.checkpoints import CheckpointError, latest_checkpoint


class ToyBatches:
    """Random images whose label is planted in a corner; batch k depends on (epoch, k) alone."""

    def __init__(self, count: int = 6, size: int = 8, *, stop_after: int | None = None, pause_s: float = 0.0) -> None:
        self.count, self.batch_size, self.pause_s = count, size, pause_s
        self.stop_after = math.inf if stop_after is None else stop_after
        self.rank, self.world_size = 0, 1
        self.fingerprint = f"toy {count} {size}"

    def __len__(self) -> int:
        return self.count

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        for k in range(start, self.count):
            if self.stop_after <= 0:
                raise KeyboardInterrupt
            self.stop_after -= 1
            time.sleep(self.pause_s)
            generator = torch.Generator().manual_seed(1000 * epoch + k)
            images = torch.randn(self.batch_size, 3, 8, 8, generator=generator)
            labels = torch.randint(4, (self.batch_size,), generator=generator)
            images[range(self.batch_size), 0, 0, labels] += 3
            yield images[self.rank :: self.world_size], labels[self.rank :: self.world_size]


def toy_model(*, norm: bool = True, dropout: float = 0.2, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8) if norm else nn.Identity(),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(512, 4),
    )


def quiet(**changes) -> TrainingConfig:
    return TrainingConfig(**{"epochs": 3, "learning_rate": 3e-3, "progress": False, **changes})


def identical(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def numbers(history: History) -> list[tuple]:
    """What must not depend on interruptions: all but the seconds."""
    return [(r.step, r.train_loss, r.train_accuracy, r.learning_rate, r.evaluation) for r in history.epochs]


# Learning


def test_one_batch_can_be_memorised() -> None:
    class OneBatch(ToyBatches):
        def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
            return super().epoch(0, start)

    history = fit(toy_model(), OneBatch(1, 16), quiet(epochs=60))
    assert history.epochs[0].train_loss > 1
    assert history.epochs[-1].train_loss < 0.05
    assert history.epochs[-1].train_accuracy == 1


def test_history_counts_what_was_done_and_is_json() -> None:
    history = fit(toy_model(), ToyBatches(5), quiet(accumulation_steps=2), evaluate=lambda _: {"top1": 0.5})
    assert history.steps == 9  # 5 batches make 3 updates, the last of one batch
    assert history.seen == 3 * 5 * 8
    assert [row.step for row in history.epochs] == [3, 6, 9]
    assert history.epochs[-1].evaluation == {"top1": 0.5}
    assert history.device == "cpu"
    assert history.precision == "fp32"
    assert history.resumed_from_step is None
    assert history.peak_memory_bytes > 10_000_000
    assert history.peak_memory_kind == "resident memory of the process"
    assert all(history.seconds[part] > 0 for part in ("data", "training", "evaluation"))
    busy = history.seconds["data"] + history.seconds["training"]
    assert history.seen_per_s == pytest.approx(history.seen / busy)
    assert json.loads(json.dumps(asdict(history))) == asdict(history)


def test_train_loss_and_accuracy_are_means_over_images() -> None:
    class Uneven(ToyBatches):
        def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
            for images, labels in super().epoch(0, start):
                yield (images, labels) if len(seen) % 2 else (images[:3], labels[:3])
                seen.append(labels)

    seen: list[Tensor] = []
    model = toy_model(norm=False, dropout=0)
    untouched = copy.deepcopy(model)
    history = fit(model, Uneven(2), quiet(epochs=1, learning_rate=1e-12))  # the model stays as it is
    seen.clear()
    pairs = list(Uneven(2).epoch(0))
    seen.clear()
    first, second = pairs
    logits, labels = untouched(torch.cat([first[0], second[0]])), torch.cat([first[1], second[1]])
    assert len(labels) == 11
    assert history.epochs[0].train_loss == pytest.approx(nn.functional.cross_entropy(logits, labels).item(), rel=1e-5)
    assert history.epochs[0].train_accuracy == pytest.approx((logits.argmax(1) == labels).float().mean().item())


def test_label_smoothing_is_torchs() -> None:
    model, batches = toy_model(norm=False, dropout=0), ToyBatches(1)
    images, labels = next(batches.epoch(0))
    expected = nn.functional.cross_entropy(model(images), labels, label_smoothing=0.3).item()
    history = fit(model, batches, quiet(epochs=1, label_smoothing=0.3))
    assert history.epochs[0].train_loss == pytest.approx(expected, rel=1e-6)


def test_accumulated_batches_equal_one_large_batch() -> None:
    class Halves(ToyBatches):
        def __len__(self) -> int:
            return 2 * self.count

        def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
            for images, labels in ToyBatches.epoch(self, epoch, start // 2):
                yield images[:5], labels[:5]  # unequal parts: the mean is over images, not over batches
                yield images[5:], labels[5:]

    whole, halves = toy_model(norm=False, dropout=0), toy_model(norm=False, dropout=0)
    one = fit(whole, ToyBatches(), quiet(clip_norm=0.5))
    two = fit(halves, Halves(), quiet(clip_norm=0.5, accumulation_steps=2))
    assert one.steps == two.steps
    for a, b in zip(whole.parameters(), halves.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)
    assert two.epochs[-1].train_loss == pytest.approx(one.epochs[-1].train_loss, rel=1e-5)


def test_gradients_are_clipped_by_their_global_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    norms = []

    class Spy(torch.optim.AdamW):
        def step(self, closure=None):
            grads = [p.grad for group in self.param_groups for p in group["params"]]
            norms.append(torch.cat([grad.flatten() for grad in grads]).norm().item())
            return super().step(closure)

    monkeypatch.setattr(run_module.optim, "AdamW", Spy)
    fit(toy_model(), ToyBatches(), quiet(epochs=1, clip_norm=1e-3))
    assert norms == pytest.approx([1e-3] * 6, rel=1e-2)
    norms.clear()
    fit(toy_model(), ToyBatches(), quiet(epochs=1, clip_norm=None))
    assert min(norms) > 0.1


def test_layer_decay_reaches_the_optimisers_steps() -> None:
    torch.manual_seed(0)
    layers = [nn.Linear(6, 6) for _ in range(13)] + [nn.Linear(6, 4)]  # embeddings, 12 blocks, head
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 6), *layers)
    groups = [["1.weight", "1.bias", "2.weight", "2.bias"]] + [[f"{i}.weight", f"{i}.bias"] for i in range(3, 16)]
    before = copy.deepcopy(model)
    fit(model, ToyBatches(1), quiet(epochs=1, layer_decay=0.75, clip_norm=None, weight_decay=0.0), layer_groups=groups)
    # The first step of Adam is the learning rate itself, whatever the gradient.
    moved = [(a.bias - b.bias).abs().max().item() for a, b in zip(model[2:], before[2:], strict=True)]
    relative = [step / moved[-1] for step in moved]
    assert relative == pytest.approx([0.75 ** (13 - level) for level in range(14)], rel=0.02)
    assert [round(relative[i], 3) for i in (0, 1, 12)] == pytest.approx([0.0238, 0.0317, 0.75], rel=0.03)


def test_the_rate_warms_up_and_ends_at_the_minimum() -> None:
    config = quiet(epochs=4, warmup_fraction=0.5, min_learning_rate=1e-4)
    history = fit(toy_model(), ToyBatches(), config)
    seen = [row.learning_rate for row in history.epochs]
    assert seen[0] < seen[1] > seen[2] > seen[3]
    assert seen[1] == pytest.approx(3e-3, rel=0.05)
    assert seen[3] == pytest.approx(1e-4, rel=0.2)


# What is frozen stays


def test_frozen_batchnorm_keeps_its_statistics() -> None:
    model = toy_model()
    model[:2].requires_grad_(False)
    before = copy.deepcopy(model)
    fit(model, ToyBatches(), quiet(epochs=1))
    assert identical(model[:2], before[:2])
    assert not torch.equal(model[5].weight, before[5].weight)
    model[1].requires_grad_(True)
    fit(model, ToyBatches(), quiet(epochs=1))
    assert not torch.equal(model[1].running_mean, before[1].running_mean)


def test_training_mode_of_a_partly_frozen_model() -> None:
    model = nn.Sequential(nn.BatchNorm2d(2), nn.BatchNorm2d(2), nn.BatchNorm2d(2, affine=False), nn.Dropout())
    model[0].requires_grad_(False)
    set_training_mode(model.eval())
    assert [module.training for module in model] == [False, True, True, True]


# Resuming


def interrupted(batches_before: int, folder: Path, config: TrainingConfig, count: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(toy_model(), ToyBatches(count, stop_after=batches_before), config, checkpoint_dir=folder, evaluate=mean)


def mean(model: nn.Module) -> dict[str, float]:
    """An evaluation that uses up random numbers."""
    torch.rand(3)
    return {"mean": float(predict(model, ToyBatches(2)).mean())}


@pytest.mark.parametrize("accumulation", [1, 2])
@pytest.mark.parametrize("stop", [1, 5, 6, 10, 14])  # of 5 batches an epoch: within, at the end of, between epochs
def test_a_resumed_run_ends_with_the_same_bits(tmp_path: Path, accumulation: int, stop: int) -> None:
    config = quiet(accumulation_steps=accumulation, checkpoint_every_s=1e-9)
    straight = toy_model()
    expected = fit(straight, ToyBatches(5), config, evaluate=mean)
    interrupted(stop, tmp_path, config, 5)
    if latest_checkpoint(tmp_path) is None:
        assert stop <= accumulation
    resumed = toy_model()
    history = fit(resumed, ToyBatches(5), config, checkpoint_dir=tmp_path, evaluate=mean)
    assert identical(straight, resumed)
    assert numbers(history) == numbers(expected)
    assert (history.steps, history.seen) == (expected.steps, expected.seen)
    if stop > accumulation:
        assert 0 < history.resumed_from_step < expected.steps


def test_what_is_drawn_after_training_does_not_depend_on_resuming(tmp_path: Path) -> None:
    drawn = []
    for _ in range(2):  # the second call finds a finished run
        torch.manual_seed(5)
        model = toy_model()
        state = torch.get_rng_state()
        fit(model, ToyBatches(), quiet(), checkpoint_dir=tmp_path)
        assert torch.equal(state, torch.get_rng_state())
        drawn.append(torch.rand(4))
    assert torch.equal(*drawn)


def test_a_finished_run_returns_at_once(tmp_path: Path) -> None:
    first, second = toy_model(), toy_model()
    expected = fit(first, ToyBatches(), quiet(), checkpoint_dir=tmp_path)
    history = fit(second, ToyBatches(stop_after=0), quiet(), checkpoint_dir=tmp_path)
    assert identical(first, second)
    assert numbers(history) == numbers(expected)
    assert history.resumed_from_step == history.steps == 18


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rate": 0.5}, "config.learning_rate: the checkpoint has 0.003, this run 0.5"),
        ({"epochs": 4}, "config.epochs: the checkpoint has 3, this run 4"),
        ({"precision": "bf16"}, "config.precision: the checkpoint has 'fp32', this run 'bf16'"),
    ],
)
def test_a_checkpoint_of_another_config_is_refused(tmp_path: Path, change: dict, message: str) -> None:
    fit(toy_model(), ToyBatches(), quiet(), checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match=message):
        fit(toy_model(), ToyBatches(), quiet(**change), checkpoint_dir=tmp_path)


def test_a_checkpoint_of_other_data_or_weights_is_refused(tmp_path: Path) -> None:
    fit(toy_model(), ToyBatches(), quiet(), checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match=r"batches\.per_epoch: the checkpoint has 6, this run 7"):
        fit(toy_model(), ToyBatches(7), quiet(), checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match=r"model\.initial_weights"):
        fit(toy_model(seed=1), ToyBatches(), quiet(), checkpoint_dir=tmp_path)
    wider = nn.Sequential(nn.Flatten(), nn.Linear(192, 4))
    with pytest.raises(CheckpointError, match=r"model\.tensors"):
        fit(wider, ToyBatches(), quiet(), checkpoint_dir=tmp_path)


def test_progress_and_checkpoint_interval_may_change(tmp_path: Path) -> None:
    fit(toy_model(), ToyBatches(), quiet(), checkpoint_dir=tmp_path)
    fit(toy_model(), ToyBatches(), quiet(progress=True, checkpoint_every_s=None), checkpoint_dir=tmp_path)


KILLED = {"epochs": 2, "accumulation_steps": 2, "checkpoint_every_s": 1e-9}


def test_a_run_killed_in_an_epoch_ends_with_the_same_bits(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = subprocess.Popen([sys.executable, __file__, "killed", str(folder)])
    try:
        deadline = time.monotonic() + 200
        while not sorted(folder.glob("epoch-0000-step-0000001[0-9]")):  # 20 updates an epoch, 25 ms each
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "no checkpoint appeared"
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    straight, resumed = toy_model(), toy_model()
    expected = fit(straight, ToyBatches(40), quiet(**KILLED))
    batches = ToyBatches(40, stop_after=71)  # at least ten updates of two are not repeated; one look past the end
    history = fit(resumed, batches, quiet(**KILLED), checkpoint_dir=folder)
    assert 10 <= history.resumed_from_step < 20
    assert identical(straight, resumed)
    assert numbers(history) == numbers(expected)
    assert history.steps == expected.steps == 40


# What goes wrong


def test_a_diverging_loss_names_its_step_and_rate(tmp_path: Path) -> None:
    calls = 0

    def bad(model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        nonlocal calls
        calls += 1
        loss, right, count = Classification()(model, batch)
        return loss * (math.nan if calls == 9 else 1), right, count

    step = (8.5 - 0.05 * 18) / (18 - 0.05 * 18)  # the ninth of 18 updates, taken in its middle, after the warm-up
    rate = re.escape(f"{3e-3 * (1 + math.cos(math.pi * step)) / 2:.3g}")
    with pytest.raises(TrainingDiverged, match=f"became nan at step 9 with learning rate {rate};"):
        fit(toy_model(), ToyBatches(), quiet(), step=bad, checkpoint_dir=tmp_path)
    assert issubclass(TrainingDiverged, FloatingPointError)
    path = latest_checkpoint(tmp_path)
    assert path is not None
    assert path.name == "epoch-0001-step-00000006"  # of the epoch before
    assert all(tensor.isfinite().all() for tensor in load_file(path / "weights.safetensors").values())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epochs": 0}, "epochs: expected an integer >= 1, got 0"),
        ({"epochs": True}, "epochs: expected an integer >= 1, got True"),
        ({"seed": True}, "seed: expected an integer >= 0, got True"),
        ({"compile": "false"}, "compile: expected True or False, got 'false'"),
        ({"learning_rate": "0.1"}, "learning_rate: expected a number > 0, got '0.1'"),
        ({"epochs": 1.5}, "epochs: expected an integer >= 1, got 1.5"),
        ({"learning_rate": 0.0}, "learning_rate: expected a number > 0, got 0.0"),
        ({"learning_rate": math.nan}, "learning_rate: expected"),
        ({"min_learning_rate": 1.0}, "min_learning_rate: expected"),
        ({"weight_decay": -1.0}, "weight_decay: expected"),
        ({"warmup_fraction": 1.0}, r"warmup_fraction: expected a number in \[0, 1\), got 1.0"),
        ({"label_smoothing": -0.1}, "label_smoothing: expected"),
        ({"layer_decay": 0.0}, "layer_decay: expected"),
        ({"clip_norm": 0.0}, "clip_norm: expected"),
        ({"accumulation_steps": 0}, "accumulation_steps: expected"),
        ({"checkpoint_every_s": 0}, "checkpoint_every_s: expected"),
        ({"seed": -1}, "seed: expected"),
        ({"precision": "half"}, "precision: expected one of auto, fp32, bf16, fp16, got 'half'"),
    ],
)
def test_a_config_outside_its_limits_is_refused_when_written(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        quiet(**change)


def test_an_empty_epoch_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one batch"):
        fit(toy_model(), ToyBatches(0), quiet())
    with pytest.raises(ValueError, match="at least one batch"):
        predict(toy_model(), ToyBatches(0))


# Precision


def test_precision_follows_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_precision("auto", "cpu") == "fp32"
    assert resolve_precision("bf16", "cpu") == "bf16"
    with pytest.raises(ValueError, match="expected auto, fp32 or bf16 on cpu, got 'fp16'"):
        resolve_precision("fp16", "cpu")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    assert resolve_precision("auto", "cuda") == "fp16"  # a T4 only emulates bf16
    with pytest.raises(ValueError, match="no native bf16"):
        resolve_precision("bf16", "cuda")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    assert resolve_precision("auto", "cuda") == "bf16"


def test_each_run_computes_in_its_own_precision() -> None:
    class Spy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.dtypes = toy_model(), []

        def forward(self, images: Tensor) -> Tensor:
            logits = self.inner(images)
            self.dtypes.append(logits.dtype)
            return logits

    model = Spy()
    for precision, dtype in [("fp32", torch.float32), ("bf16", torch.bfloat16), ("auto", torch.float32)]:
        model.dtypes.clear()
        assert fit(model, ToyBatches(1), quiet(epochs=1, precision=precision)).precision in ("fp32", "bf16")
        predict(model, ToyBatches(1), precision=precision)
        assert model.dtypes == [dtype] * 2
        model.dtypes.clear()
        model(torch.zeros(2, 3, 8, 8))
        assert model.dtypes == [torch.float32]  # fit leaves no autocast behind


def test_channels_last_reaches_model_and_images() -> None:
    strides = []

    class Spy(nn.Conv2d):
        def forward(self, images: Tensor) -> Tensor:
            strides.append(images.is_contiguous(memory_format=torch.channels_last))
            return super().forward(images)

    model = nn.Sequential(Spy(3, 4, 3), nn.Flatten(), nn.Linear(144, 4))
    fit(model, ToyBatches(2), quiet(epochs=1, channels_last=True))
    assert strides == [True, True]
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)


# Prediction and estimates


def test_predict_is_the_models_eval_output_and_restores_its_modes() -> None:
    model, batches = toy_model(), ToyBatches(3)
    model[1].eval()
    logits = predict(model, batches)
    assert [module.training for module in model] == [True, False, True, True, True, True]
    with torch.no_grad():
        expected = torch.cat([model.eval()(images) for images, _ in batches.epoch(0)])
    assert logits.dtype == "float32"
    assert logits.shape == (24, 4)
    assert torch.equal(torch.from_numpy(logits), expected)


def test_an_estimate_changes_nothing_and_is_of_the_right_size(monkeypatch: pytest.MonkeyPatch) -> None:
    model, batches = toy_model(), ToyBatches(6)
    before, state = copy.deepcopy(model), torch.get_rng_state()
    attributes = dict(vars(batches))
    steady = iter(range(1000))  # a clock that ticks by one second at each look
    monkeypatch.setattr(sys.modules["helpers.training.fit"], "time", SimpleNamespace(perf_counter=lambda: next(steady)))
    seconds = estimate_seconds(model, batches, quiet(epochs=50))
    assert identical(model, before)
    assert torch.equal(state, torch.get_rng_state())
    assert vars(batches) == attributes
    assert seconds == 300  # 6 updates in each of 50 epochs, a second each


# Several processes

TWO = {"epochs": 2, "accumulation_steps": 2, "clip_norm": 0.5}


@pytest.mark.slow
def test_two_processes_equal_one_with_the_same_global_batch(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*torchrun, __file__, "rank", str(tmp_path)], check=True, timeout=400, env=environment)
    ranks = [load_file(tmp_path / f"rank{rank}.safetensors") for rank in range(2)]
    drawn = [ranks[rank].pop(f"drawn by {rank}") for rank in range(2)]
    assert not (drawn[0] == drawn[1]).any()  # dropout is each process's own
    assert all(torch.equal(ranks[0][name], ranks[1][name]) for name in ranks[0])
    alone = toy_model(norm=False, dropout=0)
    history = fit(alone, ToyBatches(5), quiet(**TWO))
    for name, tensor in alone.state_dict().items():
        torch.testing.assert_close(ranks[0][name], tensor, rtol=1e-4, atol=1e-6)
    together = json.loads((tmp_path / "history.json").read_text())
    assert together["num_processes"] == 2
    assert together["seen"] == history.seen
    for ours, theirs in zip(history.epochs, together["epochs"], strict=True):
        assert theirs["train_loss"] == pytest.approx(ours.train_loss, abs=1e-5)
        assert theirs["train_accuracy"] == ours.train_accuracy


def _killed(folder: str) -> None:
    fit(toy_model(), ToyBatches(40, pause_s=0.012), quiet(**KILLED), checkpoint_dir=folder)


def _rank(folder: str) -> None:
    batches, drawn = ToyBatches(5), []

    def draws(model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        drawn.append(torch.rand(()))
        return Classification()(model, batch)

    with pytest.raises(ValueError, match=r"rank=\d, world_size=2, the share of this process, got rank=0, world_size=1"):
        fit(toy_model(), batches, quiet(**TWO))
    batches.rank, batches.world_size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    model = toy_model(norm=False, dropout=0, seed=batches.rank)  # the ranks start from rank 0's weights
    history = fit(model, batches, quiet(**TWO), checkpoint_dir=Path(folder) / "checkpoints")
    fit(toy_model(norm=False), batches, quiet(epochs=1), step=draws)
    tensors = {**model.state_dict(), f"drawn by {batches.rank}": torch.stack(drawn)}
    save_file(tensors, Path(folder) / f"rank{batches.rank}.safetensors")
    if batches.rank == 0:
        (Path(folder) / "history.json").write_text(json.dumps(asdict(history)))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    {"killed": _killed, "rank": _rank}[sys.argv[1]](sys.argv[2])
