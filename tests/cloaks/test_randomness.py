"""Random numbers that belong to an image."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.cloaks.randomness import generator_of, uniform


def test_an_image_has_the_same_numbers_in_any_company(images: Tensor) -> None:
    whole = uniform(images, 5)
    assert torch.equal(uniform(images[2:3], 5)[0], whole[2])
    assert torch.equal(uniform(images.flip(0), 5), whole.flip(0))


def test_other_seeds_and_images_have_others(images: Tensor) -> None:
    whole = uniform(images, 5)
    assert not torch.equal(uniform(images, 6), whole)
    assert not torch.equal(whole[0], whole[1])


def test_numbers_are_even_from_minus_one_to_one(images: Tensor) -> None:
    drawn = uniform(torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)), 0)
    assert -1 <= float(drawn.min()) < -0.99
    assert 0.99 < float(drawn.max()) <= 1
    assert abs(float(drawn.mean())) < 0.01
    assert abs(float(drawn.square().mean()) - 1 / 3) < 0.01


def test_no_image_has_no_numbers() -> None:
    assert uniform(torch.zeros(0, 3, 4, 4), 0).shape == (0, 3, 4, 4)


def test_memory_format_and_gradient_do_not_matter(images: Tensor) -> None:
    other = images.contiguous(memory_format=torch.channels_last).requires_grad_()
    one, two = (generator_of(batch[0], 1).initial_seed() for batch in (images, other))
    assert one == two
