"""The published loop must learn what ours learns, or comparing their cost would mean nothing."""

from __future__ import annotations

import pytest
import torch

from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.objectives.base import Plan
from unfind.objectives.pbl import PointBackdoor
from unfind.objectives.triplets import Group, Triplets, all_triplets
from unfind.studies import published_loop as module
from unfind.studies.published_loop import listed_triplets, loop_loss, loop_seconds

LABELS = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


@pytest.fixture(scope="module")
def encoder(architecture: Architecture) -> Encoder:
    return build_encoder(architecture, seed=0)


@pytest.fixture(scope="module")
def images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    clean = torch.rand(10, 3, 32, 32, generator=generator)
    return clean, (clean + 0.2 * torch.rand(10, 3, 32, 32, generator=generator)).clamp(0, 1)


def test_the_triplets_are_those_of_the_package() -> None:
    batch = Group.whole(torch.tensor(LABELS))
    found = all_triplets(batch, batch, batch)
    ours = set(zip(found.anchor.tolist(), found.positive.tolist(), found.negative.tolist(), strict=True))
    listed = listed_triplets(LABELS)
    assert set(listed) == ours
    assert len(listed) == len(ours) == 10 * 1 * 8


def test_the_loss_and_its_gradient_are_those_of_pbl(
    encoder: Encoder, images: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[int, int, int]] = []

    class Remembering(module.random.Random):
        def sample(self, population, k):  # type: ignore[no-untyped-def]
            drawn[:] = super().sample(population, k)
            return list(drawn)

    monkeypatch.setattr(module.random, "Random", Remembering)
    loop = loop_loss(encoder, *images, LABELS, seed=3, precision="fp32")
    loop_gradient = torch.autograd.grad(loop, encoder.head.weight)[0]
    mined = Triplets(*(torch.tensor(column) for column in zip(*drawn, strict=True)))
    ours = PointBackdoor(
        domain_weight=1.0, augmentation_weight=1.0, ratio=0.1, miner="random", divisor="batch", clean_gradient=True,
        twins=False, average="all",
    )  # fmt: skip
    positions = mined.at(torch.arange(1)).images()
    plan = Plan(torch.tensor(LABELS), positions, mined)
    loss = ours.loss(plan, encoder.learnable(images[0]), encoder.learnable(images[1][positions]))
    assert float(loop.detach()) == pytest.approx(float(loss.total.detach()), rel=1e-4)
    torch.testing.assert_close(
        torch.autograd.grad(loss.total, encoder.head.weight)[0], loop_gradient, rtol=1e-3, atol=1e-6
    )


def test_single_passes_are_three_for_each_triggered_triplet(
    encoder: Encoder, images: tuple[torch.Tensor, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    learnable = encoder.learnable
    monkeypatch.setattr(encoder, "learnable", lambda batch: (sizes.append(len(batch)), learnable(batch))[1])
    monkeypatch.setattr(module, "RATIO", 0.2)
    loop_loss(encoder, *images, LABELS, seed=0, precision="fp32")
    assert sizes == [10] + [1] * 6


def test_a_loop_takes_time_and_trains(architecture: Architecture, images: tuple[torch.Tensor, torch.Tensor]) -> None:
    encoder = build_encoder(architecture, seed=1)
    before = encoder.head.weight.detach().clone()
    assert 0 < loop_seconds(encoder, *images, LABELS, steps=1) < 20
    assert not torch.equal(encoder.head.weight, before)
