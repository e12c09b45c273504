"""Frozen features: computed once, kept whole, and good for training a head."""

import numpy as np
import pytest
import torch
from torch import nn

from helpers.training import TrainingConfig, fit, predict
from helpers.training.features import FeatureBatches, frozen_features


class Images:
    """Six small images in batches of four; `augmentation` shifts them by the epoch."""

    def __init__(self, shuffle=False, augmentation=None, fingerprint="a"):
        self.shuffle, self.augmentation, self.fingerprint = shuffle, augmentation, fingerprint
        self.images = torch.arange(6 * 3 * 2 * 2, dtype=torch.float32).reshape(6, 3, 2, 2)

    def __len__(self):
        return 2

    def epoch(self, epoch, start=0):
        shift = float(epoch) if self.augmentation else 0.0
        for first in (0, 4):
            yield self.images[first : first + 4] + shift, torch.zeros(len(self.images[first : first + 4]))


class Backbone:
    def __init__(self):
        self.calls = 0

    def __call__(self, images):
        self.calls += 1
        return images.flatten(1)


def test_the_backbone_runs_once_and_a_second_call_reads(tmp_path):
    backbone = Backbone()
    first = frozen_features(backbone, Images(), weights="w", folder=tmp_path, progress=False)
    assert backbone.calls == 2
    assert first.shape == (1, 6, 12)
    assert first.dtype == np.float16
    np.testing.assert_array_equal(first[0], Images().images.flatten(1).numpy())
    second = frozen_features(backbone, Images(), weights="w", folder=tmp_path, progress=False)
    assert backbone.calls == 2
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("change", [{"weights": "other"}, {"fingerprint": "b"}, {"views": 2}])
def test_other_weights_images_or_views_are_another_entry(tmp_path, change):
    backbone = Backbone()
    frozen_features(backbone, Images(augmentation=True), weights="w", folder=tmp_path, progress=False)
    images = Images(augmentation=True, fingerprint=change.pop("fingerprint", "a"))
    frozen_features(backbone, images, **({"weights": "w"} | change), folder=tmp_path, progress=False)
    assert backbone.calls > 2


def test_each_view_is_an_epoch_of_its_own(tmp_path):
    features = frozen_features(
        Backbone(), Images(augmentation=True), weights="w", folder=tmp_path, views=3, progress=False
    )
    np.testing.assert_allclose(features[2] - features[0], 2.0)


def test_an_interrupted_computation_leaves_nothing(tmp_path):
    class Interrupted(Backbone):
        def __call__(self, images):
            if self.calls == 1:
                raise KeyboardInterrupt
            return super().__call__(images)

    with pytest.raises(KeyboardInterrupt):
        frozen_features(Interrupted(), Images(), weights="w", folder=tmp_path, progress=False)
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


@pytest.mark.parametrize(
    ("images", "views", "message"),
    [
        (Images(shuffle=True), 1, "shuffle=False"),
        (Images(), 0, "at least 1"),
        (Images(), 2, "all views are alike"),
    ],
)
def test_what_would_mix_up_rows_is_refused(tmp_path, images, views, message):
    with pytest.raises(ValueError, match=message):
        frozen_features(Backbone(), images, weights="w", folder=tmp_path, views=views, progress=False)


def test_features_beyond_float16_are_refused(tmp_path):
    with pytest.raises(ValueError, match="within float16"):
        frozen_features(lambda images: images.flatten(1) * 1e6, Images(), weights="w", folder=tmp_path, progress=False)


def test_a_head_learns_from_features_and_answers_in_their_order():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = (np.eye(3)[labels] * 4 + rng.normal(size=(60, 3))).astype(np.float16)[None]
    head = nn.Linear(3, 3)
    fit(head, FeatureBatches(features, labels, batch_size=16), TrainingConfig(epochs=20, learning_rate=0.1))
    answers = predict(head, FeatureBatches(features, labels, batch_size=16, shuffle=False))
    assert (answers.argmax(1) == labels).mean() > 0.9


def test_an_epoch_is_every_row_once_in_a_new_order_and_a_rest_of_one_joins():
    features = np.arange(9, dtype=np.float16)[None, :, None]
    batches = FeatureBatches(features, np.arange(9), batch_size=4)
    seen = [[int(label) for _, labels in batches.epoch(epoch) for label in labels] for epoch in (0, 1)]
    assert sorted(seen[0]) == sorted(seen[1]) == list(range(9))
    assert seen[0] != seen[1]
    assert [len(labels) for _, labels in batches.epoch(0)] == [4, 5]
    resumed = [int(label) for _, labels in batches.epoch(0, start=1) for label in labels]
    assert resumed == seen[0][4:]


def test_ranks_share_each_batch_out_and_a_rest_too_small_for_them_joins():
    features = np.arange(11, dtype=np.float16)[None, :, None]
    whole = FeatureBatches(features, np.arange(11), batch_size=4)
    ranks = [FeatureBatches(features, np.arange(11), batch_size=4, rank=rank, world_size=2) for rank in (0, 1)]
    assert [len(batches) for batches in (whole, *ranks)] == [3, 2, 2]  # a rest of 3 would leave one rank a single row
    for parts in zip(*(batches.epoch(2) for batches in ranks), strict=True):
        assert all(len(labels) >= 2 for _, labels in parts)
    seen = [int(label) for batches in ranks for _, labels in batches.epoch(2) for label in labels]
    assert sorted(seen) == list(range(11))
    first = next(whole.epoch(2))[1]
    assert torch.equal(next(ranks[1].epoch(2))[1], first[1::2])
    assert ranks[0].fingerprint == ranks[1].fingerprint != whole.fingerprint


@pytest.mark.parametrize(("rank", "world_size", "batch_size"), [(2, 2, 4), (-1, 2, 4), (0, 4, 3)])
def test_shares_that_cannot_be_are_refused(rank, world_size, batch_size):
    with pytest.raises(ValueError, match="rank"):
        FeatureBatches(
            np.zeros((1, 4, 2), np.float16), np.zeros(4, int), batch_size=batch_size, rank=rank, world_size=world_size
        )


def test_shapes_that_disagree_are_refused():
    with pytest.raises(ValueError, match=r"expected \(V, 4, D\)"):
        FeatureBatches(np.zeros((1, 3, 2), np.float16), np.zeros(4, int), batch_size=2)


def test_fewer_rows_than_a_batch_are_one_batch():
    assert len(FeatureBatches(np.zeros((1, 3, 2), np.float16), np.arange(3), batch_size=8)) == 1
