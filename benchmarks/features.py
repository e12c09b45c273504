"""How fast is a frozen backbone, and is its head trained well?

Images a second of `FrozenBackbone` (ONNX Runtime) against the same timm network in eager PyTorch, in channels_last and
compiled by torch.compile: one batch each, in turns, in one process, so that a busy machine disturbs all alike. Ratios
are medians over rounds with their quartiles; wanted: at least 1.5 times eager, and never below 0.97 of the fastest of
the others.

Then the head: a linear layer trained by `helpers.training.fit` on frozen features, with lab 08's own settings, against
scikit-learn's LogisticRegression on the same features (of the photographs as they are): test accuracy with interval,
and seconds of one training. The other's strength is chosen by validation. Wanted: ours within its interval.

    python benchmarks/features.py [--batch-size 16] [--rounds 15] [--dataset stanford_dogs] [--weights package]
"""

import argparse
import copy
import platform
import time
from collections.abc import Callable

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from helpers.data import load_dataset
from helpers.measure.accuracy import Estimate, top1
from helpers.measure.linear_probe import FrozenFeatures
from helpers.models.pretrained import MODELS, Pretrained, build_model, select_trainable
from helpers.models.pretrained.frozen import FrozenBackbone
from helpers.training import TrainingConfig, fit, predict
from helpers.training.features import FeatureBatches

FASTER, NOT_SLOWER = 1.5, 0.97
PAUSE_S = 0.02  # threads of one engine that still wait for work would slow the next one down
EPOCHS, RATE, BATCH_SIZE = 6, 0.003, 32  # of a probe in lab 08
STEPS = 400  # at least, for sets smaller than the one that those were chosen for
STRENGTHS = (0.01, 0.1, 1.0)  # C of the other, chosen by validation


def arms(ready: Pretrained) -> dict[str, Callable[[Tensor], Tensor]]:
    """Each way to run the network without its head; one that is not to be had here is left out, and said."""
    ours = FrozenBackbone(ready.model, MODELS[ready.name].head, ready.image_size, ready.name)
    network = ours.network
    last = copy.deepcopy(network).to(memory_format=torch.channels_last)
    found: dict[str, Callable[[Tensor], Tensor]] = {"eager": network}
    found["channels_last"] = lambda images: last(images.to(memory_format=torch.channels_last))
    compiled = torch.compile(copy.deepcopy(network))
    found |= {"torch.compile": compiled, f"ours ({ours.engine.split(' (')[0]})": ours}
    if ours.engine != "onnxruntime":
        print(f"ours: {ours.engine}")
    return found


@torch.no_grad()
def in_turns(found: dict[str, Callable[[Tensor], Tensor]], images: Tensor, rounds: int) -> dict[str, np.ndarray]:
    """Seconds of each arm in each round, after one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for turn in range(-1, rounds):
        for name, run in list(found.items()):
            time.sleep(PAUSE_S)
            began = time.perf_counter()
            try:
                run(images)
            except Exception as error:  # torch.compile without a C++ compiler
                if turn >= 0:
                    raise
                print(f"{name}: not to be had here ({type(error).__name__})")
                del found[name], seconds[name]
                continue
            if turn >= 0:
                seconds[name].append(time.perf_counter() - began)
    return {name: np.array(values) for name, values in seconds.items()}


def ratio(other: np.ndarray, ours: np.ndarray) -> tuple[float, str]:
    """How many times as fast as the other, and it in words with quartiles."""
    low, median, high = np.quantile(other / ours, [0.25, 0.5, 0.75])
    return median, f"{median:.2f} [{low:.2f}-{high:.2f}]"


def speed(ready: Pretrained, batch_size: int, rounds: int) -> None:
    """The first table."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(batch_size, 3, ready.image_size, ready.image_size, generator=generator)
    seconds = in_turns(arms(ready), images, rounds)
    *others, ours = seconds
    print(f"{'frozen backbone':<22}{'images/s':>10}  ours / it [quartiles]")
    for name, values in seconds.items():
        told = "" if name == ours else ratio(values, seconds[ours])[1]
        print(f"{name:<22}{batch_size / np.median(values):>10.1f}  {told}")
    best = min(others, key=lambda name: float(np.median(seconds[name])))
    to_eager, to_best = (ratio(seconds[name], seconds[ours])[0] for name in ("eager", best))
    print(f"at least {FASTER} x eager: {'yes' if to_eager >= FASTER else 'NO'} ({to_eager:.2f})")
    enough = "yes" if to_best >= NOT_SLOWER else "NO"
    print(f"at least {NOT_SLOWER} of the fastest other, {best}: {enough} ({to_best:.2f})")


def heads(ready: Pretrained, dataset: str) -> None:
    """The second table."""
    data = load_dataset(dataset, image_size=ready.image_size)
    ready = build_model(ready.name, data.num_classes, weights=ready.weights["kind"], image_size=ready.image_size)
    select_trainable(ready, "probe")
    store = FrozenFeatures()
    train, val, test = store(ready, data.train, mirrored=True), store(ready, data.val), store(ready, data.test)
    rows: dict[str, tuple[Estimate, float]] = {}

    began = time.perf_counter()
    batches = FeatureBatches(train, data.train.labels, batch_size=BATCH_SIZE)
    epochs = max(EPOCHS, -(-STEPS // len(batches)))
    fit(ready.head, batches, TrainingConfig(epochs=epochs, learning_rate=RATE, progress=False))
    seconds = time.perf_counter() - began
    answers = predict(ready.head, FeatureBatches(test, data.test.labels, batch_size=BATCH_SIZE, shuffle=False))
    rows["ours"] = top1(answers.argmax(1), data.test.labels), seconds

    began = time.perf_counter()
    rows_of = {"train": train[0], "val": val[0], "test": test[0]}
    x = {part: features.astype(np.float32) for part, features in rows_of.items()}
    models = [LogisticRegression(C=c, max_iter=1000).fit(x["train"], data.train.labels) for c in STRENGTHS]
    best = max(models, key=lambda model: model.score(x["val"], data.val.labels))
    seconds = (time.perf_counter() - began) / len(models)
    guesses = best.predict(x["test"])
    rows["LogisticRegression"] = top1(guesses, data.test.labels), seconds

    print(f"\n{'head on ' + dataset:<22}{'test top-1':>24}{'seconds':>10}")
    for name, (found, seconds) in rows.items():
        told = f"{100 * found.value:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}]"
        print(f"{name:<22}{told:>24}{seconds:>10.1f}")
    (ours, _), (theirs, _) = rows.values()
    print(f"n = {len(data.test)}; ours within its interval: {'yes' if ours.value >= theirs.low else 'NO'}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="efficientnet_lite0", choices=MODELS)
    parser.add_argument("--weights", default="package")
    parser.add_argument("--image-size", type=int)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--dataset", default="breeds", choices=("breeds", "stanford_dogs"))
    options = parser.parse_args()
    ready = build_model(options.model, 2, weights=options.weights, image_size=options.image_size)
    print(
        f"{options.model} at {ready.image_size} px, batch {options.batch_size}, {options.rounds} rounds, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}, {platform.machine()}"
    )
    speed(ready, options.batch_size, options.rounds)
    heads(ready, options.dataset)


if __name__ == "__main__":
    main()
