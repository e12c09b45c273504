"""The Transformer equals torch's, hides the future and the padding, and learns."""

import math
import warnings

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from helpers.layers.add_and_norm import AddAndNorm
from helpers.layers.masks import causal_mask, padding_mask
from helpers.models.decoding import greedy_decode
from helpers.models.transformer import DecoderBlock, EncoderBlock, EncoderDecoder, Transformer

RENAMES = {
    "encoder.layers": "encoder_blocks",
    "decoder.layers": "decoder_blocks",
    "encoder.norm": "encoder_norm",
    "decoder.norm": "decoder_norm",
    "self_attn.in_proj_": "self_attention.qkv.",
    "self_attn.out_proj": "self_attention.output",
    "multihead_attn.in_proj_": "cross_attention.qkv.",
    "multihead_attn.out_proj": "cross_attention.output",
    "linear1": "mlp.hidden",
    "linear2": "mlp.output",
    "norm1.": "add_norm1.norm.",
    "norm2.": "add_norm2.norm.",
    "norm3.": "add_norm3.norm.",
}


def randn(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def give_weights(theirs, ours):
    """Random weights for torch's module, and the same for ours."""
    with torch.no_grad():
        for i, (name, p) in enumerate(theirs.named_parameters()):
            noise = randn(*p.shape, seed=i)
            is_gain = "norm" in name and name.endswith("weight")
            p.copy_(1 + 0.2 * noise if is_gain else noise * ((2 / p.shape[-1]) ** 0.5 if p.dim() > 1 else 0.2))
    state = {}
    for name, tensor in theirs.state_dict().items():
        for old, new in RENAMES.items():
            name = name.replace(old, new)
        state[name] = tensor
    ours.load_state_dict(state)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_encoder_block_equals_torch(pre_norm):
    theirs = nn.TransformerEncoderLayer(12, 3, 20, dropout=0.0, batch_first=True, norm_first=pre_norm).double()
    ours = EncoderBlock(12, 3, 20, 0.0, pre_norm).double()
    give_weights(theirs, ours)
    x, is_token = randn(2, 5, 12, seed=100), torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    difference = ours(x, padding_mask(is_token)) - theirs(x, src_key_padding_mask=~is_token)
    assert difference.abs().max() < 1e-12


@pytest.mark.parametrize("pre_norm", [False, True])
def test_decoder_block_equals_torch(pre_norm):
    theirs = nn.TransformerDecoderLayer(12, 3, 20, dropout=0.0, batch_first=True, norm_first=pre_norm).double()
    ours = DecoderBlock(12, 3, 20, 0.0, pre_norm).double()
    give_weights(theirs, ours)
    x, memory = randn(2, 4, 12, seed=100), randn(2, 6, 12, seed=101)
    is_token = torch.tensor([[True] * 6, [True] * 2 + [False] * 4])
    expected = theirs(x, memory, tgt_mask=~causal_mask(4), memory_key_padding_mask=~is_token)
    assert (ours(x, memory, causal_mask(4), padding_mask(is_token)) - expected).abs().max() < 1e-12


@settings(max_examples=15, deadline=None)
@given(
    h=st.integers(1, 3), d=st.integers(1, 5), hidden=st.integers(1, 9), N=st.integers(1, 5), M=st.integers(1, 5),
    depths=st.tuples(st.integers(1, 2), st.integers(1, 2)), pre_norm=st.booleans(),
)  # fmt: skip
def test_both_stacks_equal_torch(h, d, hidden, N, M, depths, pre_norm):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="enable_nested_tensor")
        theirs = nn.Transformer(
            h * d, h, *depths, hidden, dropout=0.0, batch_first=True, norm_first=pre_norm, dtype=torch.float64
        )
    ours = EncoderDecoder(h * d, h, hidden, *depths, pre_norm=pre_norm).double()
    give_weights(theirs, ours)
    source, target = randn(2, M, h * d, seed=100), randn(2, N, h * d, seed=101)
    expected = theirs(source, target, tgt_mask=~causal_mask(N))
    assert (ours(source, target, target_mask=causal_mask(N)) - expected).abs().max() < 1e-11


def test_parameters_of_the_base_model():
    """Each encoder block 4 D^2 + 4 D, 2 D H + H + D and two norms; each decoder block one attention and norm more."""
    with torch.device("meta"):
        core = EncoderDecoder()
    D, H = 512, 2048
    attention, mlp, norm = 4 * D * D + 4 * D, 2 * D * H + H + D, 2 * D
    expected = 6 * (attention + mlp + 2 * norm) + 6 * (2 * attention + mlp + 3 * norm) + 2 * norm
    assert sum(p.numel() for p in core.parameters()) == expected


