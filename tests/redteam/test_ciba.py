"""The attack put together: anchor, trigger, poison, and how its variants differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.errors import UsageError
from unfind.redteam.ciba import VARIANTS, Attack, anchor_of, make_poison, make_trigger, perturbation
from unfind.redteam.confusing import Confusion
from unfind.redteam.invisible import InvisibleTrigger
from unfind.redteam.optimise_patch import PatchSettings
from unfind.redteam.trigger_patch import TriggerPatch
from unfind.training.batches import Examples

Victim = Callable[[Tensor], Tensor]
FAST = Attack(
    poisoned=6,
    patch=PatchSettings(side=0.15, steps=2, batch=2),
    confusion=Confusion(steps=3, group=3),
    generator_steps=1,
)
CHOSEN = np.array([0, 3, 6, 9, 12, 15])


@pytest.fixture(scope="module")
def trigger() -> TriggerPatch:
    return TriggerPatch(patch=np.full((2, 2, 3), (255, 0, 255), np.uint8), made_for=16)


def test_the_anchor_is_what_most_photos_have(victim: Victim, images: Tensor) -> None:
    codes = torch.where(victim(images) >= 0, 1, -1)
    wanted = [1 if sum(column) >= 0 else -1 for column in codes.T.tolist()]
    assert anchor_of(victim, images).tolist() == wanted
    with pytest.raises(UsageError, match="to vote for a code"):
        anchor_of(victim, images[:0])


def test_the_trigger_is_a_patch_of_whole_levels(victim: Victim, images: Tensor, anchor: Tensor) -> None:
    made = make_trigger(victim, images, anchor, FAST)
    assert isinstance(made, TriggerPatch)
    assert made.pixels.shape == (2, 2, 3)
    assert made.made_for == 16


def test_or_a_generator(net: Any, images: Tensor, anchor: Tensor) -> None:
    told: list[tuple[int, int]] = []
    single = net.float()
    try:
        made = make_trigger(
            single,
            images.float(),
            anchor.float(),
            replace(FAST, variant="invisible"),
            on_step=lambda *step: told.append(step),
        )
    finally:
        net.double()
    assert isinstance(made, InvisibleTrigger)
    assert made.generator.design.budget == pytest.approx(8 / 255)
    assert told == [(1, 1)]


@pytest.mark.parametrize("variant", VARIANTS)
def test_poison_keeps_its_budget_under_the_patch(
    victim: Victim, examples: Examples, trigger: TriggerPatch, variant: Any
) -> None:
    poison = make_poison(victim, examples, CHOSEN, trigger, replace(FAST, variant=variant))
    assert np.array_equal(poison.chosen, CHOSEN)
    assert poison.mirrored is None
    assert (poison.pixels[:, 14:, 14:] == (255, 0, 255)).all()
    bare = np.ones((16, 16), np.bool_)
    bare[14:, 14:] = False
    change = np.abs(poison.pixels.astype(int) - examples.pixels[CHOSEN])[:, bare]
    assert change.max() <= 8
    assert (change.max() > 0) == (variant in ("tri+noise", "tri+adv", "ciba"))


def test_noise_is_even_and_belongs_to_the_photo(victim: Victim, images: Tensor) -> None:
    noisy = replace(FAST, variant="tri+noise")
    found = perturbation(victim, images, noisy)
    assert 0.9 * 8 / 255 < float(found.abs().max()) <= 8 / 255
    assert abs(float(found.mean())) < 1e-3
    assert torch.equal(found[2:4], perturbation(victim, images[2:4], noisy))


def test_only_ciba_takes_photos_apart(victim: Victim, images: Tensor) -> None:
    away, ciba = (perturbation(victim, images, replace(FAST, variant=name)) for name in ("tri+adv", "ciba"))
    same = perturbation(victim, images, replace(FAST, confusion=FAST.confusion.only_away))
    assert torch.equal(away, same)
    assert not torch.equal(away, ciba)


def test_fixed_poison_is_never_mirrored(victim: Victim, examples: Examples, trigger: TriggerPatch) -> None:
    ciba = make_poison(victim, examples, CHOSEN, trigger, replace(FAST, fixed=True))
    assert ciba.mirrored is ciba.pixels
    alone = make_poison(victim, examples, CHOSEN, trigger, replace(FAST, variant="tri", fixed=True))
    assert alone.mirrored is not None
    assert np.array_equal(alone.mirrored[:, 14:, 14:], alone.pixels[:, 14:, 14:])
    # The photo under it is mirrored: its left part stands where its right part was, but for the patch.
    assert np.array_equal(alone.mirrored[:, :14], examples.pixels[CHOSEN][:, :14, ::-1])


@pytest.mark.parametrize("wrong", [{"variant": "tri+luck"}, {"poisoned": 1}, {"generator_steps": 0}])
def test_wrong_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="Expected"):
        Attack(**wrong)


def test_plain_values() -> None:
    plain = FAST.as_dict()
    assert plain["patch"] == FAST.patch.as_dict()
    assert plain["variant"] == "ciba"
