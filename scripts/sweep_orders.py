"""Fine-tune in different orders at equal budgets, and write the record that chapter 15 reads.

The advice "the head first, then the rest, and slower" is put to the test on Stanford Dogs, 120 breeds. Each plan is a
list of stages; a stage says what is trained, for how many passes, at which rate, and how much slower the body learns.

- Xception-mini and ViT-mini, pre-trained alike on photographs without a dog, at 64 px: two passes over 60 photographs
  a breed of the training list, judged on 20 others of that same list;
- EfficientNet-Lite0 from its package, at 224 px: six passes over 18 photographs a breed, judged on the test list, of
  which every plan is reported and none is chosen by it. What lies below its last tenth is frozen in every plan, so it
  answers each photograph once (without augmentation).

Plans, rates, passes and seeds were fixed before the first run.

    HELPERS_DATA=/folder/with/100/a/breed python scripts/sweep_orders.py small
    HELPERS_DATA=/folder/with/20/a/breed  python scripts/sweep_orders.py released

About an hour on one core. A finished run is kept in the build folder, and not made again when the script is started
anew. Writes `results/cpu/15_orders.small.json` and `results/cpu/15_orders.released.json`.
"""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from helpers.data import Dataset, load_dataset
from helpers.data.batches import Batches
from helpers.measure.accuracy import paired_difference, pooled, top1
from helpers.models import pretrained as pre
from helpers.records import build_folder, describe_data, make_record, project_root, write_atomically
from helpers.training import TrainingConfig, fit, predict
from helpers.training.features import FeatureBatches, frozen_features


@dataclass(frozen=True)
class Stage:
    """What is trained, for how many passes, at which rate of the head, and the factor of the rate below.

    `slower` is the factor of the whole body; `decay` is the factor from each layer to the one below it.
    """

    tuning: str
    passes: int
    rate: float
    slower: float = 1.0
    decay: float | None = None


Plans = Mapping[str, Sequence[Stage]]
SMALL: Plans = {
    "head": [Stage("probe", 2, 0.01)],
    "everything": [Stage("full", 2, 0.001)],
    "everything, slower below": [Stage("full", 2, 0.001, decay=0.75)],
    "head first, then everything": [Stage("probe", 1, 0.01), Stage("full", 1, 0.001)],
    "head first, then everything, body at a tenth": [Stage("probe", 1, 0.01), Stage("full", 1, 0.001, 0.1)],
}
RELEASED: Plans = {
    "head": [Stage("probe", 6, 0.003)],
    "last tenth": [Stage("top10", 6, 0.001)],
    "head first, then last tenth": [Stage("probe", 3, 0.003), Stage("top10", 3, 0.001)],
    "head first, then last tenth, body at a tenth": [Stage("probe", 3, 0.003), Stage("top10", 3, 0.001, 0.1)],
}
PLANS = {"small": SMALL, "released": RELEASED}
MODELS = {"small": ("xception_mini", "vit_mini"), "released": ("efficientnet_lite0",)}
SEEDS = {"small": (0, 1), "released": (0, 1, 2)}
PIXELS = {"small": 64, "released": 224}
SPLIT = {"small": {"val_fraction": 0.2, "train_fraction": 0.75}, "released": {"val_fraction": 0.1}}
BATCH = 32


def train(ready: pre.Pretrained, model: nn.Module, plan: Sequence[Stage], batches: Any, seed: int) -> int:
    """Go through the stages; return the updates. `model` is the network or its upper part, `batches` feed it."""
    steps = 0
    for number, stage in enumerate(plan):
        pre.select_trainable(ready, stage.tuning)
        config = TrainingConfig(
            epochs=stage.passes,
            learning_rate=stage.rate,
            layer_decay=stage.decay if stage.decay else stage.slower,
            warmup_fraction=0.1,
            seed=seed + 100 * number,
            progress=False,
        )
        steps += fit(model, batches, config, layer_groups=levels(ready, model, by_layer=bool(stage.decay))).steps
    return steps


def levels(ready: pre.Pretrained, model: nn.Module, by_layer: bool) -> list[list[str]]:
    """Parameter names of `model` from the input to the head: every layer a level, or all of the body one."""
    name_of = {id(p): name for name, p in model.named_parameters()}
    head = {name_of[id(p)] for p in ready.head.parameters()}
    if not by_layer:
        return [[name for name in name_of.values() if name not in head], sorted(head)]
    body = [[name for name in group if name not in head] for group in pre.layer_groups(ready)]
    return [*body, sorted(head)]


def small_run(ready: pre.Pretrained, plan: Sequence[Stage], seed: int, data: Dataset) -> tuple[np.ndarray, int]:
    """Answers on the validation photographs, and updates."""
    form = {"mean": ready.mean, "std": ready.std}
    batches = Batches(data.train.images, data.train.labels, batch_size=BATCH, seed=seed, **form)
    held = Batches(data.val.images, data.val.labels, batch_size=4 * BATCH, shuffle=False, augment=False, **form)
    steps = train(ready, ready.model, plan, batches, seed)
    return predict(ready.model, held).argmax(1), steps


def cut(model: Any) -> tuple[nn.Module, nn.Module]:
    """EfficientNet-Lite0 in two: what no plan trains (images to (B, 9408)), and the rest down to the logits."""
    *early, late = model.blocks[5]
    below = nn.Sequential(model.conv_stem, model.bn1, *model.blocks[:5], *early, nn.Flatten())
    above = nn.Sequential(
        nn.Unflatten(1, (192, 7, 7)), late, model.blocks[6], model.conv_head, model.bn2, model.global_pool,
        model.classifier,
    )  # fmt: skip
    return below, above


