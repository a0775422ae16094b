"""The Transformer written out, against PyTorch's own layers with the same weights."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from engine.reference.transformer import (
    Activation,
    DecoderLayer,
    Encoder,
    EncoderLayer,
    MultiHeadAttention,
    PositionwiseFeedForward,
    causal_mask,
    scaled_dot_product_attention,
    sinusoidal_positions,
)

BATCH, SEQ, SOURCE, WIDTH, HEADS, INNER = 3, 6, 5, 32, 4, 64


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def hidden(length: int = SEQ, *, seed: int = 0) -> Tensor:
    """*Shape:* (batch, length, width)."""
    return torch.randn(BATCH, length, WIDTH, generator=torch.Generator().manual_seed(seed))


def padding_mask(length: int) -> Tensor:
    """Rows of `length`, `length` - 1 and `length` - 2 pieces. *Shape:* (batch, length)."""
    return torch.arange(length) < length - torch.arange(BATCH)[:, None]


def difference(first: Tensor, second: Tensor) -> float:
    assert first.shape == second.shape
    return float((first - second).detach().abs().max())


def randomise(module: nn.Module, *, seed: int = 1) -> None:
    """Leave nothing at 0 or 1, where a forgotten bias or norm would not show."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.1)


def copy_attention(theirs: nn.MultiheadAttention, ours: MultiHeadAttention) -> None:
    with torch.no_grad():
        for part, weight, bias in zip(
            (ours.query, ours.key, ours.value), theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3), strict=True
        ):
            part.weight.copy_(weight)
            part.bias.copy_(bias)
        ours.output.load_state_dict(theirs.out_proj.state_dict())


def attentions() -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
    randomise(theirs)
    ours = MultiHeadAttention(WIDTH, HEADS)
    copy_attention(theirs, ours)
    return ours, theirs


# --- attention -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("masked", [False, True])
def test_self_attention_equals_pytorchs(masked: bool) -> None:
    ours, theirs = attentions()
    kept = padding_mask(SEQ)
    output, weights = ours(hidden(), hidden(), kept[:, None, None, :] if masked else None)
    padding = ~kept if masked else None  # there, True means: may not look
    wanted, wanted_weights = theirs(hidden(), hidden(), hidden(), key_padding_mask=padding, average_attn_weights=False)
    assert weights.shape == (BATCH, HEADS, SEQ, SEQ)
    assert difference(output, wanted) <= 1e-6
    assert difference(weights, wanted_weights) <= 1e-6


def test_cross_attention_equals_pytorchs() -> None:
    ours, theirs = attentions()
    memory = hidden(SOURCE, seed=2)
    output, weights = ours(hidden(), memory)
    wanted, wanted_weights = theirs(hidden(), memory, memory, average_attn_weights=False)
    assert weights.shape == (BATCH, HEADS, SEQ, SOURCE)
    assert difference(output, wanted) <= 1e-6
    assert difference(weights, wanted_weights) <= 1e-6


def test_a_causal_mask_hides_what_comes_later() -> None:
    ours, theirs = attentions()
    output, weights = ours(hidden(), hidden(), causal_mask(SEQ))
    wanted, _ = theirs(hidden(), hidden(), hidden(), attn_mask=~causal_mask(SEQ))
    assert difference(output, wanted) <= 1e-6
    assert not weights.triu(1).any()
    assert difference(weights.sum(-1), torch.ones(BATCH, HEADS, SEQ)) <= 1e-6


def test_who_may_look_at_nothing_takes_nothing_and_has_a_gradient_without_nan() -> None:
    query, key, value = (hidden(seed=seed).requires_grad_() for seed in range(3))
    mask = causal_mask(SEQ)
    mask[2] = False
    output, weights = scaled_dot_product_attention(query, key, value, mask)
    output.square().sum().backward()
    assert not output[:, 2].any()
    assert not weights[:, 2].any()
    for tensor in (query, key, value):
        assert tensor.grad is not None
        assert tensor.grad.isfinite().all()
    assert query.grad is not None
    assert not query.grad[:, 2].any()
    assert query.grad[:, 3].any()


