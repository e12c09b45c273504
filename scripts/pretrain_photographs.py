"""Pre-train small models on photographs without a dog: Tiny ImageNet, 194 classes, 64 px.

Xception-mini, ViT-mini, and DeiT-mini: the same transformer with a distillation token, taught by the Xception-mini
(hard distillation, Touvron et al. 2021). The recipe below was written down before the first run and is the same for
all: the same photographs in the same order, the same number of updates. An interrupted run continues from its last
checkpoint in `_build/pretraining/tiny_imagenet`. What it leaves in the package, beside `LICENSE-weights`, is for each
model the weights in fp16 and a JSON file with the accuracy on the official validation photographs, with its interval,
after every epoch; and `MODEL_CARD.md`, which is written from these files.

    python scripts/pretrain_photographs.py [--only MODEL] [--epochs N] [--to FOLDER] [--card]
"""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from helpers.data.batches import Batches
from helpers.data.tiny_imagenet import load_tiny_imagenet
from helpers.measure.accuracy import pooled
from helpers.models.deit import DeiT
from helpers.models.pretrained import MODELS, OURS, build_model
from helpers.records import build_folder, code_version, describe_device, write_atomically
from helpers.training import Step, TrainingConfig, fit, predict
from helpers.training.distillation import HardDistillation

TEACHER, STUDENT = "xception_mini", "deit_mini"
SMALL = (TEACHER, "vit_mini", STUDENT)
SIZE = 64  # pixels
EPOCHS, BATCH, RATE, SEED = 12, 64, 1e-3, 2026  # 12: what two cores can give to three checkpoints
WEIGHT_DECAY, LABEL_SMOOTHING, WARMUP = 0.05, 0.1, 0.05
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


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
    return HardDistillation(teacher.eval().requires_grad_(False), LABEL_SMOOTHING)


def pretrain(name: str, epochs: int, folder: Path) -> None:
    """Train `name` from fresh weights and write its weights and its account."""
    data = load_tiny_imagenet(image_size=SIZE)
    checkpoints = build_folder() / "pretraining" / data.name / f"{name}-{epochs}"
    folder.mkdir(parents=True, exist_ok=True)
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

    history = fit(model, train, config, step=step, evaluate=evaluate, checkpoint_dir=checkpoints)
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


def card(folder: Path) -> str:
    """The model card as Markdown, from the accounts in `folder`."""
    paths = {name: folder / f"{name}.json" for name in SMALL}
    accounts = {name: json.loads(path.read_text()) for name, path in paths.items() if path.is_file()}
    first = next(iter(accounts.values()))
    recipe, data = first["recipe"], first["data"]
    lines = [
        "# Model card: small networks pre-trained on photographs without a dog",
        "",
        "Written by `scripts/pretrain_photographs.py --card` from the JSON files beside it.",
        "",
        f"**What they are.** Networks of {SIZE} px: `xception_mini` (Xception at a quarter of its width), `vit_mini`"
        " (ViT of width 128, 6 blocks, 4 heads, patches of 8 px), `deit_mini` (the same with a distillation token,"
        " taught by `xception_mini`), as far as they are in the table. fp16 safetensors with the classification"
        " head of their pre-training, which fine-tuning replaces.",
        "",
        f"**Data.** Tiny ImageNet without its classes of dogs: {data['n_train']:,} photographs of"
        f" {data['num_classes']} classes. A pair of equal files in the training and the validation part is left out.",
        "",
        "**Terms.** Weights only, no photograph is redistributed. ImageNet-derived, for research and education: see"
        " `LICENSE-weights`.",
        "",
        f"**Training.** The same photographs in the same order for all, {recipe['epochs']} epochs of batches of"
        f" {recipe['batch_size']}, AdamW at {recipe['learning_rate']} (weight decay {recipe['weight_decay']}), warm-up"
        f" and cosine, label smoothing {recipe['label_smoothing']}, random resized crops and flips, seed"
        f" {recipe['seed']}, fixed before the first run. Seconds are of one core of a busy machine.",
        "",
        "| model | photographs seen | steps | validation top-1 [95 %], one run | n | seconds | date |",
        "|---|---:|---:|---:|---:|---:|---|",
    ]
    for name, account in accounts.items():
        last = {part: 100 * value for part, value in account["epochs"][-1]["test_top1"].items()}
        lines.append(
            f"| `{name}` | {account['images_seen']:,} | {account['steps']:,} | {last['value']:.1f} %"
            f" [{last['low']:.1f}, {last['high']:.1f}] | {account['data']['n_test']:,} |"
            f" {sum(account['seconds'].values()):,.0f} | {account['date']} |"
        )
    lines += [
        "",
        f"The interval covers the draw of photographs; chance is {100 / data['num_classes']:.1f} %. The validation"
        " photographs chose nothing. What the pre-training is worth on dogs: the recorded run `dogs12000` of lab 08.",
        "",
    ]
    hashes = folder / "near_duplicates.json"
    if hashes.is_file():
        lines += ["**Photographs in both sets.** " + near_duplicates(json.loads(hashes.read_text())), ""]
    lines += [
        "**What they are not for.** Use on anything but small pictures, and any comparison of the two families at"
        " large: one training each, small networks, few photographs.",
        "",
    ]
    return "\n".join(lines)


def near_duplicates(found: dict) -> str:
    """What `scripts/near_duplicates.py` found, and what it could have found."""
    within = {crop: sum(b <= found["limit"] for b in bits) for crop, bits in found["known_bits"].items()}
    return (
        "No photograph can be in both by its class, for no class here is a dog; one could show a dog all the same. Of"
        f" {found['pre_training_photographs']:,} × {found['dogs_test_photographs']:,} pairs with the dogs' test"
        f" list the nearest differ in {found['nearest_bits']} of the {found['bits']} bits of a perceptual hash; up to"
        f" {found['limit']} count as alike. What that can find was tried on {found['known_photographs']}"
        f" photographs that are at hand twice: cut and squashed in the same way {within['same crop']} of them are"
        f" found, as a whole frame against the box {within['whole frame']}, as a centre square"
        f" {within['centre square']}. The dogs are boxes and Tiny ImageNet's are not, so the search rules out equal"
        " crops and says nothing of others."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=SMALL, help="one of the models")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--to", type=Path, default=OURS["photographs"], help="another folder for what is left")
    parser.add_argument("--card", action="store_true", help="write the card anew and train nothing")
    options = parser.parse_args()
    for name in [] if options.card else [options.only] if options.only else SMALL:
        pretrain(name, options.epochs, options.to)
    write_atomically(options.to / "MODEL_CARD.md", card(options.to))


if __name__ == "__main__":
    main()
