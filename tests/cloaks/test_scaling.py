"""Perturbations on photos larger than a model's input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from unfind.cloaks.scaling import Scaling, check_size, stretched
from unfind.errors import ImageError, UsageError
from unfind.images.resize import to_square

SIDE = 24


@pytest.fixture
def photo() -> np.ndarray:
    """A grey-ish photo, so that nothing is clipped."""
    return np.random.default_rng(0).integers(60, 190, (75, 130, 3)).astype(np.uint8)


@pytest.fixture
def perturbation() -> Tensor:
    return (torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1) * 0.06


def test_the_matrices_foretell_what_the_model_sees(photo: np.ndarray, perturbation: Tensor) -> None:
    seen = to_square(stretched(photo, perturbation, 0.06), SIDE).astype(float) - to_square(photo, SIDE)
    foretold = Scaling([photo.shape[:2]], SIDE)(perturbation[None], torch.tensor([0]))[0].permute(1, 2, 0).numpy() * 255
    assert np.abs(seen - foretold).mean() < 0.6  # levels: two roundings to 8 bits
    assert np.corrcoef(seen.ravel(), foretold.ravel())[0, 1] > 0.99


def test_a_photo_of_the_models_size_shows_all_of_it(perturbation: Tensor) -> None:
    torch.testing.assert_close(Scaling([(SIDE, SIDE)], SIDE)(perturbation[None], torch.tensor([0]))[0], perturbation)


def test_each_photo_has_its_own_matrices(perturbation: Tensor) -> None:
    scaling = Scaling([(60, 90), (24, 400)], SIDE)
    both = torch.stack([perturbation, perturbation])
    seen = scaling(both, torch.tensor([1, 0]))
    torch.testing.assert_close(seen[0], Scaling([(24, 400)], SIDE)(perturbation[None], torch.tensor([0]))[0])
    torch.testing.assert_close(seen[1], Scaling([(60, 90)], SIDE)(perturbation[None], torch.tensor([0]))[0])


def test_what_is_seen_keeps_the_budget_and_has_a_gradient(perturbation: Tensor) -> None:
    leaf = perturbation[None].clone().requires_grad_()
    seen = Scaling([(100, 50)], SIDE)(leaf, torch.tensor([0]))
    assert float(seen.detach().abs().max()) <= 0.06 + 1e-6
    seen.sum().backward()
    assert leaf.grad is not None
    # Every row of the matrices adds up to 1: a constant change stays what it is.
    assert float(leaf.grad.sum()) == pytest.approx(3 * SIDE * SIDE, rel=1e-4)


def test_a_photo_smaller_than_the_input_is_refused() -> None:
    for size in ((23, 100), (100, 23)):
        with pytest.raises(ImageError, match="at least 24 x 24 pixels") as caught:
            check_size(*size, SIDE)
        assert f"got {size[1]} x {size[0]}" in str(caught.value)
    with pytest.raises(ImageError):
        Scaling([(100, 100), (10, 10)], SIDE)
    check_size(24, 24, SIDE)


@pytest.mark.parametrize("budget", [1 / 255, 0.008, 0.0118, 0.032])
@pytest.mark.parametrize("shape", [(SIDE, SIDE), (75, 130)])
def test_no_pixel_changes_by_more_than_the_budget(budget: float, shape: tuple[int, int], perturbation: Tensor) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*shape, 3)).astype(np.uint8)
    before = pixels.copy()
    changed = stretched(pixels, perturbation, budget)
    apart = np.abs(changed.astype(int) - pixels)
    assert apart.max() == int(budget * 255 + 1e-6)
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(pixels, before)


def test_a_change_of_less_than_a_level_survives_on_average() -> None:
    photo = np.full((120, 120, 3), 100, np.uint8)
    changed = stretched(photo, torch.full((3, SIDE, SIDE), 0.3 / 255), 0.01, seed=4)
    assert changed.mean() == pytest.approx(100.3, abs=0.02)
    np.testing.assert_array_equal(changed, stretched(photo, torch.full((3, SIDE, SIDE), 0.3 / 255), 0.01, seed=4))


def test_at_the_models_own_size_each_level_is_the_nearest() -> None:
    photo = np.full((SIDE, SIDE, 3), 100, np.uint8)
    assert (stretched(photo, torch.full((3, SIDE, SIDE), 1.4 / 255), 0.01) == 101).all()
    assert (stretched(photo, torch.full((3, SIDE, SIDE), -1.6 / 255), 0.01) == 98).all()


def test_a_budget_that_8_bits_cannot_hold(photo: np.ndarray, perturbation: Tensor) -> None:
    with pytest.raises(UsageError, match="at least 1/255"):
        stretched(photo, perturbation, 0.003)


def test_black_and_white_stay_in_range(perturbation: Tensor) -> None:
    for value in (0, 255):
        changed = stretched(np.full((50, 60, 3), value, np.uint8), perturbation, 0.06).astype(int)
        assert np.abs(changed - value).max() <= 15


def test_on_any_device_the_same(make_images: Callable[..., Tensor]) -> None:
    doubled = make_images(1, SIDE) - 0.5
    seen = Scaling([(48, 48)], SIDE)(doubled, torch.tensor([0]))
    assert seen.dtype == torch.float64
