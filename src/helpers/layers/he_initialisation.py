"""He initialisation: weights drawn so that a signal keeps its size through layers with ReLU.

He, Zhang, Ren and Sun, "Delving Deep into Rectifiers", ICCV 2015, equation 10. A ReLU throws half
of the variance away; a weight variance of 2 / n, twice the usual 1 / n, makes up for it.
"""

import torch
from torch import nn


@torch.no_grad()
def he_initialisation(model: nn.Module) -> None:
    """Draw every convolution from a normal of mean 0, variance `2 / (k² C_out)`; biases become 0.

    Source: He et al. (2015), section 2.2, the backward form (fan-out).

    Parameters
    ----------
    model
        Changed in place; layers that are no convolution keep their weights.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
