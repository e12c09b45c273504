"""Pre-train small models on photographs without a dog: Tiny ImageNet, 194 classes, 64 px.

Xception-mini, ViT-mini, and DeiT-mini: the same transformer with a distillation token, taught by the Xception-mini
(hard distillation, Touvron et al. 2021). The recipe below was written down before the first run and is the same for
all: the same photographs in the same order, the same number of updates. An interrupted run continues from its last
checkpoint. What it leaves in `_build/pretraining/tiny_imagenet` is, for each model, the weights in fp16 and a JSON
file with the accuracy on the official validation photographs, with its interval, after every epoch.

    python scripts/pretrain_photographs.py [--only MODEL] [--epochs N]
"""

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from helpers.data.batches import Batches
from helpers.data.tiny_imagenet import load_tiny_imagenet
from helpers.measure.accuracy import pooled
from helpers.models.deit import DeiT
from helpers.models.pretrained import MODELS, build_model
from helpers.records import build_folder, code_version, describe_device, write_atomically
from helpers.training import Step, TrainingConfig, fit, predict
from helpers.training.losses import hard_distillation

TEACHER, STUDENT = "xception_mini", "deit_mini"
SMALL = (TEACHER, "vit_mini", STUDENT)
SIZE = 64  # pixels
EPOCHS, BATCH, RATE, SEED = 12, 64, 1e-3, 2026  # 12: what two cores can give to three checkpoints
WEIGHT_DECAY, LABEL_SMOOTHING, WARMUP = 0.05, 0.1, 0.05
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@dataclass(frozen=True)
class Distillation:
    """A step: the class token learns the labels, the distillation token the teacher's decisions on the same pixels."""

    teacher: nn.Module

    def __call__(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, int]:
        images, labels = batch
        with torch.no_grad():
            decisions = self.teacher(images)  # (B, K)
        by_label, by_teacher = model(images, return_heads=True)  # (B, K) each
        loss = hard_distillation(by_label, by_teacher, decisions, labels, smoothing=LABEL_SMOOTHING)
        right = ((by_label + by_teacher).detach().argmax(dim=1) == labels).sum()
        return loss * len(labels), right, len(labels)


def fresh(name: str, num_classes: int) -> nn.Module:
    """A model with random weights, from the one seed."""
    if name != STUDENT:
        return build_model(name, num_classes, weights="none", seed=SEED).model
    torch.manual_seed(SEED)
    return DeiT(image_size=SIZE, patch_size=8, num_classes=num_classes, embed_dim=128, depth=6, num_heads=4)


def step_of(name: str, num_classes: int, folder: Path) -> Step | None:
    """None is the ordinary step; the student's needs the weights that the teacher left in `folder`."""
    if name != STUDENT:
        return None
    teacher = fresh(TEACHER, num_classes)
    teacher.load_state_dict(load_file(folder / f"{TEACHER}.safetensors"))
    return Distillation(teacher.eval().requires_grad_(False))


def pretrain(name: str, epochs: int) -> None:
    """Train `name` from fresh weights and write its weights and its account."""
    data = load_tiny_imagenet(image_size=SIZE)
    folder = build_folder() / "pretraining" / data.name
    model, step = fresh(name, data.num_classes), step_of(name, data.num_classes, folder)
    train = Batches(data.train.images, data.train.labels, batch_size=BATCH, mean=NORM[0], std=NORM[1], seed=SEED)
    test = Batches(
        data.test.images, data.test.labels, batch_size=256, mean=NORM[0], std=NORM[1], shuffle=False, augment=False
    )
    config = TrainingConfig(
        epochs=epochs,
        learning_rate=RATE,
        weight_decay=WEIGHT_DECAY,
        label_smoothing=LABEL_SMOOTHING,
        warmup_fraction=WARMUP,
        channels_last=name in MODELS and MODELS[name].family == "cnn",
        seed=SEED,
        checkpoint_every_s=120.0,
    )

    def evaluate(model) -> dict[str, float]:
        correct = predict(model, test).argmax(1) == data.test.labels
        estimate = pooled(correct[None]).as_dict()
        return {f"top1_{part}": estimate[part] for part in ("value", "low", "high")}

    history = fit(model, train, config, step=step, evaluate=evaluate, checkpoint_dir=folder / f"{name}-{epochs}")
    state = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in model.state_dict().items()
    }
    temporary = folder / f".{name}.safetensors"
    save_file(state, temporary, metadata={"classes": str(data.num_classes)})
    temporary.chmod(0o644)
    temporary.replace(folder / f"{name}.safetensors")
    account = {
        "model": name,
        "recipe": {
            "epochs": epochs,
            "batch_size": BATCH,
            "learning_rate": RATE,
            "weight_decay": WEIGHT_DECAY,
            "label_smoothing": LABEL_SMOOTHING,
            "warmup_fraction": WARMUP,
            "seed": SEED,
            "image_size": SIZE,
        },
        "data": {
            "fingerprint": data.fingerprint,
            "n_train": len(data.train),
            "n_test": len(data.test),
            "num_classes": data.num_classes,
            "provenance": data.provenance,
        },
        "epochs": [
            {
                "step": row.step,
                "train_loss": row.train_loss,
                "train_top1": row.train_accuracy,
                "test_top1": {part: row.evaluation[f"top1_{part}"] for part in ("value", "low", "high")},
                "seconds": row.seconds,
            }
            for row in history.epochs
        ],
        "images_seen": history.seen,
        "steps": history.steps,
        "seconds": history.seconds,
        "device": describe_device(),
        "date": datetime.now(UTC).date().isoformat(),
        "code_version": code_version(),
    }
    write_atomically(folder / f"{name}.json", json.dumps(account, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=SMALL, help="one of the models")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    for name in [options.only] if options.only else SMALL:
        pretrain(name, options.epochs)


if __name__ == "__main__":
    main()
