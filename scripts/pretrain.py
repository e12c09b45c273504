"""Make the two small checkpoints that the package ships, on drawn data alone: `make pretrain`.

Both models see the same images in the same order: fractals (iterated function systems) and breeds of dogs whose
textures and bodies the lab never uses, one softmax over all classes. Then each is fine-tuned on the lab's breeds beside
the same model from fresh weights, over several seeds: the model card says what the pre-training is worth, whatever it
is. Everything follows from the seeds; an interrupted run continues from its last checkpoint.

    python scripts/pretrain.py [--images N] [--only MODEL] [--worth-seeds S] [--worth-only]
"""

import argparse
import json
from datetime import UTC, datetime

import numpy as np
from safetensors.torch import save_file

from helpers.data import load_dataset
from helpers.data.batches import Batches
from helpers.data.fractals import draw_fractals
from helpers.measure.accuracy import paired_difference, pooled
from helpers.models.pretrained import MODELS, SHIPPED, build_model, select_trainable
from helpers.records import build_folder, code_version, describe_device, write_atomically
from helpers.training import TrainingConfig, fit, predict

SMALL = ("xception_mini", "vit_mini")
SIZE = 64  # pixels
FRACTAL_CLASSES, FRACTALS_PER_CLASS = 100, 100
BREEDS_PER_CLASS = 500
DIFFICULTY = 0.4  # of the breeds, see helpers.data.breeds
BATCH, RATE, SEED = 128, 1e-3, 2026
NORM = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def draw_pretraining_set() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Images and labels for training, and a held-out tenth: uint8 (N, 64, 64, 3), int64 (N,), twice."""
    fractals, labels = draw_fractals(FRACTAL_CLASSES, FRACTALS_PER_CLASS, SIZE, SEED)
    breeds = load_dataset(
        "breeds",
        image_size=SIZE,
        seed=SEED,
        classes="pretrain",
        difficulty=DIFFICULTY,
        n_train_per_class=BREEDS_PER_CLASS,
        n_val_per_class=0,
        n_test_per_class=1,
    )
    images = np.concatenate([fractals, breeds.train.images])
    labels = np.concatenate([labels, FRACTAL_CLASSES + breeds.train.labels])
    order = np.random.default_rng(SEED).permutation(len(labels))
    held_out, train = order[: len(order) // 10], order[len(order) // 10 :]
    return images[train], labels[train], images[held_out], labels[held_out]


def pretrain(name: str, budget: int) -> dict:
    """Train `name` on `budget` images and write `src/helpers/models/weights/<name>.safetensors` in fp16."""
    images, labels, held_images, held_labels = draw_pretraining_set()
    num_classes = int(labels.max()) + 1
    ready = build_model(name, num_classes, weights="none", seed=SEED)
    train = Batches(images, labels, batch_size=BATCH, mean=NORM[0], std=NORM[1], seed=SEED)
    held = Batches(held_images, held_labels, batch_size=256, mean=NORM[0], std=NORM[1], shuffle=False, augment=False)
    config = TrainingConfig(
        epochs=max(1, round(budget / len(images))),
        learning_rate=RATE,
        weight_decay=0.05,
        label_smoothing=0.1,
        channels_last=MODELS[name].family == "cnn",
        seed=SEED,
    )
    evaluate = lambda model: {"held_out_top1": float(np.mean(predict(model, held).argmax(1) == held_labels))}  # noqa: E731
    history = fit(
        ready.model,
        train,
        config,
        evaluate=evaluate,
        checkpoint_dir=build_folder() / "pretraining" / f"{name}-{budget}",
    )
    state = {
        key: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for key, tensor in ready.model.state_dict().items()
    }
    SHIPPED.mkdir(exist_ok=True)
    temporary = SHIPPED / f".{name}.safetensors"
    save_file(state, temporary, metadata={"classes": str(num_classes)})
    temporary.chmod(0o644)
    temporary.replace(SHIPPED / f"{name}.safetensors")
    return {
        "images_seen": history.seen,
        "steps": history.steps,
        "epochs": config.epochs,
        "train_images": len(images),
        "classes": num_classes,
        "held_out_top1": history.epochs[-1].evaluation["held_out_top1"],
        "held_out_n": len(held_labels),
        "seconds": round(sum(history.seconds.values()), 1),
        "device": history.device,
        "date": datetime.now(UTC).date().isoformat(),
        "code_version": code_version(),
    }


def worth(name: str, seeds: int, n_train_per_class: int = 40, epochs: int = 8) -> dict:
    """Fine-tuned minus from-scratch accuracy on the lab's breeds: same images, steps and rate, `seeds` runs each."""
    data = load_dataset("breeds", image_size=SIZE, n_train_per_class=n_train_per_class, n_test_per_class=100)
    test = Batches(
        data.test.images, data.test.labels, batch_size=256, mean=NORM[0], std=NORM[1], shuffle=False, augment=False
    )
    correct: dict[str, list[np.ndarray]] = {"shipped": [], "none": []}
    for seed in range(seeds):
        for weights, runs in correct.items():
            ready = build_model(name, data.num_classes, weights=weights, seed=seed)
            select_trainable(ready, "full")
            train = Batches(data.train.images, data.train.labels, batch_size=32, mean=NORM[0], std=NORM[1], seed=seed)
            config = TrainingConfig(epochs=epochs, channels_last=MODELS[name].family == "cnn", seed=seed)
            fit(ready.model, train, config)
            runs.append(predict(ready.model, test).argmax(1) == data.test.labels)
    tuned, scratch = np.stack(correct["shipped"]), np.stack(correct["none"])
    return {
        "n_train": len(data.train),
        "n_test": len(data.test),
        "epochs": epochs,
        "seeds": seeds,
        "fine_tuned_top1": pooled(tuned).as_dict(),
        "from_scratch_top1": pooled(scratch).as_dict(),
        "gain": paired_difference(tuned, scratch).as_dict(),
    }


