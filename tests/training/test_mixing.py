"""Mixup and CutMix as a step of training."""

import pytest
import torch
from torch import Tensor, nn

from helpers.training.mixing import Mixed


class Seen(nn.Module):
    """Keeps the images that it was given; each class as likely as the other."""

    def forward(self, images: Tensor) -> Tensor:
        self.images = images
        return torch.zeros(len(images), 3)


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_an_alpha_that_is_not_positive_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}: expected a number > 0, got 0"):
        Mixed(2, **{name: 0})


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match="num_classes: expected at least 2, got 1"):
        Mixed(1)


def test_a_batch_is_blended_or_cut_together_and_its_loss_is_a_sum() -> None:
    images, labels = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)]), torch.tensor([0, 2])
    model, step, kinds = Seen(), Mixed(3), set()
    torch.manual_seed(0)
    for _ in range(20):
        loss, right, count = step(model, (images, labels))
        assert loss.item() == pytest.approx(2 * torch.log(torch.tensor(3.0)).item())
        assert (int(right), count) == (1, 2), "class 0 is the first of equals"
        found = set(model.images.unique().tolist())
        kinds.add("cut" if found <= {0.0, 1.0} else "blended")
    assert kinds == {"cut", "blended"}
