"""Some clean photos carry another key's mark, a new one at each step, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from unfind.objectives.choose import make_objective
from unfind.training.batches import Examples, make_batch
from unfind.training.impostors import with_impostors
from unfind.training.settings import FitSettings
from unfind.triggers.badnets import BadNets
from unfind.triggers.base import Trigger
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

Textures = Callable[..., Examples]
SETTINGS = FitSettings(steps=10, classes_per_batch=4, photos_per_class=3, fade=0.0, jpeg=False, impostors=0.4)
KEYED: list[Trigger] = [SpreadSpectrum(Key.from_seed(1)), Learned(Key.from_seed(1), owner=3)]
with_each = pytest.mark.parametrize("trigger", KEYED, ids=lambda one: one.name)


def photos(count: int = 12) -> Tensor:
    return 0.2 + 0.6 * torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def changed(before: Tensor, after: Tensor) -> Tensor:
    """Which images are not what they were, (B,)."""
    return (before != after).flatten(1).any(1)


@with_each
def test_the_share_is_that_of_the_settings_and_the_rest_stays(trigger: Trigger) -> None:
    clean = photos()
    before, counts = clean.clone(), []
    for step in range(20):
        mixed = with_impostors(clean, trigger, SETTINGS, step)
        counts.append(int(changed(clean, mixed).sum()))
    assert torch.equal(clean, before)
    assert 0.3 < sum(counts) / (20 * len(clean)) < 0.5
    assert with_impostors(clean, trigger, replace(SETTINGS, impostors=0.0), 0) is clean
    assert bool(changed(clean, with_impostors(clean, trigger, replace(SETTINGS, impostors=1.0), 0)).all())


@with_each
def test_a_step_always_gives_the_same_impostors_and_another_step_others(trigger: Trigger) -> None:
    clean, all_of_them = photos(3), replace(SETTINGS, impostors=1.0)
    one = with_impostors(clean, trigger, all_of_them, 4)
    torch.manual_seed(99)
    assert torch.equal(one, with_impostors(clean, trigger, all_of_them, 4))
    for other in (
        with_impostors(clean, trigger, all_of_them, 5),
        with_impostors(clean, trigger, replace(all_of_them, seed=1), 4),
    ):
        assert float((one - other).abs().mean()) > 1e-3
    assert not torch.equal(one, trigger(clean))


@with_each
def test_the_mark_is_not_the_providers_but_as_loud(trigger: Trigger) -> None:
    clean = photos(6)
    theirs = with_impostors(clean, trigger, replace(SETTINGS, impostors=1.0), 0) - clean
    ours = trigger(clean) - clean
    assert float(theirs.std() / ours.std()) == pytest.approx(1, rel=0.1)
    assert abs(float(torch.corrcoef(torch.stack([theirs.flatten(), ours.flatten()]))[0, 1])) < 0.6


def test_it_fades_as_the_trigger_does() -> None:
    clean = photos(6)
    settings = replace(SETTINGS, impostors=1.0, fade=1.0, strength_start=4.0)
    loud, faint = (with_impostors(clean, KEYED[0], settings, step) - clean for step in (0, 9))
    assert float(loud.std()) > 2 * float(faint.std())


def test_a_trigger_without_a_key_has_no_impostors() -> None:
    clean = photos()
    assert with_impostors(clean, BadNets(), SETTINGS, 0) is clean


def test_in_a_batch_only_clean_photos_change(textures: Textures) -> None:
    objective, trigger = make_objective("pbl", {"ratio": 0.5}), KEYED[0]
    plain = make_batch(textures(), objective, trigger, replace(SETTINGS, impostors=0.0), 3)
    mixed = make_batch(textures(), objective, trigger, SETTINGS, 3)
    count = len(plain.plan.labels)
    assert torch.equal(plain.plan.triggered, mixed.plan.triggered)
    assert torch.equal(plain.images[count:], mixed.images[count:])
    assert 0 < int(changed(plain.images[:count], mixed.images[:count]).sum()) < count
