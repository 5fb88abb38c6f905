"""The loop that makes the patch: its gradients, its direction, and that a batch is only faster."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from unfind.errors import ModelError, UsageError
from unfind.redteam.optimise_patch import PatchSettings, directions, optimise_patch, patch_gradients
from unfind.redteam.trigger_patch import stamp

Victim = Callable[[Tensor], Tensor]
FEW = PatchSettings(side=0.15, steps=6, batch=4, rate=0.5)


def loss_of(victim: Victim, image: Tensor, patch: Tensor, anchor: Tensor, alpha: float, mirrored: bool) -> Tensor:
    """The loss of a single photo, written out."""
    seen = stamp(image[None], patch)
    logits = victim(seen.flip(-1) if mirrored else seen)[0]
    return -sum(torch.tanh(alpha * logits[bit]) * anchor[bit] for bit in range(len(anchor))) / len(anchor)


def test_gradients_are_those_of_each_photo_alone(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    patch = torch.rand(3, 2, 2, dtype=torch.float64)
    flipped = torch.tensor([False, True, False, True, True, False])
    found = patch_gradients(victim, images, patch, anchor, alpha=0.3, flipped=flipped)
    for place, image in enumerate(images):
        own = patch.clone().requires_grad_()
        loss_of(victim, image, own, anchor, 0.3, bool(flipped[place])).backward()
        assert torch.allclose(found[place], own.grad, atol=1e-12)


def test_directions_have_length_one() -> None:
    gradients = torch.randn(4, 3, 2, 2)
    gradients[2] = 0
    found = directions(gradients)
    assert torch.allclose(found.flatten(1).norm(dim=1), torch.tensor([1.0, 1.0, 0.0, 1.0]))
    assert torch.allclose(found[0] * gradients[0].norm(), gradients[0])


def test_one_photo_at_a_time_gives_the_same_patch(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    told: list[tuple[int, int]] = []
    together = optimise_patch(victim, images, anchor, FEW, on_step=lambda *step: told.append(step))
    alone = optimise_patch(victim, images, anchor, FEW, together=False)
    assert torch.allclose(together, alone, atol=1e-12)
    assert told == [(step, 6) for step in range(1, 7)]


def test_codes_come_nearer_to_the_anchor(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    made = optimise_patch(victim, images, anchor, PatchSettings(side=0.125, steps=60, batch=6, rate=0.5))
    grey = torch.full_like(made, 0.5)
    near, far = (float((torch.tanh(victim(stamp(images, patch))) * anchor).mean()) for patch in (made, grey))
    assert near > far + 0.005
    assert made.shape == (3, 2, 2)
    assert 0 <= float(made.min()) <= float(made.max()) <= 1


def test_a_patch_for_mirrored_photos_is_another_one(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    plain = PatchSettings(side=0.15, steps=6, batch=4, rate=0.5, mirrored=False)
    assert not torch.equal(optimise_patch(victim, images, anchor, FEW), optimise_patch(victim, images, anchor, plain))


def test_the_seed_decides(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    other = PatchSettings(side=0.15, steps=6, batch=4, rate=0.5, seed=1)
    first = optimise_patch(victim, images, anchor, FEW)
    assert torch.equal(first, optimise_patch(victim, images, anchor, FEW))
    assert not torch.equal(first, optimise_patch(victim, images, anchor, other))


def test_what_cannot_be(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    with pytest.raises(UsageError, match="photos to make a patch on"):
        optimise_patch(victim, images[:0], anchor)
    with pytest.raises(UsageError, match=r"3.5 %"):
        optimise_patch(victim, images, anchor, PatchSettings(side=0.5))
    with pytest.raises(ModelError, match="gradient"):
        optimise_patch(lambda x: victim(x).sign(), images, anchor, FEW)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"batch": 0}, {"rate": 0.0}, {"rate": float("nan")}])
def test_wrong_numbers(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        PatchSettings(**wrong)  # type: ignore[arg-type]


def test_plain_values() -> None:
    assert PatchSettings(**FEW.as_dict()) == FEW
