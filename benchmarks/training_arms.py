"""Three ways to train the same network, timed by the same clock: ours, timm's script, a Hugging Face `Trainer`.

`gpu_training.py` runs them. Each arm takes batches from a `Clock`, which sees every step from where the batches come
from, so that no arm is timed in another way than the others. timm's loop is the one of its train.py, without what costs
time and is of no use here (it reads the loss at its log interval alone).
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
from timm.data import create_dataset, create_loader
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from timm.utils import dispatch_clip_grad
from torch import Tensor, nn
from torchvision import transforms
from torchvision.datasets import ImageFolder

from helpers.data.batches import Batches
from helpers.data.cache import build_cache
from helpers.training import TrainingConfig, fit
from helpers.training.run import autocast

RATE, DECAY, CLIP, WARM_SHARE = 1e-4, 0.05, 1.0, 0.05
SCALE, RATIO, FLIP = (0.35, 1.0), (3 / 4, 4 / 3), 0.5  # those of helpers.data.augment
LOG_INTERVAL = 50
ARMS = ("ours", "timm", "Trainer")
WORKERS = min(os.cpu_count() or 1, 16)


def missing(arm: str) -> str | None:
    """Why an arm cannot run here; None where it can."""
    if arm == "Trainer" and find_spec("transformers") is None:
        return "transformers is not installed"
    return None


# ------------------------------------------------------------------------------------------------------- the clock


def busy_share(spans: Iterable[tuple[float, float]]) -> float:
    """The share of the time between the first start and the last end that at least one (start, end) covers; NaN of
    none."""
    ordered = sorted(spans)
    if not ordered:
        return float("nan")
    busy, reached = 0.0, ordered[0][0]
    for start, end in ordered:
        busy += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return busy / (reached - ordered[0][0])


class Clock:
    """Times steps from within the batches: asking for batch k + 1 means that step k has been issued.

    Parameters
    ----------
    device
        "cuda" or "cpu".
    warm_up
        Steps that are not timed: compilation, autotuning.
    profiled
        Steps at the end, not timed either, in which the profiler watches what the GPU does.
    total
        Steps in all.
    """

    def __init__(self, device: str, warm_up: int, profiled: int, total: int) -> None:
        self.device, self.warm_up, self.end, self.profiled = device, warm_up, total - profiled, profiled
        self.timed = self.end - warm_up
        self.count, self.images, self.busy = 0, 0, float("nan")
        self.profiler: torch.profiler.profile | None = None
        self.began = self.now()
        self.ready = self.from_ = self.to = float("nan")

    def now(self) -> float:
        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def watch(self, batches: Iterable) -> Iterator:
        """The batches of one epoch; the count goes on over epochs."""
        for batch in batches:
            self._mark()
            self.count += 1
            yield batch

    def _mark(self) -> None:
        if self.count == 0:
            self.ready = self.now()
        if self.count == self.warm_up:
            self.from_ = self.now()
        if self.count == self.end:
            self.to = self.now()
            if self.device == "cuda" and self.profiled:
                self.profiler = torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA])
                self.profiler.start()

    def finish(self) -> None:
        """After the last step."""
        self._mark()
        if self.profiler is not None:
            torch.cuda.synchronize()
            self.profiler.stop()
            on_gpu = [e for e in self.profiler.events() if e.device_type == torch.autograd.DeviceType.CUDA]
            self.busy = busy_share((e.time_range.start, e.time_range.end) for e in on_gpu)
        if self.to != self.to:
            raise RuntimeError(f"expected more than {self.end} steps to be asked for, got {self.count}")

    @property
    def step_s(self) -> float:
        """Seconds of one timed step."""
        return (self.to - self.from_) / self.timed

    @property
    def whole_s(self) -> float:
        """Seconds from the files to the last step, without the steps that warm up."""
        return (self.ready - self.began) + (self.to - self.from_)


@dataclass
class Same:
    """The same batch again and again, on the device: what is timed is the loop, not the data."""

    images: Tensor
    labels: Tensor
    steps: int

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for _ in range(self.steps):
            yield self.images, self.labels


@dataclass(frozen=True)
class Task:
    """What all arms share: the network's batches, its size in pixels, precision, and whether it is compiled."""

    batch: int
    size: int
    device: str
    compiled: bool
    channels_last: bool
    epochs: int = 1
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)
    workers: int = WORKERS


