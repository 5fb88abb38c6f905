"""The parts of a mark's networks."""

from __future__ import annotations

import torch

from unfind.models.mark_parts import AMPLITUDES, CELLS, WORKING_SIZE, HalfSize, Stage, spread


def test_slots_are_spread_over_all_gratings_evenly() -> None:
    matrix = spread(160, 0)
    assert matrix.shape == (AMPLITUDES, 160)
    torch.testing.assert_close(matrix.square().sum(0), torch.ones(160))
    assert float(matrix.abs().max() - matrix.abs().min()) < 1e-7
    crossed = matrix.T @ matrix - torch.eye(160)
    assert float(crossed.abs().max()) < 6 / AMPLITUDES**0.5


def test_the_same_seed_spreads_in_the_same_way() -> None:
    assert torch.equal(spread(8, 1), spread(8, 1))
    assert not torch.equal(spread(8, 1), spread(8, 2))


def test_the_u_net_starts_by_answering_nothing_and_can_learn_to() -> None:
    net = HalfSize(4, 2)
    pictures = torch.randn(2, 4, WORKING_SIZE, WORKING_SIZE)
    answer = net(pictures)
    assert answer.shape == (2, 2, WORKING_SIZE, WORKING_SIZE)
    assert not answer.any()
    (answer - 1).square().mean().backward()
    assert float(net.answer.weight.grad.abs().sum()) > 0


def test_a_stage_treats_each_image_alone() -> None:
    stage = Stage(4, 8, stride=2)
    images = torch.randn(3, 4, 10, 10)
    alone = torch.cat([stage(image[None]) for image in images])
    torch.testing.assert_close(stage(images), alone)
    assert alone.shape == (3, 8, 5, 5)


def test_cells_tile_the_working_size() -> None:
    assert CELLS * 16 == WORKING_SIZE