# ---- the translator ------------------------------------------------------------------------------------------------

SOURCE = torch.tensor([[4, 5, 6, 7, 3], [8, 3, 0, 0, 0], [9, 9, 4, 0, 0]])
TARGET = torch.tensor([[1, 4, 5, 6], [1, 8, 3, 2], [1, 9, 2, 0]])


def small(pre_norm=False):
    torch.manual_seed(0)
    return Transformer(10, 11, embed_dim=32, num_heads=4, depth=2, hidden_dim=64, pre_norm=pre_norm)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_no_word_sees_the_words_after_it(pre_norm):
    model = small(pre_norm).double().eval()
    changed = TARGET.clone()
    changed[:, 2:] = 7
    before, after = model(SOURCE, TARGET), model(SOURCE, changed)
    assert torch.equal(before[:, :2], after[:, :2])
    assert (before[:, 2:] - after[:, 2:]).abs().max() > 1e-3


@pytest.mark.parametrize("pre_norm", [False, True])
def test_padding_and_neighbours_change_nothing(pre_norm):
    model = small(pre_norm).double().eval()
    logits = model(SOURCE, TARGET)
    for i, length in enumerate((5, 2, 3)):
        alone = model(SOURCE[i : i + 1, :length], TARGET[i : i + 1])
        assert (logits[i] - alone[0]).abs().max() < 1e-12


def test_source_order_matters_only_through_positions():
    model = small().double().eval()
    shuffled = SOURCE[:1, [2, 0, 4, 1, 3]]
    assert (model(SOURCE[:1], TARGET[:1]) - model(shuffled, TARGET[:1])).abs().max() > 1e-3
    model.positions.table.zero_()
    assert (model(SOURCE[:1], TARGET[:1]) - model(shuffled, TARGET[:1])).abs().max() < 1e-12


@pytest.mark.parametrize("pre_norm", [False, True])
def test_initial_loss_is_that_of_a_guess(pre_norm):
    torch.manual_seed(0)
    model = Transformer(50, 60, 64, 4, 2, 128, pre_norm=pre_norm)
    logits = model(torch.randint(1, 50, (32, 9)), torch.randint(1, 60, (32, 8)))
    loss = F.cross_entropy(logits.flatten(0, 1), torch.randint(1, 60, (32 * 8,)))
    assert loss.item() == pytest.approx(math.log(60), abs=0.15)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_one_batch_is_memorised_and_decoded(pre_norm):
    model = small(pre_norm)
    following = torch.tensor([[4, 5, 6, 2], [8, 3, 2, 0], [9, 2, 0, 0]])
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(100):
        loss = F.cross_entropy(model(SOURCE, TARGET).flatten(0, 1), following.flatten(), ignore_index=0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss < 0.05
    assert torch.equal(greedy_decode(model.eval(), SOURCE, begin=1, end=2, max_length=6), following)


def test_too_long_a_sentence_is_named():
    model = small()
    with pytest.raises(ValueError, match="at most max_length 1024, got 1025"):
        model(torch.ones(1, 1025, dtype=torch.long), TARGET[:1])
    with pytest.raises(ValueError, match=r"target: expected \(B=3, N\), got \(2, 4\)"):
        model(SOURCE, TARGET[:2])


def test_dropout_reaches_words_and_branches_in_training_only():
    torch.manual_seed(0)
    model = Transformer(10, 11, embed_dim=32, num_heads=4, depth=1, hidden_dim=64, dropout=0.25)
    words = torch.randint(1, 10, (40, 20))
    embedded = model.train().embed(words, model.source_embedding)
    assert (embedded == 0).float().mean() == pytest.approx(0.25, abs=0.03)  # standard error 0.003
    assert (model.eval().embed(words, model.source_embedding) == 0).float().mean() < 0.01
    boxes = [module.dropout.p for module in model.modules() if isinstance(module, AddAndNorm)]
    assert boxes == [0.25] * 5


def test_words_are_scaled_to_unit_variance_before_positions_are_added():
    torch.manual_seed(0)
    model = Transformer(500, 10, embed_dim=64, num_heads=4, depth=1, hidden_dim=8)
    words = torch.arange(1, 101)[None]
    vectors = model.embed(words, model.source_embedding) - model.positions(torch.zeros(1, 100, 64))
    torch.testing.assert_close(vectors, 8 * model.source_embedding(words))
    assert vectors.std().item() == pytest.approx(1, abs=0.05)