# ------------------------------------------------------------------------------------------------------------ ours


class _Watched:
    """Batches of ours, seen by the clock."""

    def __init__(self, batches: Same | Batches, clock: Clock) -> None:
        self.batches, self.clock = batches, clock

    def __len__(self) -> int:
        return len(self.batches)

    def epoch(self, epoch: int, start: int = 0) -> Iterator:
        source = self.batches
        return self.clock.watch(source.epoch(epoch, start) if isinstance(source, Batches) else source)


def train_ours(model: nn.Module, task: Task, clock: Clock, batches: Same | Batches) -> None:
    config = TrainingConfig(
        epochs=task.epochs,
        learning_rate=RATE,
        weight_decay=DECAY,
        clip_norm=CLIP,
        warmup_fraction=WARM_SHARE,
        precision="bf16",
        compile=task.compiled,
        channels_last=task.channels_last,
        progress=False,
    )
    fit(model, _Watched(batches, clock), config)
    clock.finish()


def our_batches(folder: Path, task: Task) -> Batches:
    """From the files of an image folder: decoded once, on the device."""
    files = sorted(folder.glob("*/*.jpg"))
    classes = sorted({file.parent.name for file in files})
    labels = torch.tensor([classes.index(file.parent.name) for file in files]).numpy()
    cache = build_cache(
        [(file.name, file.read_bytes, None) for file in files],
        size=task.size,
        key="gpu benchmark",
        folder=folder.parent / "cache",
        progress=False,
    )
    return Batches(
        cache.images, labels, batch_size=task.batch, mean=task.mean, std=task.std, device=task.device, augment=True
    )


# ------------------------------------------------------------------------------------------------------------ timm


def train_timm(model: nn.Module, task: Task, clock: Clock, batches: Iterable) -> None:
    """The steps of timm's train.py with --amp --amp-dtype bfloat16 --clip-grad 1, and --torchcompile, --channels-last
    where the task says so."""
    device = torch.device(task.device)
    model.to(device, memory_format=torch.channels_last if task.channels_last else torch.preserve_format)
    optimizer = create_optimizer_v2(model, opt="adamw", lr=RATE, weight_decay=DECAY, fused=task.device == "cuda")
    total = task.epochs * len(batches)  # type: ignore[arg-type]
    scheduler = CosineLRScheduler(optimizer, t_initial=total, warmup_t=int(WARM_SHARE * total), t_in_epochs=False)
    loss_fn = nn.CrossEntropyLoss().to(device)
    forward = torch.compile(model) if task.compiled else model
    step = 0
    for _ in range(task.epochs):
        model.train()
        optimizer.zero_grad()
        for images, labels in clock.watch(batches):
            images, labels = images.to(device), labels.to(device)
            if task.channels_last:
                images = images.contiguous(memory_format=torch.channels_last)
            with autocast(device, "bf16"):
                loss = loss_fn(forward(images), labels)
            loss.backward()
            dispatch_clip_grad(model.parameters(), value=CLIP, mode="norm")
            optimizer.step()
            optimizer.zero_grad()
            step += 1
            scheduler.step_update(num_updates=step)
            if step % LOG_INTERVAL == 0:
                loss.item()
    clock.finish()


