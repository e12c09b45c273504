"""What only a GPU computes: fp16 with a scaled loss, native bf16, compiled models, resident batches.

Two runs on a GPU need not agree to the last bit, so runs are compared by how far apart their weights end, as a share of
the way from the start.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from helpers.data import batches as batches_module
from helpers.data.batches import Batches
from helpers.training import Classification, TrainingConfig, fit, resolve_precision
from helpers.training.run import Run

pytestmark = pytest.mark.cuda
DEVICE = "cuda"
CLOSE = 0.02  # of the way; a run that goes on with another order, without moments or at another rate misses it


class Interrupted(Batches):
    """Batches that stop coming after so many, as if the run were killed."""

    stop_after: int | None = None

    def epoch(self, epoch: int, start: int = 0):
        for batch in super().epoch(epoch, start):
            if self.stop_after is not None:
                if self.stop_after == 0:
                    raise KeyboardInterrupt
                self.stop_after -= 1
            yield batch


def batches(resident: bool | str = "auto") -> Interrupted:
    """48 noisy images in four classes, each with a channel or none that is brighter."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 150, (48, 16, 16, 3), dtype=np.uint8)
    labels = np.arange(48) % 4
    for channel in range(3):
        images[labels == channel, :, :, channel] += 100
    plain = {"mean": (0.5,) * 3, "std": (0.25,) * 3}
    return Interrupted(images, labels, batch_size=12, device=DEVICE, resident=resident, **plain)


def small_model() -> nn.Module:
    """A CNN without dropout, whose draws a compiled model makes in another way."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 16, 3, padding=1), nn.GroupNorm(4, 16), nn.GELU(), nn.AdaptiveAvgPool2d(4), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(256, 4))


def settings(**changes) -> TrainingConfig:
    return TrainingConfig(**{"epochs": 4, "learning_rate": 3e-3, "precision": "fp32", "progress": False, **changes})


def weights(model: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten().cpu() for parameter in model.parameters()])


def apart(one: nn.Module, other: nn.Module) -> float:
    """Distance of two models as a share of the way that the first has come."""
    start = weights(small_model())
    return float((weights(one) - weights(other)).norm() / (weights(one) - start).norm())


def needs(precision: str) -> None:
    if precision == "bf16" and resolve_precision("auto", DEVICE) != "bf16":
        pytest.skip("this GPU has no native bf16")


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_half_precision_learns_with_weights_in_single(precision):
    needs(precision)
    exact, ours = small_model(), small_model()
    expected = fit(exact, batches(), settings(epochs=12))
    history = fit(ours, batches(), settings(epochs=12, precision=precision))
    assert history.precision == precision
    assert {parameter.dtype for parameter in ours.parameters()} == {torch.float32}
    assert history.epochs[-1].train_loss < 0.5 * history.epochs[0].train_loss
    assert history.epochs[-1].train_loss == pytest.approx(expected.epochs[-1].train_loss, rel=0.2)
    assert apart(exact, ours) > 1e-6  # it did compute in fewer digits


def test_an_overflow_in_fp16_is_skipped_and_halves_the_scale():
    huge = True

    def step(model, batch):
        loss, right, count = Classification()(model, batch)
        return loss * (1e6 if huge else 1.0), right, count

    run = Run(small_model(), batches(), settings(precision="fp16"), step)
    groups = run.groups()
    before, scale = weights(run.model), run.scaler.get_scale()
    run.advance(next(groups))
    assert run.scaler.get_scale() == scale / 2
    assert torch.equal(weights(run.model), before)
    huge = False
    run.advance(next(groups))
    assert not torch.equal(weights(run.model), before)
    assert weights(run.model).isfinite().all()


def test_the_scale_of_the_loss_goes_into_a_checkpoint_and_comes_back(tmp_path: Path):
    config = settings(precision="fp16")
    first, second = (Run(small_model(), batches(), config) for _ in range(2))
    fingerprint = first.fingerprint(None)
    first.scaler.load_state_dict(first.scaler.state_dict() | {"scale": 1024.0})
    first.advance(next(first.groups()))
    first.save(tmp_path, fingerprint)
    assert second.scaler.get_scale() != first.scaler.get_scale()
    second.resume(next(tmp_path.glob("epoch-*")), fingerprint)
    assert second.scaler.get_scale() == first.scaler.get_scale()


@pytest.mark.parametrize(
    ("precision", "compiled", "resident"),
    [("fp32", False, True), ("fp32", False, False), ("bf16", False, True), ("fp16", False, True), ("bf16", True, True)],
)
def test_a_run_that_was_cut_off_goes_on(tmp_path: Path, precision, compiled, resident):
    needs(precision)
    config = settings(precision=precision, compile=compiled, checkpoint_every_s=1e-9, channels_last=True)
    straight, resumed = small_model(), small_model()
    expected = fit(straight, batches(resident), config)
    cut = batches(resident)
    cut.stop_after = 10
    with pytest.raises(KeyboardInterrupt):
        fit(small_model(), cut, config, checkpoint_dir=tmp_path)
    history = fit(resumed, batches(resident), config, checkpoint_dir=tmp_path)
    assert history.resumed_from_step == 10
    assert history.steps == expected.steps == 16
    assert apart(straight, resumed) < CLOSE


def test_a_compiled_model_learns_what_a_plain_one_does():
    plain, compiled = small_model(), small_model()
    fit(plain, batches(), settings())
    fit(compiled, batches(), settings(compile=True))
    assert apart(plain, compiled) < CLOSE


def test_pixels_stay_on_the_gpu_where_they_fit_and_train_alike(monkeypatch):
    resident = batches()
    assert resident.resident
    assert resident._pixels.device.type == DEVICE
    monkeypatch.setattr(batches_module, "MEMORY_SHARE", 0.0)
    streamed = batches()
    assert not streamed.resident
    for (ours, labels), (expected, wanted) in zip(streamed.epoch(1), resident.epoch(1), strict=True):
        assert torch.equal(ours, expected)
        assert torch.equal(labels, wanted)
    one, other = small_model(), small_model()
    fit(one, resident, settings())
    fit(other, streamed, settings())
    assert apart(one, other) < CLOSE