def answers_below(ready: pre.Pretrained, split: Any) -> np.ndarray:
    """What the frozen part says of each photograph, float16 (1, N, 9408), from the cache or computed."""
    form = {"mean": ready.mean, "std": ready.std}
    batches = Batches(split.images, split.labels, batch_size=16, shuffle=False, augment=False, **form)
    weights = f"{ready.name} {json.dumps(ready.weights, sort_keys=True)} below the last tenth"
    below = cut(ready.model)[0].eval()
    return frozen_features(below, batches, weights=weights, folder=build_folder() / "orders", progress=False)


def released_run(ready: pre.Pretrained, plan: Sequence[Stage], seed: int, data: Dataset) -> tuple[np.ndarray, int]:
    """Answers on the test photographs, and updates."""
    parts = {name: answers_below(ready, getattr(data, name)) for name in ("train", "test")}
    above = cut(ready.model)[1]
    steps = train(
        ready, above, plan, FeatureBatches(parts["train"], data.train.labels, batch_size=BATCH, seed=seed), seed
    )
    above.eval()
    with torch.no_grad():
        chunks = torch.from_numpy(np.array(parts["test"][0])).split(4 * BATCH)
        return torch.cat([above(chunk.float()) for chunk in chunks]).argmax(1).numpy(), steps


def resumed(kind: str, name: str, how: str, seed: int, data: Dataset) -> dict[str, Any]:
    """The run as it was kept under these settings, data and weights, else a new one."""
    plan = PLANS[kind][how]
    weights = {"small": "photographs", "released": "package"}[kind]
    ready = pre.build_model(name, data.num_classes, weights=weights, image_size=PIXELS[kind], seed=seed)
    known = {
        "plan": [asdict(stage) for stage in plan],
        "data": data.fingerprint,
        "weights": ready.weights,
        "batch": BATCH,
    }
    path = build_folder() / "orders" / f"{name}-{how.replace(' ', '_').replace(',', '')}-{seed}.json"
    if path.is_file() and (kept := json.loads(path.read_text(encoding="utf-8")))["known"] == known:
        return kept["run"]
    begun = time.process_time()
    answers, steps = (small_run if kind == "small" else released_run)(ready, plan, seed, data)
    run = {"model": name, "plan": how, "seed": seed, "steps": steps, "weights": ready.weights}
    run |= {"answers": [int(answer) for answer in answers], "processor_s": round(time.process_time() - begun, 1)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"known": known, "run": run}))
    return run


def summarise(runs: Sequence[Mapping[str, Any]], truth: np.ndarray) -> list[dict[str, Any]]:
    """A row for each network and plan: accuracy over its seeds, and its paired difference from the head alone."""
    right: dict[tuple[str, str], list[np.ndarray]] = {}
    for run in runs:
        right.setdefault((run["model"], run["plan"]), []).append(np.array(run["answers"]) == truth)
    return [
        {
            "model": name,
            "plan": how,
            "top1": pooled(rows).as_dict(),
            "against_head": None if how == "head" else paired_difference(rows, right[name, "head"]).as_dict(),
        }
        for (name, how), rows in right.items()
    ]


def main(kind: str) -> None:
    torch.set_num_threads(1)
    started, runs = datetime.now(UTC), []
    data = load_dataset("stanford_dogs", image_size=PIXELS[kind], **SPLIT[kind])
    truth = (data.val if kind == "small" else data.test).labels
    for name in MODELS[kind]:
        for how in PLANS[kind]:
            for seed in SEEDS[kind]:
                runs.append(resumed(kind, name, how, seed, data))
                score = np.mean(np.array(runs[-1]["answers"]) == truth)
                print(f"{name} · {how} · seed {seed}: {100 * score:.1f} %, {runs[-1]['processor_s']} s", flush=True)
    record = make_record(
        "15_orders",
        "cpu",
        parameters={
            "models": MODELS[kind],
            "plans": {how: [asdict(stage) for stage in plan] for how, plan in PLANS[kind].items()},
            "seeds": SEEDS[kind],
            "batch_size": BATCH,
            "image_size": PIXELS[kind],
            "judged_on": "validation" if kind == "small" else "test",
            **SPLIT[kind],
            "command": f"python scripts/sweep_orders.py {kind}",
        },
        data=describe_data(data, dict.fromkeys(MODELS[kind], PIXELS[kind])),
        runs=[
            {key: value for key, value in run.items() if key != "answers"}
            | {"top1": top1(np.array(run["answers"]), truth).as_dict()}
            for run in runs
        ],
        summary={"rows": summarise(runs, truth), "processor_s": sum(run["processor_s"] for run in runs)},
        started_at=started,
        script=Path(__file__),
    )
    root = project_root()
    assert root is not None
    path = root / "results" / "cpu" / f"15_orders.{kind}.json"
    write_atomically(path, record.model_dump_json(indent=None) + "\n")
    print(f"wrote {path.relative_to(root)}")


if __name__ == "__main__":
    if sys.argv[1:] not in (["small"], ["released"]):
        sys.exit(f"expected one of small and released, got {' '.join(sys.argv[1:]) or 'nothing'}")
    main(sys.argv[1])
