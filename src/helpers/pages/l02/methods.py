"""Fourteen ways to name an image, in the order of their years, and what is asked of them in pairs.

Eleven are the lab's own. The last three, which chapter 14 needs, run when they are named.

The years are those of the sources: Cover and Hart 1967 (nearest neighbours), Rumelhart, Hinton and Williams 1986 (the
perceptron with back-propagation), LeCun et al. 1998, Lazebnik, Schmid and Ponce 2006 (visual words on a pyramid),
Krizhevsky, Sutskever and Hinton 2012, Simonyan and Zisserman 2014, He et al. 2015, Chollet 2016, Dosovitskiy et al.
and Touvron et al. 2020, Liu et al. 2022; of the three, Touvron et al., Liu et al. and Tolstikhin et al. 2021; of
articles that appeared as a preprint first, the preprint's.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Method:
    """One way to name an image.

    Attributes
    ----------
    year
        Of its publication.
    label
        What figures call it.
    """

    year: int
    label: str


METHODS: dict[str, Method] = {
    "knn": Method(1967, "nearest neighbours"),
    "mlp": Method(1986, "perceptron (MLP)"),
    "lenet": Method(1998, "LeNet-5"),
    "bow_svm": Method(2006, "visual words + SVM"),
    "alexnet_like": Method(2012, "AlexNet-like"),
    "vgg_like": Method(2014, "VGG-like"),
    "resnet_like": Method(2015, "ResNet-like"),
    "xception_mini": Method(2016, "Xception-mini"),
    "vit_mini": Method(2020, "ViT-mini"),
    "deit_mini": Method(2020, "DeiT-mini, taught"),
    "cait_mini": Method(2021, "CaiT-mini"),
    "swin_mini": Method(2021, "Swin-mini"),
    "mixer_mini": Method(2021, "Mixer-mini"),
    "convnext_mini": Method(2022, "ConvNeXt-mini"),
}

CLASSICAL = ("knn", "bow_svm")  # not trained step by step

# A statement, the method that should win by it, and the one that should lose. Written down before the first run.
STATEMENTS: tuple[tuple[str, str, str], ...] = (
    ("visual words beat the nearest image", "bow_svm", "knn"),
    ("visual words beat a perceptron", "bow_svm", "mlp"),
    ("a small convolutional network beats a perceptron", "lenet", "mlp"),
    ("a deep convolutional network beats visual words", "resnet_like", "bow_svm"),
    ("a VGG (small kernels, deeper) beats an AlexNet", "vgg_like", "alexnet_like"),
    ("a ResNet (sums, batch norm) beats a VGG", "resnet_like", "vgg_like"),
    ("an Xception (separable) beats a ResNet", "xception_mini", "resnet_like"),
    ("a ConvNeXt beats a ResNet", "convnext_mini", "resnet_like"),
    ("from scratch, a CNN beats a ViT of its size", "xception_mini", "vit_mini"),
    ("a ViT beats visual words", "vit_mini", "bow_svm"),
    ("a ViT taught by a CNN beats one that is not", "deit_mini", "vit_mini"),
)
# The same for the last three, written down before their first run, from what their articles report at large size.
LATER_STATEMENTS: tuple[tuple[str, str, str], ...] = (
    ("a CaiT (gains, late class token) beats a ViT", "cait_mini", "vit_mini"),
    ("a Swin (windows, three scales) beats a ViT", "swin_mini", "vit_mini"),
    ("a ViT (attention) beats a Mixer (fixed weights)", "vit_mini", "mixer_mini"),
    ("a ConvNeXt beats a Swin", "convnext_mini", "swin_mini"),
    ("a Swin beats a ResNet", "swin_mini", "resnet_like"),
)
