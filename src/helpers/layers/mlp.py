"""The MLP of a Transformer block: two layers that see one token at a time.

Vaswani et al., 2017, section 3.3. Attention moves information between tokens; this part works on
each token alone. The Transformer uses ReLU, ViT the exact GELU, x Phi(x) with the error function;
the tanh approximation changes the logits by 1e-3.
"""

from torch import Tensor, nn


class TokenMLP(nn.Module):
    """Widen, bend, narrow: W2 act(W1 x + b1) + b2, (B, N, D) -> (B, N, D).

    Parameters
    ----------
    embed_dim
        Width D of a token.
    hidden_dim
        Width in between, 4 D as a rule.
    activation
        The class of the non-linearity.
    """

    def __init__(
        self, embed_dim: int, hidden_dim: int, activation: type[nn.Module] = nn.GELU
    ) -> None:
        super().__init__()
        self.hidden = nn.Linear(embed_dim, hidden_dim)
        self.activation = activation()
        self.output = nn.Linear(hidden_dim, embed_dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return self.output(self.activation(self.hidden(tokens)))
