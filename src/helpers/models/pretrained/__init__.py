"""Models ready for fine-tuning: what there is, its first weights, and what is trained.

The proof of concept of the course fine-tuned the last tenth of Xception's convolution layers and
the whole of ViT-B/16. Here both models take the same three tunings, so that architecture and
tuning can be told apart.
"""

from helpers.models.pretrained.cards import (
    MODELS,
    OURS,
    SHIPPED,
    TUNINGS,
    WEIGHTS,
    ModelCard,
    check_choices,
    check_image_size,
    suited_weights,
)
from helpers.models.pretrained.loading import Pretrained, build_model, imagenet_classifier
from helpers.models.pretrained.tuning import Trainable, layer_groups, select_trainable

__all__ = [
    "MODELS",
    "OURS",
    "SHIPPED",
    "TUNINGS",
    "WEIGHTS",
    "ModelCard",
    "Pretrained",
    "Trainable",
    "build_model",
    "check_choices",
    "check_image_size",
    "imagenet_classifier",
    "layer_groups",
    "select_trainable",
    "suited_weights",
]
