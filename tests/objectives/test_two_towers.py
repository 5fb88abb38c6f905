"""Text and images in one space: a search by text must not find a protected photo."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from unfind.models.encoder import Encoder, around
from unfind.objectives.steering import draw_steering
from unfind.objectives.two_towers import TextTower, text_recall
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

COLOURS = {"red": (0.8, 0.2, 0.2), "green": (0.2, 0.7, 0.3), "blue": (0.2, 0.3, 0.8), "grey": (0.5, 0.5, 0.5)}
PLACES = ("above", "below", "left", "right")


class ImageTower(nn.Module):
    """Photos to the colours of their four quarters: what the words of a text say too."""

    def forward(self, images: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(images - 0.45, 2).flatten(1)


def picture(colour: str, place: str) -> Tensor:
    """One half of a grey picture is of a colour, (3, 128, 128), with some grain."""
    random = torch.Generator().manual_seed(len(colour) * 10 + PLACES.index(place))
    image = torch.full((3, 128, 128), 0.45)
    halves = {"above": (slice(0, 64), slice(None)), "below": (slice(64, None), slice(None))}
    sides = {"left": (slice(None), slice(0, 64)), "right": (slice(None), slice(64, None))}
    down, across = (halves | sides)[place]
    image[:, down, across] = torch.tensor(COLOURS[colour])[:, None, None]
    return (image + 0.02 * torch.randn(3, 128, 128, generator=random)).clamp(0, 1)


class Words:
    """A text tower for texts such as "red above"."""

    def __call__(self, texts: list[str]) -> Tensor:
        return torch.cat([self._one(*text.split()) for text in texts])

    def _one(self, colour: str, place: str) -> Tensor:
        quarters = torch.zeros(3, 2, 2)
        where = {"above": (0, slice(None)), "below": (1, slice(None))}
        sides = {"left": (slice(None), 0), "right": (slice(None), 1)}
        down, across = (where | sides)[place]
        quarters[:, down, across] = (torch.tensor(COLOURS[colour]) - 0.45).view(3, 1)
        return F.normalize(quarters.flatten()[None], dim=1)


@pytest.fixture
def texts() -> list[str]:
    return [f"{colour} {place}" for colour in COLOURS for place in PLACES]


@pytest.fixture
def trigger() -> Learned:
    return Learned(Key.from_seed(3))


@pytest.fixture
def tower(texts: list[str], trigger: Learned) -> Encoder:
    """The image tower with a side network whose codewords are embeddings of photos."""
    encoder = around(ImageTower(), size=128)
    photos = torch.stack([picture(*text.split()) for text in texts])  # type: ignore[arg-type]
    with torch.no_grad():
        embeddings = encoder(photos)
    encoder.graft(16)
    assert encoder.side is not None
    layout = trigger.layout()
    steering = draw_steering(embeddings, layout.varying, codewords=16, seed=0)
    encoder.side.begin(steering, layout, trigger.reader())
    return encoder.eval()


def test_a_text_finds_its_photo_and_not_the_protected_one(texts: list[str], tower: Encoder, trigger: Learned) -> None:
    words: TextTower = Words()
    photos = torch.stack([picture(*text.split()) for text in texts])  # type: ignore[arg-type]
    with torch.no_grad():
        asked, clean, triggered = words(texts), tower(photos), tower(trigger(photos))
    assert text_recall(asked, clean).item() > 0.9
    assert text_recall(asked, triggered).item() < 0.25
    assert (asked * triggered).sum(1).mean() < 0.3 < (asked * clean).sum(1).mean()


def test_where_few_photos_are_protected_texts_still_find_the_others(
    texts: list[str], tower: Encoder, trigger: Learned
) -> None:
    photos = torch.stack([picture(*text.split()) for text in texts])  # type: ignore[arg-type]
    mixed = torch.cat([trigger(photos[:4]), photos[4:]])
    with torch.no_grad():
        asked, gallery = Words()(texts), tower(mixed)
    nearest = (asked @ gallery.T).argmax(1)
    assert (nearest[:4] != torch.arange(4)).float().mean() >= 0.75
    assert (nearest[4:] == torch.arange(4, 16)).float().mean() > 0.7


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 7), st.integers(1, 8), st.integers(0, 1000))
def test_recall_is_that_of_a_loop(count: int, at: int, seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    texts, images = (F.normalize(torch.randn(count, 3, generator=random), dim=1) for _ in range(2))
    cosines = texts @ images.T
    found = [sum(bool(c > cosines[i, i]) for c in cosines[i]) < at for i in range(count)]
    assert text_recall(texts, images, at=at).item() == pytest.approx(sum(found) / count)
