"""Are two networks the same function? Give both the same random weights, compare the outputs.

Fresh weights hide errors: a bias that starts at 0 may as well be missing, and a LayerScale of 1e-5
hides the whole branch. So every parameter and every statistic is drawn first, at scales that keep
a signal alive through many layers. `TRAPS` holds the mistakes that people make; each breaks a
model in a way that such a comparison sees.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from helpers.layers.positions import LearnedPositions

NORMS = (nn.LayerNorm, nn.BatchNorm2d, nn.GroupNorm)


@torch.no_grad()
def randomise(model: nn.Module, seed: int = 0) -> nn.Module:
    """Draw all parameters and running statistics of a model anew, in place; return the same model.

    Uniform numbers: weights with two or more axes get a deviation of sqrt(2 / fan-in), gains of
    norms and of LayerScale 1 ± 0.2, biases 0 ± 0.1, tokens and positions 0 ± 0.5, running means
    0 ± 0.1, and running variances 1 ± 0.3.

    Parameters
    ----------
    model
        Any model; other buffers, such as sinusoids, stay as they are.
    seed
        Of the drawing.
    """
    generator = torch.Generator(next(model.parameters()).device).manual_seed(seed)

    def draw(tensor: Tensor, mean: float, deviation: float) -> None:
        half_width = 3**0.5 * deviation
        tensor.uniform_(mean - half_width, mean + half_width, generator=generator)

    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if name.startswith("gamma") or (isinstance(module, NORMS) and name == "weight"):
                draw(parameter, 1.0, 0.2)
            elif parameter.dim() == 1:
                draw(parameter, 0.0, 0.1)
            elif parameter.shape[0] == 1:  # (1, N, D): a token or a table of positions
                draw(parameter, 0.0, 0.5)
            else:
                draw(parameter, 0.0, (2 / parameter[0].numel()) ** 0.5)
        if (
            isinstance(module, nn.BatchNorm2d)
            and module.running_mean is not None
            and module.running_var is not None
        ):
            draw(module.running_mean, 0.0, 0.1)
            draw(module.running_var, 1.0, 0.3)
    return model


def difference(ours: Tensor, reference: Tensor) -> float:
    """Largest absolute difference over max(1, largest |reference|); infinite if shapes differ."""
    if ours.shape != reference.shape:
        return float("inf")
    largest = (ours - reference).abs().max() / reference.abs().max().clamp(min=1.0)
    return float("inf") if largest.isnan() else largest.item()


def movement(outputs: Tensor) -> float:
    """Distance of the first two rows over their largest value; near 0, a comparison is blind."""
    return ((outputs[0] - outputs[1]).abs().max() / outputs[:2].abs().max()).item()


def module_outputs(model: nn.Module, names: Iterable[str], *inputs: Tensor) -> dict[str, Tensor]:
    """Run a model once; return what the named submodules gave out, and the model itself as ""."""
    outputs: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> None:
            outputs[name] = output.clone()  # a later layer may overwrite it in place

        return hook

    handles = [model.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    try:
        outputs[""] = model(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def layer_norm_eps(model: nn.Module) -> None:
    """Take torch's default of 1e-5 in every LayerNorm in place of 1e-6."""
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = 1e-5


def tanh_gelu(model: nn.Module) -> None:
    """Take the tanh approximation of GELU."""
    for module in model.modules():
        if isinstance(module, nn.GELU):
            module.approximate = "tanh"


@torch.no_grad()
def missing_query_bias(model: nn.Module) -> None:
    """Forget the queries' bias in every attention; one of the keys alone would change nothing."""
    for module in model.modules():
        qkv = getattr(module, "qkv", None)
        if isinstance(qkv, nn.Linear):
            qkv.bias[: qkv.in_features] = 0.0


@torch.no_grad()
def wrong_flatten_order(model: nn.Module) -> None:
    """Flatten a patch as (h, w, c), while the weights were learned for (c, h, w)."""
    weight = model.get_parameter("patches.projection.weight")  # (D, C, P, P)
    D, C, P, _ = weight.shape
    weight.copy_(weight.reshape(D, P, P, C).permute(0, 3, 1, 2).clone())


@torch.no_grad()
def class_token_after_positions(model: nn.Module) -> None:
    """Add the positions first and the class token after, so that it gets none."""
    positions = model.get_submodule("positions")
    if not isinstance(positions, LearnedPositions) or not positions.num_prefix:
        raise ValueError(
            "positions: expected a model whose class token has a position, "
            "got one where it has none"
        )
    positions.table[:, : positions.num_prefix] = 0.0


def one_residual_missing(model: nn.Module) -> None:
    """Forget the "+ z'" around the MLP of the middle block."""
    blocks = list(model.get_submodule("blocks").children())
    block = blocks[len(blocks) // 2]
    seen: list[Tensor] = []
    block.get_submodule("norm2").register_forward_pre_hook(
        lambda module, args: seen.append(args[0])
    )
    block.register_forward_hook(lambda module, args, output: output - seen.pop())


# Each breaks a ViT, DeiT or CaiT of ours in place and for good: hand it a deep copy.
TRAPS: dict[str, Callable[[nn.Module], None]] = {
    "LayerNorm eps 1e-5": layer_norm_eps,
    "tanh GELU": tanh_gelu,
    "missing query bias": missing_query_bias,
    "wrong flatten order": wrong_flatten_order,
    "class token after positions": class_token_after_positions,
    "one residual missing": one_residual_missing,
}