def write_card(card: dict) -> None:
    """The model card as Markdown, from the numbers measured here."""

    def percent(e: dict) -> str:
        return f"{100 * e['value']:.1f} % [{100 * e['low']:.1f}, {100 * e['high']:.1f}]"

    lines = [
        "# Model card: the two shipped checkpoints",
        "",
        "Written by `scripts/pretrain.py` (`make pretrain`); the numbers are in `model_card.json`.",
        "",
        "**What they are.** `xception_mini` (Xception at a quarter of its width) and `vit_mini` (ViT of width 128,"
        f" 6 blocks, 4 heads, patches of 8 px), trained at {SIZE} px and stored as fp16 safetensors, with the"
        " classification head of their pre-training, which fine-tuning replaces.",
        "",
        f"**Data.** Drawn by this package alone, no photograph: {FRACTAL_CLASSES} classes of fractals (iterated"
        f" function systems, {FRACTALS_PER_CLASS} images each) and 20 breeds of drawn dogs ({BREEDS_PER_CLASS} images"
        f" each, difficulty {DIFFICULTY}) whose textures and bodies the labs never use. Licence: CC BY 4.0.",
        "",
        f"**Training.** The same images in the same order for both, batch {BATCH}, AdamW at {RATE}, cosine, label"
        f" smoothing 0.1, random resized crops and flips, seed {SEED}. Seconds are of a busy two-core machine.",
        "",
        "| model | images seen | steps | held-out top-1, drawn images | n | classes | seconds | device | date |",
        "|---|---:|---:|---:|---:|---:|---:|---|---|",
    ]
    for name, row in card["training"].items():
        lines.append(
            f"| `{name}` | {row['images_seen']:,} | {row['steps']:,} | {100 * row['held_out_top1']:.1f} % (one run) |"
            f" {row['held_out_n']:,} | {row['classes']} | {row['seconds']:,.0f} | {row['device']} | {row['date']} |"
        )
    lines += [
        "",
        "**What the pre-training is worth.** Full fine-tuning on the lab's 12 breeds against the same model from fresh"
        " weights: same images, steps and learning rate. Intervals are 95 % and cover seeds and test images.",
        "",
        "| model | fine-tuned | from scratch | gain (points) | training images | epochs | seeds | n test |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in card["worth"].items():
        g = row["gain"]
        gain = f"{100 * g['value']:+.1f} [{100 * g['low']:+.1f}, {100 * g['high']:+.1f}]"
        lines.append(
            f"| `{name}` | {percent(row['fine_tuned_top1'])} | {percent(row['from_scratch_top1'])} | {gain} |"
            f" {row['n_train']} | {row['epochs']} | {row['seeds']} | {row['n_test']:,} |"
        )
    lines += [
        "",
        "**What they are not for.** They have seen no photograph. Nothing here says how well they transfer to one, nor"
        " that a ViT gains more from pre-training than a CNN in general: that takes real weights or a GPU.",
        "",
    ]
    write_atomically(SHIPPED / "MODEL_CARD.md", "\n".join(lines))
    write_atomically(SHIPPED / "model_card.json", json.dumps(card, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=360_000, help="images seen by each model")
    parser.add_argument("--only", choices=SMALL, help="one of the two models")
    parser.add_argument("--worth-seeds", type=int, default=3)
    parser.add_argument("--worth-only", action="store_true", help="keep the checkpoints, measure again")
    options = parser.parse_args()
    for name in [options.only] if options.only else SMALL:
        training = None if options.worth_only else pretrain(name, options.images)
        value = worth(name, options.worth_seeds)
        path = SHIPPED / "model_card.json"  # read late: the two models may be trained side by side
        card = json.loads(path.read_text()) if path.is_file() else {"training": {}, "worth": {}}
        card["training"] |= {name: training} if training else {}
        card["worth"][name] = value
        write_card(card | {"device": describe_device()})
    print((SHIPPED / "MODEL_CARD.md").read_text())


if __name__ == "__main__":
    main()
