"""Pre-train the two small models on photographs without a dog: Tiny ImageNet, 194 classes, 64 px.

The recipe below was written down before the first run and is the same for both models: the same photographs in the
same order, the same number of updates. An interrupted run continues from its last checkpoint. What it leaves in
`_build/pretraining/tiny_imagenet` is, for each model, the weights in fp16 and a JSON file with the accuracy on the
official validation photographs, with its interval, after every epoch.

    python scripts/pretrain_photographs.py [--only MODEL] [--epochs N]
"""

import argparse
import json
from datetime import UTC, datetime

from safetensors.torch import save_file

from helpers.data.batches import Batches
from helpers.data.tiny_imagenet import load_tiny_imagenet
from helpers.measure.accuracy import pooled
from helpers.models.pretrained import MODELS, build_model
from helpers.records import build_folder, code_version, describe_device, write_atomically
from helpers.training import TrainingConfig, fit, predict

SMALL = ("xception_mini", "vit_mini")
SIZE = 64  # pixels
EPOCHS, BATCH, RATE, SEED = 12, 64, 1e-3, 2026  # 12: what two cores can give to three checkpoints
WEIGHT_DECAY, LABEL_SMOOTHING, WARMUP = 0.05, 0.1, 0.05
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def pretrain(name: str, epochs: int) -> None:
    """Train `name` from fresh weights and write its weights and its account."""
    data = load_tiny_imagenet(image_size=SIZE)
    ready = build_model(name, data.num_classes, weights="none", seed=SEED)
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
        channels_last=MODELS[name].family == "cnn",
        seed=SEED,
        checkpoint_every_s=120.0,
    )

    def evaluate(model) -> dict[str, float]:
        correct = predict(model, test).argmax(1) == data.test.labels
        estimate = pooled(correct[None]).as_dict()
        return {f"top1_{part}": estimate[part] for part in ("value", "low", "high")}

    folder = build_folder() / "pretraining" / data.name
    history = fit(ready.model, train, config, evaluate=evaluate, checkpoint_dir=folder / f"{name}-{epochs}")
    state = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in ready.model.state_dict().items()
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
    parser.add_argument("--only", choices=SMALL, help="one of the two models")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    options = parser.parse_args()
    for name in [options.only] if options.only else SMALL:
        pretrain(name, options.epochs)


if __name__ == "__main__":
    main()
