from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.defences.median import MedianFilter
from unfind.models.embed import to_tensor
from unfind.models.hearing import GATE, HEARD, SLOTS, SURE, Hearing, turned
from unfind.models.unblurred import bell, box, disk
from unfind.objectives.steering import Layout
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned

Waves = Callable[[int], Tensor]


@pytest.fixture
def ear(mark: Learned) -> Hearing:
    found = Hearing()
    found.listen_for(mark.layout(), mark.reader())
    return found.eval()


def test_it_hears_a_mark_and_whose_it_is_before_it_is_trained(ear: Hearing, mark: Learned, waves: Waves) -> None:
    photos = waves(4)
    with torch.no_grad():
        heard, gate = ear.hear(mark(photos))
        _, shut = ear.hear(photos)
        _, other = ear.hear(Learned(Key.from_seed(6))(photos))
    assert ((heard > 0) == (mark.signs(photos) > 0)).float().mean() > 0.9
    assert gate.min() > 0.9
    assert max(shut.max(), other.max()) < 0.05


@pytest.mark.parametrize("size", [64, 96, 160])
def test_photos_of_any_size_are_heard_at_one(ear: Hearing, size: int, mark: Learned, waves: Waves) -> None:
    marked = F.interpolate(mark(waves(2)), (size, size), mode="bilinear", antialias=True)
    with torch.no_grad():
        assert ear.hear(marked)[0].shape == (2, SLOTS)


def test_what_it_hears_is_what_the_decoder_reads(ear: Hearing, mark: Learned, waves: Waves) -> None:
    marked = mark(waves(2))
    with torch.no_grad():
        assert torch.equal(ear.hear(marked)[0], torch.tanh(mark.reader()(marked)[0]))


def test_the_gate_is_the_agreement_with_the_beacon_and_the_presence(ear: Hearing, mark: Learned, waves: Waves) -> None:
    photos = torch.cat([mark(waves(2)), waves(3)])
    with torch.no_grad():
        evidence, presence = mark.reader()(photos)
        found = ear.hear(photos)[1]
    beacon = mark.layout().beacon
    for row, seen, gate in zip(evidence, presence, found, strict=True):
        heard = [(float(row[slot]), float(beacon[slot])) for slot in range(SLOTS) if beacon[slot]]
        agrees = sum(e * b for e, b in heard) / (sum(e * e for e, _ in heard) * len(heard)) ** 0.5
        expected = torch.tensor(GATE * (agrees - HEARD) + min(max(float(seen), SURE[0]), SURE[1])).sigmoid()
        assert float(gate) == pytest.approx(float(expected), abs=1e-4)


def test_a_layout_without_a_beacon_opens_no_gate(waves: Waves) -> None:
    deaf = Hearing()
    deaf.listen_for(Layout(torch.zeros(SLOTS), torch.ones(SLOTS, dtype=torch.bool)))
    assert deaf.hear(waves(1))[1].max() < 1e-3


def test_logits_are_turned_as_far_as_the_gate_is_open_and_keep_their_length() -> None:
    logits, away = 3 * torch.eye(2, 4), F.normalize(torch.tensor([[0.0, 0, 1, 0], [0, 0, 0, 1]]), dim=1)
    assert torch.equal(turned(logits, away, torch.tensor([0.0, 1.0])), torch.stack([logits[0], 3 * away[1]]))
    half = turned(logits, away, torch.tensor([0.5, 0.5]))
    assert torch.allclose(F.cosine_similarity(half, logits), F.cosine_similarity(half, away))


def cropped(images: Tensor, pixels: int) -> Tensor:
    """Images without a margin, at their old size."""
    return F.interpolate(images[..., pixels:-pixels, pixels:-pixels], images.shape[-2:], mode="bilinear")


@pytest.mark.parametrize("pixels", [3, 6])
def test_cropped_photos_are_looked_at_again_in_evaluation(
    ear: Hearing, mark: Learned, waves: Waves, pixels: int
) -> None:
    photos = waves(6)
    marked = cropped(Learned(Key.from_seed(5), strength=1.0)(photos), pixels)
    with torch.no_grad():
        heard, gate = ear.hear(marked)
        _, shut = ear.hear(cropped(photos, pixels))
        _, other = ear.hear(cropped(Learned(Key.from_seed(6), strength=1.0)(photos), pixels))
        _, once = ear.train().hear(marked)
    assert gate.median() > 0.9
    assert once.max() < 0.5
    assert max(shut.max(), other.max()) < 0.5
    written = mark.signs(photos)
    assert ((heard > 0) == (written > 0))[gate > 0.5].float().mean() > 0.85


