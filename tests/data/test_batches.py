"""Batches: every image once, draws per sample, the same for the same seed, resumable at any batch."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from helpers.data import digest as digest_module
from helpers.data.augment import Augmentation, crop_batch, resize_weights
from helpers.data.batches import Batches
from helpers.training import TrainingConfig, fit

MEAN, STD = (0.5, 0.4, 0.3), (0.25, 0.2, 0.3)
PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (23, 16, 16, 3), dtype=np.uint8)


def make(images: np.ndarray, **arguments) -> Batches:
    arguments = {"batch_size": 5, "mean": MEAN, "std": STD, **arguments}
    return Batches(images, np.arange(len(images)), **arguments)


def same(first, second) -> bool:
    pairs = list(zip(first, second, strict=True))
    return bool(pairs) and all(torch.equal(a[0], b[0]) and torch.equal(a[1], b[1]) for a, b in pairs)


def test_evaluation_shows_every_image_once_in_order_normalised(images):
    batches = make(images, shuffle=False, augment=False)
    seen = list(batches.epoch(0))
    assert [len(labels) for _, labels in seen] == [5, 5, 5, 5, 3]
    assert len(batches) == 5
    assert torch.equal(torch.cat([labels for _, labels in seen]), torch.arange(23))
    shown = torch.cat([pixels for pixels, _ in seen])
    expected = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 - torch.tensor(MEAN)[:, None, None]) / (
        torch.tensor(STD)[:, None, None]
    )
    assert shown.dtype == torch.float32
    assert shown.is_contiguous()
    torch.testing.assert_close(shown, expected, rtol=0, atol=1e-5)
    assert same(batches.epoch(0), batches.epoch(7))


def test_an_epoch_is_a_permutation_and_the_next_one_another(images):
    orders = [torch.cat([labels for _, labels in make(images).epoch(e)]) for e in (0, 1)]
    for order in orders:
        assert order.sort().values.tolist() == list(range(23))
    assert orders[0].tolist() != orders[1].tolist()
    assert orders[0].tolist() != list(range(23))


def test_the_seed_decides_everything(images):
    assert same(make(images, seed=3).epoch(2), make(images, seed=3).epoch(2))
    assert not same(make(images, seed=3).epoch(2), make(images, seed=4).epoch(2))
    assert not same(make(images, shuffle=False).epoch(0), make(images, shuffle=False).epoch(1))


@pytest.mark.parametrize("start", [0, 1, 4])
def test_an_epoch_resumes_at_any_batch(images, start):
    whole = list(make(images).epoch(1))
    assert same(make(images).epoch(1, start=start), whole[start:])


def test_an_epoch_resumed_at_its_end_is_empty(images):
    assert list(make(images).epoch(0, start=5)) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_numbers_do_not_depend_on_threads(images, threads):
    before = torch.get_num_threads()
    expected = list(make(images).epoch(0))
    try:
        torch.set_num_threads(threads)
        assert same(make(images).epoch(0), expected)
    finally:
        torch.set_num_threads(before)


def test_streaming_from_a_map_gives_the_same_bits(images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    streamed = make(mapped, resident=False)
    assert streamed.resident is False
    assert make(mapped).resident is True
    for epoch, start in ((0, 0), (3, 2)):
        assert same(streamed.epoch(epoch, start), make(images).epoch(epoch, start))


def test_two_epochs_at_once_do_not_disturb_each_other(images):
    batches = make(images, resident=False)
    first, second = batches.epoch(0), batches.epoch(1)
    mixed = [(next(first), next(second)) for _ in range(5)]
    assert same((pair[0] for pair in mixed), make(images).epoch(0))
    assert same((pair[1] for pair in mixed), make(images).epoch(1))


def test_crops_and_flips_are_drawn_per_sample():
    ramp = np.zeros((64, 16, 16, 3), dtype=np.uint8)
    ramp[..., 0] = np.arange(16) * 16  # grows to the right
    ramp[..., 1] = np.arange(16)[:, None] * 16  # grows downwards
    pixels, _ = next(make(ramp, batch_size=64, **PLAIN).epoch(0))  # 64 copies of one image
    slopes = (pixels[:, 0, 8, -1] - pixels[:, 0, 8, 0]).numpy()
    mirrored = slopes < 0
    assert 16 < mirrored.sum() < 48  # binomial(64, 1/2): outside once in 10 000
    assert len(np.unique(np.abs(slopes).round(4))) > 5  # widths
    assert len(np.unique((pixels[:, 1, -1, 8] - pixels[:, 1, 0, 8]).numpy().round(4))) > 5  # heights
    assert len(np.unique(pixels[:, 1, 0, 8].numpy())) > 3  # places
    unflipped, _ = next(make(ramp, batch_size=64, augment=Augmentation(flip=0.0), **PLAIN).epoch(0))
    assert (unflipped[:, 0, 8, -1] > unflipped[:, 0, 8, 0]).all()


def test_random_crops_keep_to_area_ratio_and_frame():
    augmentation = Augmentation(scale=(0.35, 0.8), ratio=(3 / 4, 4 / 3), flip=0.2)
    crops, mirrored = augmentation.draw(np.random.default_rng(0), 4000, 200)
    top, left, height, width = crops.T
    assert min(top.min(), left.min()) >= 0
    assert max((top + height).max(), (left + width).max()) <= 200
    area, aspect = height * width / 200**2, width / height
    assert area.min() > 0.34
    assert area.max() < 0.81
    assert aspect.min() > 0.74
    assert aspect.max() < 1.35
    assert abs(area.mean() - 0.575) < 0.01  # uniform; all draws fit, as 0.8 * 4 / 3 is hardly above 1
    assert abs(np.log(aspect).mean()) < 0.02
    assert abs(mirrored.mean() - 0.2) < 0.03


def test_a_crop_that_never_fits_becomes_the_whole_frame():
    crops, _ = Augmentation((1.0, 1.0), (3.0, 4.0)).draw(np.random.default_rng(0), 8, 32)
    assert crops.tolist() == [[0, 0, 32, 32]] * 8


def test_resize_weights_are_torch_antialiased_interpolation():
    pixels = torch.rand(1, 3, 40, 40, dtype=torch.float64)
    for top, height, size in ((0, 40, 13), (7, 20, 20), (3, 30, 64)):
        weights = resize_weights(
            torch.tensor([float(top)], dtype=torch.float64),
            torch.tensor([float(height)], dtype=torch.float64),
            40,
            size,
        )
        ours = weights @ pixels @ weights.transpose(1, 2)
        cut = pixels[:, :, top : top + height, top : top + height]
        reference = functional.interpolate(cut, (size, size), mode="bilinear", antialias=True)
        torch.testing.assert_close(ours, reference)


@pytest.mark.parametrize("image_size", [8, 16, 24])
def test_the_batched_path_of_a_device_agrees_with_the_cpu_path(images, image_size):
    one_by_one, _ = next(make(images, image_size=image_size, shuffle=False, **PLAIN).epoch(0))
    rng = np.random.default_rng([0, 0, 1])  # seed 0, epoch 0, batch 0
    crops, mirrored = Augmentation().draw(rng, 5, 16)
    assert 0 < mirrored.sum() < 5
    whole = crop_batch(torch.from_numpy(images[:5]), crops, mirrored, image_size)
    assert whole.is_contiguous()
    assert (whole - 255 * one_by_one).abs().max() < 1.01  # the CPU rounds to whole levels


@pytest.mark.parametrize(
    "arguments", [{}, {"augment": False}, {"augment": False, "image_size": 20}, {"resident": False}]
)
def test_the_way_of_a_gpu_makes_the_batches_of_a_cpu(images, monkeypatch, arguments):
    """Gain and offset of three channels that differ: nothing may be left out on the way that no test machine has."""
    expected = list(make(images, **arguments).epoch(0))
    monkeypatch.setattr(Batches, "_make_on_cpu", Batches._make_on_device)
    ours = list(make(images, **arguments).epoch(0))
    for (pixels, labels), (wanted, wanted_labels) in zip(ours, expected, strict=True):
        assert torch.equal(labels, wanted_labels)
        assert (pixels - wanted).abs().max() < 1.01 / 255 / min(STD)  # the CPU rounds to whole levels


@pytest.mark.cuda
@pytest.mark.parametrize("resident", [True, False])
def test_a_gpu_agrees_with_the_cpu(images, resident):
    ours = list(make(images, device="cuda", resident=resident, **PLAIN).epoch(1))
    for (pixels, labels), (expected, wanted) in zip(ours, make(images, **PLAIN).epoch(1), strict=True):
        assert pixels.device.type == labels.device.type == "cuda"
        assert torch.equal(labels.cpu(), wanted)
        assert (pixels.cpu() - expected).abs().max() < 1.01 / 255


def test_another_size_comes_out_on_request(images):
    for augment in (True, False):
        pixels, _ = next(make(images, image_size=20, augment=augment).epoch(0))
        assert pixels.shape == (5, 3, 20, 20)


@pytest.mark.parametrize(("count", "world_size"), [(23, 2), (23, 4), (21, 2), (10, 5)])
def test_ranks_share_every_batch_without_overlap(count, world_size):
    images = np.random.default_rng(1).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    alone = list(make(images).epoch(0))
    ranks = [make(images, rank=r, world_size=world_size) for r in range(world_size)]
    assert len({len(rank) for rank in ranks}) == 1
    shares = [list(rank.epoch(0)) for rank in ranks]
    assert all(len(labels) for share in shares for _, labels in share)
    seen = torch.cat([labels for share in shares for _, labels in share])
    assert seen.sort().values.tolist() == list(range(count))
    first = {int(y): x for share in shares for x, y in zip(*share[0], strict=True)}
    for pixels, label in zip(*alone[0], strict=True):  # the number of ranks changes no pixel
        assert torch.equal(first[int(label)], pixels)


@pytest.mark.parametrize(
    ("count", "batch_size", "world_size", "sizes"),
    [
        (33, 32, 1, [33]),
        (65, 32, 1, [32, 33]),
        (34, 32, 1, [32, 2]),
        (35, 32, 2, [18, 17]),  # of the second rank's 17 one would have been alone
        (36, 32, 2, [16, 16, 2, 2]),
        (3, 1, 1, [1, 1, 1]),
        (1, 8, 1, [1]),
    ],
)
def test_no_image_is_left_alone_in_the_last_batch(count, batch_size, world_size, sizes):
    images = np.zeros((count, 4, 4, 3), dtype=np.uint8)
    ranks = [make(images, batch_size=batch_size, rank=r, world_size=world_size) for r in range(world_size)]
    shares = zip(*(rank.epoch(0) for rank in ranks), strict=True)
    assert [len(labels) for batch in shares for _, labels in batch] == sizes


def test_batchnorm_trains_on_one_more_than_a_batch():
    torch.manual_seed(0)
    images = np.random.default_rng(0).integers(0, 256, (33, 8, 8, 3), dtype=np.uint8)
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(3), nn.Linear(3, 33))
    history = fit(model, make(images, batch_size=32), TrainingConfig(epochs=2, progress=False))
    assert (history.seen, history.steps) == (66, 2)


def test_the_digest_of_a_map_is_kept_and_that_of_an_array_is_not(images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    mapped, changed = np.load(tmp_path / "images.npy", mmap_mode="r"), images.copy()
    first = make(changed).fingerprint
    assert make(mapped).fingerprint == make(mapped).fingerprint == first
    assert id(mapped) in digest_module._KEPT
    changed[3, 2, 1, 0] ^= 1
    assert make(changed).fingerprint != first
    shares = {make(images, rank=rank, world_size=2).fingerprint for rank in (0, 1)}
    assert len(shares) == 1


def test_time_spent_on_data_is_counted(images):
    batches = make(images)
    assert batches.seconds_waited == 0
    list(batches.epoch(0))
    assert batches.seconds_waited > 0


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"batch_size": 0}, "batch_size.*got 0"),
        ({"mean": (0.5, 0.5)}, r"mean: expected three.*\(0.5, 0.5\)"),
        ({"std": (0.5, 0.0, 0.5)}, "std: expected three numbers above 0"),
        ({"image_size": 0}, "image_size.*got 0"),
        ({"mean": (123.7, 116.3, 103.5)}, r"mean: expected numbers in units of 0\.\.1, not of 0\.\.255"),
        ({"batch_size": 4.0}, "batch_size: expected a whole number, got 4.0"),
        ({"batch_size": True}, "batch_size: expected a whole number, got True"),
        ({"shuffle": "false"}, "shuffle: expected True or False, got 'false'"),
        ({"augment": "off"}, "augment: expected True, False or an Augmentation, got 'off'"),
        ({"rank": 0, "world_size": 24, "batch_size": 30}, "images: expected at least one per rank"),
        ({"seed": -1}, "seed.*got -1"),
        ({"resident": "gpu"}, "resident.*'gpu'"),
        ({"rank": 2, "world_size": 2}, "rank 2 of 2"),
        ({"rank": 0, "world_size": 9}, "batch_size: expected at least one image per rank .9.*got 5"),
    ],
)
def test_wrong_arguments_are_named(images, wrong, told):
    with pytest.raises(ValueError, match=told):
        make(images, **wrong)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scale": (0.0, 1.0)}, r"scale.*\(0.0, 1.0\)"),
        ({"scale": (0.5, 1.5)}, "scale"),
        ({"ratio": (2.0, 1.0)}, "ratio"),
        ({"flip": 1.5}, r"flip.*1.5"),
    ],
)
def test_an_impossible_augmentation_is_refused(wrong, told):
    with pytest.raises(ValueError, match=told):
        Augmentation(**wrong)


def test_wrong_arrays_are_named(images):
    with pytest.raises(ValueError, match=r"uint8 array \(N, S, S, 3\), got float64"):
        make(images / 255)
    with pytest.raises(ValueError, match=r"got uint8 \(23, 16, 8, 3\)"):
        make(images[:, :, :8])
    with pytest.raises(ValueError, match=r"labels: expected int \(23,\), got int64 \(22,\)"):
        Batches(images, np.arange(22), batch_size=5, mean=MEAN, std=STD)
    with pytest.raises(ValueError, match="labels: expected classes counted from 0, got -100"):
        Batches(images, np.full(23, -100), batch_size=5, mean=MEAN, std=STD)
    with pytest.raises(ValueError, match="start: expected a batch between 0 and 5, got 6"):
        make(images).epoch(0, start=6)
    with pytest.raises(ValueError, match=r"epoch.*got -1"):
        make(images).epoch(-1)
