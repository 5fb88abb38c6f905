"""The encoder: patterns of one loudness that depend on every sign, at a cost that is counted."""

from __future__ import annotations

import torch

from unfind.models.cost import multiplications
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_parts import WORKING_SIZE


def inputs(count: int = 2, slots: int = 160, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    photos = torch.rand(count, 3, WORKING_SIZE, WORKING_SIZE, generator=random)
    return photos, torch.randint(0, 2, (count, slots), generator=random) * 2.0 - 1


def test_patterns_have_a_mean_square_of_one_whatever_is_learned() -> None:
    encoder = MarkEncoder(160)
    with torch.no_grad():
        encoder.net.answer.weight.normal_(std=0.1)
    patterns = encoder(*inputs())
    assert patterns.shape == (2, 1, WORKING_SIZE, WORKING_SIZE)
    torch.testing.assert_close(patterns.square().mean((1, 2, 3)), torch.ones(2), rtol=1e-4, atol=1e-4)


def test_opposite_signs_give_opposite_patterns_before_anything_is_learned() -> None:
    photos, signs = inputs()
    encoder = MarkEncoder(160)
    torch.testing.assert_close(encoder(photos, -signs), -encoder(photos, signs))


def test_every_sign_is_in_the_pattern() -> None:
    encoder, (photos, signs) = MarkEncoder(160), inputs(1)
    before = encoder(photos, signs)
    for slot in range(0, 160, 23):
        turned = signs.clone()
        turned[:, slot] *= -1
        assert float((encoder(photos, turned) - before).detach().square().mean()) > 1e-3


def test_the_seed_decides_the_first_weights_and_nothing_else_is_drawn() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, same, other = MarkEncoder(32, seed=1), MarkEncoder(32, seed=1), MarkEncoder(32, seed=2)
    assert torch.equal(torch.rand(1), expected)
    for name, value in one.state_dict().items():
        assert torch.equal(value, same.state_dict()[name])
    assert not torch.equal(one.amplitudes, other.amplitudes)


def test_it_costs_no_more_than_promised() -> None:
    encoder = MarkEncoder(160)
    assert multiplications(encoder, *encoder.example()) <= 2e9


def test_gradients_reach_every_weight() -> None:
    encoder = MarkEncoder(16)
    with torch.no_grad():
        encoder.net.answer.weight.normal_(std=0.1)  # as after the first step: a zero lets nothing through
    photos, signs = inputs(1, 16)
    (encoder(photos, signs) * torch.randn(1, 1, WORKING_SIZE, WORKING_SIZE)).sum().backward()
    assert all(weight.grad is not None and bool(weight.grad.any()) for weight in encoder.parameters())