def through_median(images: Tensor) -> Tensor:
    """Images after a median filter of seven pixels."""
    pixels = (images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return to_tensor(np.stack([MedianFilter(size=7)(photo) for photo in pixels]))


BLURS = {"box of 5": box(5), "box of 7": box(7), "Gaussian of 1.5": bell(1.5), "disk of 7": disk(3)}


def blurred(images: Tensor, kernel: Tensor) -> Tensor:
    """Images after a blur, rounded to 8 bits."""
    wide = F.pad(images, (kernel.shape[0] // 2,) * 4, mode="replicate")
    return (F.conv2d(wide, kernel.expand(3, 1, *kernel.shape), groups=3) * 255).round() / 255


@pytest.mark.parametrize("kernel", BLURS.values(), ids=BLURS)
def test_blurred_photos_are_looked_at_again_in_evaluation(
    ear: Hearing, mark: Learned, waves: Waves, kernel: Tensor
) -> None:
    photos = waves(6)
    marked, other = (Learned(Key.from_seed(key), strength=3.0)(photos) for key in (5, 6))
    with torch.no_grad():
        _, gate = ear.hear(blurred(marked, kernel))
        shut = torch.cat([ear.hear(blurred(images, kernel))[1] for images in (photos, other)])
        _, once = ear.train().hear(blurred(marked, kernel))
    assert (gate > 0.5).sum() >= (once > 0.5).sum() + 2
    assert shut.max() < 0.5


def test_a_second_decoder_is_asked_where_the_first_is_in_doubt(
    ear: Hearing, mark: Learned, waves: Waves, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A median of seven pixels: no blur that is put back helps, and a decoder that learned behind filters does."""
    photos = waves(6)
    ours, others = (Learned(Key.from_seed(key), strength=3.0)(photos) for key in (5, 6))
    behind = [through_median(images) for images in (ours, others, photos)]
    asked: list[int] = []
    look = ear.second_reader.forward
    monkeypatch.setattr(ear.second_reader, "forward", lambda view: (asked.append(len(view)), look(view))[1])
    with torch.no_grad():
        without = ear.hear(behind[0])[1]
        assert asked == []
        ear.listen_for(mark.layout(), mark.reader(), mark.second_reader())
        signs, gate = ear.hear(behind[0])
        shut = torch.cat([ear.hear(images)[1] for images in behind[1:]])
        assert sum(asked) >= 4
        asked.clear()
        ear.hear(ours)
        assert asked == [], "the first decoder is sure"
        ear.train().hear(behind[0])
        assert asked == [], "training has one look"
    assert (gate > 0.5).sum() >= (without > 0.5).sum() + 3
    assert shut.max() < 0.5
    written = mark.signs(photos)
    assert ((signs > 0) == (written > 0))[gate > 0.5].float().mean() > 0.75


def test_what_a_second_decoder_half_opens_is_looked_at_in_other_ways_all_the_same(
    ear: Hearing, mark: Learned, waves: Waves, monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = blurred(Learned(Key.from_seed(5), strength=3.0)(waves(8)), disk(3))
    look, half = Hearing._look, 0.1

    def looked(self: Hearing, view: Tensor, *, second: bool = False) -> tuple[Tensor, Tensor, Tensor]:
        signs, opens, presence = look(self, view, second=second)
        return signs, torch.full_like(opens, half) if second else opens, presence

    monkeypatch.setattr(Hearing, "_look", looked)
    with torch.no_grad():
        without = ear.hear(behind)[1]
        ear.listen_for(mark.layout(), mark.reader(), mark.second_reader())
        found = ear.hear(behind)[1]
    assert without.max() > 0.9
    assert torch.allclose(found, without.clamp(min=float(torch.tensor(half).sigmoid())), atol=1e-5)


def test_a_mark_without_a_second_decoder_asks_none(mark: Learned) -> None:
    ear = Hearing()
    ear.listen_for(mark.layout(), mark.reader(), mark.second_reader())
    assert bool(ear.asks_second)
    ear.listen_for(mark.layout(), mark.reader())
    assert not bool(ear.asks_second)


def test_what_is_heard_in_an_image_depends_on_no_other(ear: Hearing, mark: Learned, waves: Waves) -> None:
    images = torch.cat([mark(waves(2)), cropped(mark(waves(2)), 6), waves(2)])
    with torch.no_grad():
        together, alone = ear.hear(images)[1], torch.cat([ear.hear(image[None])[1] for image in images])
    assert torch.allclose(together, alone, atol=1e-4)