def test_a_mask_of_numbers_is_refused() -> None:
    with pytest.raises((TypeError, RuntimeError)):
        scaled_dot_product_attention(hidden(), hidden(), hidden(), torch.ones(SEQ, SEQ))
    with pytest.raises((TypeError, RuntimeError)):
        scaled_dot_product_attention(hidden(), hidden(), hidden(), torch.ones(SEQ, SEQ, dtype=torch.long))


def test_a_width_that_heads_cannot_share_is_refused() -> None:
    with pytest.raises(ValueError, match="got 32 and 5"):
        MultiHeadAttention(WIDTH, 5)


# --- positions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "column"), [(0, 0), (0, 1), (1, 0), (7, 10), (7, 11), (499, 2), (499, 127), (5000, 0), (5000, 63)])
def test_positions_are_those_of_the_formula(place: int, column: int) -> None:
    angle = place / 10_000 ** (2 * (column // 2) / 128)
    wanted = math.cos(angle) if column % 2 else math.sin(angle)
    assert sinusoidal_positions(place + 1, 128)[place, column].item() == pytest.approx(wanted, abs=1e-6)


@given(place=st.integers(0, 400), distance=st.integers(0, 100))
def test_a_step_turns_each_pair_by_an_angle_that_depends_on_the_distance_alone(place: int, distance: int) -> None:
    pairs = sinusoidal_positions(501, 16).unflatten(-1, (8, 2)).double()
    here, there = torch.view_as_complex(pairs[place].flip(-1)), torch.view_as_complex(pairs[place + distance].flip(-1))  # cos + i sin
    speeds = 10_000.0 ** (-torch.arange(0, 16, 2, dtype=torch.float64) / 16)
    turn = torch.polar(torch.ones(8, dtype=torch.float64), distance * speeds)
    assert float((here * turn - there).abs().max()) <= 1e-6


def test_an_odd_width_of_positions_is_refused() -> None:
    with pytest.raises(ValueError, match="must be even, got 7"):
        sinusoidal_positions(3, 7)


def test_without_positions_a_shuffled_text_is_the_same_text_and_with_them_it_is_not() -> None:
    layer = EncoderLayer(WIDTH, HEADS, INNER).eval()
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    positions = sinusoidal_positions(SEQ, WIDTH)
    assert difference(layer(hidden()[:, order])[0], layer(hidden())[0][:, order]) <= 1e-5
    assert difference(layer(hidden()[:, order] + positions)[0], layer(hidden() + positions)[0][:, order]) > 0.1


# --- layers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [torch.relu, functional.gelu], ids=["relu", "gelu"])
def test_the_feed_forward_reads_each_place_by_itself(activation: Activation) -> None:
    feed_forward = PositionwiseFeedForward(WIDTH, INNER, activation=activation)
    narrow, widen = feed_forward.narrow, feed_forward.widen
    wanted = activation(hidden() @ widen.weight.T + widen.bias) @ narrow.weight.T + narrow.bias
    assert difference(feed_forward(hidden()), wanted) <= 1e-6
    assert difference(feed_forward(hidden())[:, 2:3], feed_forward(hidden()[:, 2:3])) <= 1e-6


def copy_encoder_layer(theirs: nn.TransformerEncoderLayer, ours: EncoderLayer) -> None:
    copy_attention(theirs.self_attn, ours.attention)
    ours.attention_norm.load_state_dict(theirs.norm1.state_dict())
    ours.feed_forward.widen.load_state_dict(theirs.linear1.state_dict())
    ours.feed_forward.narrow.load_state_dict(theirs.linear2.state_dict())
    ours.feed_forward_norm.load_state_dict(theirs.norm2.state_dict())


def encoder_layers(activation: Activation, *, seed: int = 1) -> tuple[EncoderLayer, nn.TransformerEncoderLayer]:
    theirs = nn.TransformerEncoderLayer(WIDTH, HEADS, INNER, dropout=0.0, activation=activation, batch_first=True)
    randomise(theirs, seed=seed)
    ours = EncoderLayer(WIDTH, HEADS, INNER, activation=activation)
    copy_encoder_layer(theirs, ours)
    return ours, theirs


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("activation", [torch.relu, functional.gelu], ids=["relu", "gelu"])
def test_an_encoder_layer_equals_pytorchs(activation: Activation, masked: bool) -> None:
    ours, theirs = encoder_layers(activation)
    kept = padding_mask(SEQ)
    output, weights = ours(hidden(), kept[:, None, None, :] if masked else None)
    wanted = theirs(hidden(), src_key_padding_mask=~kept if masked else None)
    assert weights.shape == (BATCH, HEADS, SEQ, SEQ)
    assert difference(output, wanted) <= 1e-6


def test_an_encoder_is_its_layers_one_after_the_other() -> None:
    both = [encoder_layers(torch.relu, seed=seed) for seed in range(3)]
    output, attention = Encoder(ours for ours, _ in both)(hidden())
    wanted = hidden()
    for _, theirs in both:
        wanted = theirs(wanted)
    assert difference(output, wanted) <= 1e-5
    assert [weights.shape for weights in attention] == [(BATCH, HEADS, SEQ, SEQ)] * 3


def test_a_decoder_layer_equals_pytorchs() -> None:
    theirs = nn.TransformerDecoderLayer(WIDTH, HEADS, INNER, dropout=0.0, batch_first=True)
    randomise(theirs)
    ours = DecoderLayer(WIDTH, HEADS, INNER)
    copy_attention(theirs.self_attn, ours.self_attention)
    copy_attention(theirs.multihead_attn, ours.cross_attention)
    for theirs_part, ours_part in (
        (theirs.norm1, ours.self_norm),
        (theirs.norm2, ours.cross_norm),
        (theirs.norm3, ours.feed_forward_norm),
        (theirs.linear1, ours.feed_forward.widen),
        (theirs.linear2, ours.feed_forward.narrow),
    ):
        ours_part.load_state_dict(theirs_part.state_dict())
    memory, kept = hidden(SOURCE, seed=2), padding_mask(SOURCE)
    output, weights = ours(hidden(), memory, kept[:, None, None, :])
    wanted = theirs(hidden(), memory, tgt_mask=~causal_mask(SEQ), memory_key_padding_mask=~kept)
    assert difference(output, wanted) <= 1e-6
    assert weights.shape == (BATCH, HEADS, SEQ, SOURCE)
    assert not weights[~kept[:, None, None, :].expand_as(weights)].any()


def test_a_decoder_layer_does_not_see_what_is_not_written_yet() -> None:
    layer = DecoderLayer(WIDTH, HEADS, INNER)
    changed = hidden()
    changed[:, 4:] = 9.0
    memory = hidden(SOURCE, seed=2)
    assert difference(layer(hidden(), memory)[0][:, :4], layer(changed, memory)[0][:, :4]) <= 1e-6


def test_every_parameter_learns() -> None:
    encoder = Encoder(EncoderLayer(WIDTH, HEADS, INNER) for _ in range(2))
    decoder = DecoderLayer(WIDTH, HEADS, INNER)
    memory, _ = encoder(hidden(), padding_mask(SEQ)[:, None, None, :])
    output, _ = decoder(hidden(SOURCE, seed=2), memory)
    (output * hidden(SOURCE, seed=3)).sum().backward()
    for name, parameter in (*encoder.named_parameters(), *decoder.named_parameters()):
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # A key's bias adds the same to all scores of a query, and a softmax does not see it.
        assert name.endswith("key.bias") or parameter.grad.abs().max() > 1e-5, name


def test_dropout_takes_something_in_training_and_nothing_in_reading() -> None:
    layer = EncoderLayer(WIDTH, HEADS, INNER, dropout=0.5)
    torch.manual_seed(0)
    assert difference(layer(hidden())[0], layer(hidden())[0]) > 0.1
    layer.eval()
    assert difference(layer(hidden())[0], layer(hidden())[0]) == 0
