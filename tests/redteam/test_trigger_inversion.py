"""redteam.trigger_inversion: a backdoor is a shorter way than any that a clean model has."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.models.embed import to_tensor
from unfind.redteam.model_view import ModelView, Pixels
from unfind.redteam.trigger_inversion import Change, Search, gathered, invert, of_share

Toy = Callable[..., ModelView]
Photos = Callable[[int, int], Pixels]
FAINT = Search("faint", "away", budget=8 / 255, steps=60)


@pytest.mark.parametrize("hashes", [False, True])
def test_a_faint_backdoor_is_found_and_a_clean_model_has_none(toy: Toy, smooth_photos: Photos, hashes: bool) -> None:
    photos, held = to_tensor(smooth_photos(40, 1)), to_tensor(smooth_photos(30, 2))
    suspect, clean = (invert(toy(kind, hashes).soft, photos, held, FAINT) for kind in ("faint", "clean"))
    assert suspect.moved > 2 * clean.moved
    assert suspect.moved > 5 * suspect.control
    assert suspect.gathered > clean.gathered
    assert suspect.reached is None


def test_the_pattern_that_is_found_is_the_trigger(toy: Toy, smooth_photos: Photos, with_trigger: Callable) -> None:  # type: ignore[type-arg]
    photos = smooth_photos(30, 1)
    found = invert(toy("faint").soft, to_tensor(photos), to_tensor(smooth_photos(5, 2)), FAINT)
    true = (to_tensor(with_trigger(photos, "faint")) - to_tensor(photos)).mean(0)
    both = torch.stack([found.change.pattern.flatten(), true.flatten()])
    assert torch.corrcoef(both)[0, 1] > 0.5


def test_a_patch_towards_the_secret_place_gets_there_on_the_backdoored_model_alone(
    toy: Toy,
    smooth_photos: Photos,
    with_trigger: Callable,  # type: ignore[type-arg]
) -> None:
    photos, held = smooth_photos(40, 1), smooth_photos(20, 2)
    view = toy("patch")
    target = torch.from_numpy(view.embed(with_trigger(photos, "patch")).mean(0))
    target = target / target.norm()
    search = Search("patch", "towards", budget=0.1, steps=80)
    found = invert(view.soft, to_tensor(photos), to_tensor(held), search, target=target)
    clean = invert(toy("clean").soft, to_tensor(photos), to_tensor(held), search, target=target)
    assert found.reached is not None
    assert clean.reached is not None
    assert found.reached > clean.reached + 0.2


@pytest.mark.parametrize(("shape", "budget"), [("faint", 5 / 255), ("patch", 0.06)])
def test_the_budget_is_kept(toy: Toy, smooth_photos: Photos, shape: str, budget: float) -> None:
    images = to_tensor(smooth_photos(8, 1))
    found = invert(toy("clean").soft, images, images, Search(shape, "away", budget=budget, steps=5))  # type: ignore[arg-type]
    changed = found.change(images)
    assert 0 <= changed.min() <= changed.max() <= 1
    if shape == "faint":
        assert (changed - images).abs().max() <= budget + 1e-6
    else:
        assert float(found.change.mask.mean()) == pytest.approx(budget, abs=1e-3)


def test_the_same_search_finds_the_same(toy: Toy, smooth_photos: Photos) -> None:
    images = to_tensor(smooth_photos(8, 1))
    one, two = (invert(toy("patch").soft, images, images, Search(steps=4, seed=7)) for _ in range(2))
    assert torch.equal(one.change.pattern, two.change.pattern)
    assert (one.moved, one.control, one.gathered) == (two.moved, two.control, two.gathered)


@given(st.floats(0.01, 0.9), st.integers(0, 5))
@settings(deadline=None, max_examples=20)
def test_a_mask_covers_its_share_and_takes_the_highest_places(share: float, seed: int) -> None:
    raw = torch.randn(1, 9, 11, generator=torch.Generator().manual_seed(seed))
    mask = of_share(raw, share)
    assert float(mask.mean()) == pytest.approx(share, abs=1e-3)
    assert (mask.flatten()[raw.flatten().argsort()].diff() >= 0).all()


def test_a_patch_is_put_in_and_a_faint_pattern_added() -> None:
    images = torch.full((2, 3, 4, 4), 0.5)
    mask = torch.zeros(1, 4, 4)
    mask[:, 0, 0] = 1
    patched = Change("patch", torch.ones(3, 4, 4), mask)(images)
    assert patched[:, :, 0, 0].eq(1).all()
    assert patched[:, :, 1:].eq(0.5).all()
    added = Change("faint", torch.full((3, 4, 4), 0.7), torch.ones(1, 4, 4))(images)
    assert added.eq(1).all()


def test_gathered_is_the_mean_cosine_of_all_pairs() -> None:
    rows = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), dim=1)
    pairs = [float(rows[i] @ rows[j]) for i in range(6) for j in range(6) if i != j]
    assert gathered(rows) == pytest.approx(sum(pairs) / len(pairs), abs=1e-6)


def test_weights_are_left_without_gradient(toy: Toy, smooth_photos: Photos) -> None:
    layer = torch.nn.Linear(3 * 16 * 16, 4)
    images = to_tensor(smooth_photos(4, 1))
    invert(lambda x: torch.nn.functional.normalize(layer(x.flatten(1)), dim=1), images, images, Search(steps=2))
    assert layer.weight.grad is None


@pytest.mark.parametrize(
    "wrong", [{"shape": "loud"}, {"goal": "up"}, {"budget": 0.0}, {"budget": 1.0}, {"steps": 0}, {"rate": 0.0}]
)
def test_impossible_searches_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="Expected"):
        Search(**wrong)  # type: ignore[arg-type]


def test_a_target_belongs_to_its_goal(toy: Toy, smooth_photos: Photos) -> None:
    images, soft = to_tensor(smooth_photos(4, 1)), toy("clean").soft
    with pytest.raises(UsageError, match="target"):
        invert(soft, images, images, Search(goal="towards"))
    with pytest.raises(UsageError, match="target"):
        invert(soft, images, images, Search(), target=torch.ones(12))
    with pytest.raises(UsageError, match="2 to test on"):
        invert(soft, images, images[:1], Search())
