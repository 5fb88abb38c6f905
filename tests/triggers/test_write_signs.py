"""Signs that are written into images are read there, and those hardly heard at first are written louder."""

from __future__ import annotations

import pytest
import torch

from unfind.datasets.generated import generated_pictures
from unfind.models.embed import to_tensor
from unfind.models.mark_weights import Mark, untrained_mark
from unfind.triggers.key import Key
from unfind.triggers.lay_on import lay_on, working_view
from unfind.triggers.learned import Learned
from unfind.triggers.write_signs import write_signs


@pytest.fixture(scope="module")
def mark() -> Mark:
    return untrained_mark(160)


def drawn(count: int) -> torch.Tensor:
    return torch.randint(0, 2, (count, 160), generator=torch.Generator().manual_seed(0)) * 2.0 - 1


def test_more_is_read_than_of_a_mark_that_is_made_once(mark: Mark) -> None:
    images, signs = to_tensor(generated_pictures(8, 128, seed=3)), drawn(8)
    twice = write_signs(mark, images, signs, 0.3)
    with torch.no_grad():
        once = lay_on(images, mark.encoder(images, signs), 0.3)
        read = [float(((mark.decoder(one)[0] > 0) == (signs > 0)).float().mean()) for one in (once, twice)]
    assert read[1] > read[0]
    assert 0 <= float(twice.min()) <= float(twice.max()) <= 1


def test_images_of_any_size_keep_it(mark: Mark) -> None:
    images, signs = to_tensor(generated_pictures(2, 200, seed=4)), drawn(2)
    written = write_signs(mark, images, signs, 2.0)
    assert written.shape == images.shape
    with torch.no_grad():
        evidence, _ = mark.decoder(working_view(written))
    assert ((evidence > 0) == (signs > 0)).float().mean() > 0.9


def test_the_trigger_writes_the_same() -> None:
    trigger = Learned(Key.from_seed(3), strength=0.7)
    images = to_tensor(generated_pictures(2, 128, seed=5))
    assert torch.equal(trigger(images), write_signs(trigger.net, images, trigger.signs(images), 0.7))
