"""Fixed views: the same pixels for teacher and students, another view each epoch, each answer beside its view."""

import numpy as np
import pytest
import torch

from helpers.data.base import Split
from helpers.data.views import FixedViews, LessonBatches

NORM = {"mean": (0.5,) * 3, "std": (0.5,) * 3}


def split(n=7):
    images = np.random.default_rng(0).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)
    return Split(images, np.arange(n, dtype=np.int64), tuple(map(str, range(n))))


def test_views_differ_from_each_other_and_come_again_with_the_same_seed():
    one, same, other = FixedViews(split(), 3), FixedViews(split(), 3), FixedViews(split(), 3, seed=1)
    assert one.pixels.shape == (3, 7, 3, 16, 16)
    assert torch.equal(one.pixels, same.pixels)
    assert one.fingerprint == same.fingerprint != other.fingerprint
    assert not torch.equal(one.pixels[0], one.pixels[1])
    assert FixedViews(split(), 2).fingerprint != one.fingerprint


def test_no_view_is_the_whole_frame():
    whole = FixedViews(split(), 0)
    assert whole.augmentation is None
    assert torch.equal(whole.pixels[0], torch.from_numpy(split().images).permute(0, 3, 1, 2))
    with pytest.raises(ValueError, match="views: expected at least 0, got -1"):
        FixedViews(split(), -1)


def test_a_walk_gives_every_image_once_in_order(monkeypatch):
    monkeypatch.setattr("helpers.data.views.ROWS", 3)
    views = FixedViews(split(), 2)
    parts = list(views.epoch(1))
    assert len(parts) == len(views) == 3
    assert torch.cat([labels for _, labels in parts]).tolist() == list(range(7))
    assert torch.equal((255 * torch.cat([images for images, _ in parts])).round().to(torch.uint8), views.pixels[1])
    assert torch.equal(next(iter(views.epoch(1, start=2)))[0], parts[2][0])


def test_a_lesson_holds_what_was_said_of_its_own_pixels():
    views = FixedViews(split(), 2)
    answers = np.arange(2 * 7, dtype=np.float16).reshape(2, 7, 1) + np.zeros(4, np.float16)
    batches = LessonBatches(views, answers, batch_size=3, **NORM, seed=5)
    orders = []
    for epoch in range(4):
        parts = list(batches.epoch(epoch))
        assert [len(labels) for _, labels, _ in parts] == [3, 4], "a single image joins the batch before it"
        images, labels, taught = (torch.cat(part) for part in zip(*parts, strict=True))
        assert sorted(labels.tolist()) == list(range(7))
        assert torch.equal(taught[:, 0], labels + 7.0 * (epoch % 2)), "the answers of this view"
        expected = views.pixels[epoch % 2, labels].float() / 255
        assert torch.allclose(images, (expected - 0.5) / 0.5)
        orders.append(labels.tolist())
    assert orders[0] != orders[2], "a new order each time"
    again = list(batches.epoch(2, start=1))
    assert torch.equal(again[0][1], torch.tensor(orders[2][3:]))


def test_lessons_of_other_answers_or_another_order_have_another_fingerprint():
    views = FixedViews(split(), 1)
    first = np.zeros((1, 7, 2), np.float16)
    make = lambda answers, seed=0: LessonBatches(views, answers, batch_size=3, **NORM, seed=seed).fingerprint  # noqa: E731
    assert make(first) == make(first.copy())
    assert len({make(first), make(first + 1), make(first, seed=1), make(None)}) == 4
    with pytest.raises(ValueError, match=r"answers: expected \(1, 7\) rows of logits, got \(2, 7, 2\)"):
        make(np.zeros((2, 7, 2), np.float16))
