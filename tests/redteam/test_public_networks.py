"""redteam.public_networks: what a mark's decoder tells whoever has it, and what its gradient undoes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.mark_weights import Mark
from unfind.redteam.public_networks import (
    common_signs,
    likeness_of_signs,
    presence_heard,
    scramble_signs,
    signs_heard,
    write_signs,
)
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

PHOTOS = 12


@pytest.fixture(scope="module")
def photos(pictures: Callable[[int], Tensor]) -> Tensor:
    return pictures(PHOTOS)


@pytest.fixture(scope="module")
def trigger() -> Learned:
    return Learned(Key.from_seed(1))


@pytest.fixture(scope="module")
def mark(trigger: Learned) -> Mark:
    return trigger.net


@pytest.fixture(scope="module")
def marked(photos: Tensor, trigger: Learned) -> Tensor:
    return trigger(photos)


def test_a_decoder_sees_marks_of_a_key_it_does_not_know(photos: Tensor, marked: Tensor, mark: Mark) -> None:
    without, with_mark = (presence_heard(mark.decoder, images) for images in (photos, marked))
    assert with_mark.min() > without.max()


def test_one_photo_tells_which_others_are_of_its_key(photos: Tensor, marked: Tensor, mark: Mark) -> None:
    others = Learned(Key.from_seed(2))(photos[1:])
    signs = common_signs(mark.decoder, marked[:1])
    same, another, none = (
        float(likeness_of_signs(mark.decoder, images, signs).mean()) for images in (marked[1:], others, photos[1:])
    )
    assert same > another + 0.1
    assert same > none + 0.1
    assert abs(another) < 0.1


def test_signs_of_many_photos_are_those_of_the_key(marked: Tensor, mark: Mark, trigger: Learned) -> None:
    beacon = trigger.layout().beacon
    says = common_signs(mark.decoder, marked)
    assert set(says.tolist()) == {1.0, -1.0}
    assert (says * beacon)[beacon != 0].mean() > 0.9


def test_what_is_written_is_heard(photos: Tensor, mark: Mark) -> None:
    signs = torch.randint(0, 2, (mark.decoder.slots,), generator=torch.Generator().manual_seed(3)) * 2.0 - 1
    written = write_signs(mark, photos, signs)
    assert (signs_heard(mark.decoder, written).sign() == signs).float().mean() > 0.9
    louder = write_signs(mark, photos, signs, strength=2.0)
    assert (louder - photos).abs().mean() > 1.5 * (written - photos).abs().mean()


def test_a_scrambled_mark_says_nothing_of_its_key(photos: Tensor, marked: Tensor, mark: Mark, trigger: Learned) -> None:
    beacon = trigger.layout().beacon
    done = scramble_signs(mark.decoder, marked, budget=4 / 255)
    before, after = (
        float(F.cosine_similarity(signs_heard(mark.decoder, images) * beacon.abs(), beacon[None], dim=1).mean())
        for images in (marked, done)
    )
    assert before > 0.7
    assert after < 0.3


def test_a_wash_keeps_to_its_budget_and_its_seed(marked: Tensor, mark: Mark) -> None:
    one, two = (scramble_signs(mark.decoder, marked[:2], budget=1 / 255, steps=2, seed=5) for _ in range(2))
    assert torch.equal(one, two)
    assert 0 < float((one - marked[:2]).abs().max()) <= 1 / 255 + 1e-6
    assert 0 <= float(one.min()) <= float(one.max()) <= 1
    assert not torch.equal(one, scramble_signs(mark.decoder, marked[:2], budget=1 / 255, steps=2, seed=6))


def test_more_photos_than_a_batch_are_washed_one_like_the_other(marked: Tensor, mark: Mark) -> None:
    many = marked[:1].expand(33, -1, -1, -1)
    done = scramble_signs(mark.decoder, many, steps=1)
    assert done.shape == many.shape
    assert not torch.equal(done[0], done[32])  # each has signs of its own


def test_nothing_held_tells_nothing(marked: Tensor, mark: Mark) -> None:
    with pytest.raises(UsageError, match="at least 1 photo"):
        common_signs(mark.decoder, marked[:0])


@pytest.mark.parametrize("options", [{"budget": 0.0}, {"budget": 1.0}, {"steps": 0}])
def test_a_wash_without_room_is_refused(marked: Tensor, mark: Mark, options: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="a budget between 0 and 1 and a step"):
        scramble_signs(mark.decoder, marked[:1], **options)