def timm_batches(folder: Path, task: Task) -> Iterable:
    """timm's own loader, with its prefetcher on a GPU."""
    return create_loader(
        create_dataset("", str(folder)),
        input_size=(3, task.size, task.size),
        batch_size=task.batch,
        is_training=True,
        scale=SCALE,
        ratio=RATIO,
        hflip=FLIP,
        color_jitter=None,
        interpolation="bilinear",
        mean=task.mean,
        std=task.std,
        num_workers=task.workers,
        use_prefetcher=task.device == "cuda",
        persistent_workers=task.workers > 0,
        pin_memory=task.device == "cuda",
        device=torch.device(task.device),
    )


# --------------------------------------------------------------------------------------------------------- Trainer


class _WithLoss(nn.Module):
    """A network as `Trainer` wants it: keywords in, a dictionary with the loss out."""

    def __init__(self, model: nn.Module, channels_last: bool) -> None:
        super().__init__()
        self.model, self.channels_last = model, channels_last

    def forward(self, pixel_values: Tensor, labels: Tensor) -> dict[str, Tensor]:
        if self.channels_last:
            pixel_values = pixel_values.contiguous(memory_format=torch.channels_last)
        logits = self.model(pixel_values)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


class _Named:
    """Batches as dictionaries, seen by the clock; what `Trainer` asks of a loader besides goes to the loader."""

    def __init__(self, batches: Iterable, clock: Clock) -> None:
        self.batches, self.clock = batches, clock

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        for batch in self.clock.watch(self.batches):
            yield batch if isinstance(batch, dict) else {"pixel_values": batch[0], "labels": batch[1]}


def _as_dict(samples: list) -> dict[str, Tensor]:
    images, labels = zip(*samples, strict=True)
    return {"pixel_values": torch.stack(images), "labels": torch.tensor(labels)}


def train_trainer(model: nn.Module, task: Task, clock: Clock, batches: Same | ImageFolder, folder: Path) -> None:
    """`Trainer` with bf16, fused AdamW, clipping and cosine decay; `batches` is a data set of files, or stands for the
    loader."""
    from transformers import Trainer, TrainingArguments

    loader_is_ready = isinstance(batches, Same)

    class Timed(Trainer):
        def get_train_dataloader(self):
            return _Named(batches if loader_is_ready else super().get_train_dataloader(), clock)

    if task.channels_last:
        model.to(memory_format=torch.channels_last)
    arguments = TrainingArguments(
        output_dir=str(folder / "trainer"),
        num_train_epochs=task.epochs,
        max_steps=len(batches) if loader_is_ready else -1,
        per_device_train_batch_size=task.batch,
        learning_rate=RATE,
        weight_decay=DECAY,
        max_grad_norm=CLIP,
        lr_scheduler_type="cosine",
        warmup_steps=0,
        optim="adamw_torch_fused" if task.device == "cuda" else "adamw_torch",
        bf16=True,
        torch_compile=task.compiled,
        use_cpu=task.device == "cpu",
        dataloader_num_workers=0 if loader_is_ready else task.workers,
        dataloader_persistent_workers=not loader_is_ready and task.workers > 0,
        dataloader_pin_memory=task.device == "cuda",
        dataloader_drop_last=True,
        remove_unused_columns=False,
        logging_steps=LOG_INTERVAL,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    data = torch.utils.data.TensorDataset(torch.zeros(1)) if loader_is_ready else batches
    wrapped = _WithLoss(model, task.channels_last)
    trainer = Timed(model=wrapped, args=arguments, train_dataset=data, data_collator=_as_dict)
    with contextlib.redirect_stdout(sys.stderr):  # its report would stand within our table
        trainer.train()
    clock.finish()


def trainer_files(folder: Path, task: Task) -> ImageFolder:
    """The files with torchvision's transforms, as in Hugging Face's example for image classification."""
    steps = [
        transforms.RandomResizedCrop(task.size, scale=SCALE, ratio=RATIO),
        transforms.RandomHorizontalFlip(FLIP),
        transforms.ToTensor(),
        transforms.Normalize(task.mean, task.std),
    ]
    return ImageFolder(str(folder), transforms.Compose(steps))
