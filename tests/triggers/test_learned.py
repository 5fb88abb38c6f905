"""The learned trigger: what it writes can be read by its key, in files of any size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from unfind.errors import ModelError, UsageError
from unfind.images.codec import through_codec
from unfind.images.resize import scale
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import save_mark
from unfind.triggers.key import Key
from unfind.triggers.lay_on import lay_on, working_view
from unfind.triggers.learned import UNTRAINED, Learned, load
from unfind.triggers.payload import Payload
from unfind.triggers.slot_layout import slot_layout
from unfind.triggers.spread_spectrum import SpreadSpectrum
from unfind.triggers.strength import MAXIMUM_STRENGTH
from unfind.triggers.strength_by_size import strength_by_size

Scene = Callable[..., np.ndarray]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mark on disk, of strength 0.6."""
    save_mark(tmp_path / "mark", MarkEncoder(160, seed=4), MarkDecoder(160, seed=4), {"strength": 0.6})
    return tmp_path / "mark"


@pytest.mark.parametrize("shape", [(128, 128), (300, 400)])
def test_what_is_written_is_read_after_compression(shape: tuple[int, int], key: Key, scene: Scene) -> None:
    """Gratings that nobody trained, loud, on a smooth photo."""
    trigger = Learned(key, mark=UNTRAINED, strength=2.0, owner=5, nonce=99)
    smooth = scale(scene(32, 32), shape[0] / 32)[: shape[0], :]
    marked = trigger.mark(smooth)
    for pixels in (marked, through_codec([marked], quality=85)[0]):
        found = trigger.find(pixels)
        assert found.marked
        assert found.payload == Payload(5, 99)
        assert found.agreement > 0.8
    assert not trigger.find(smooth).marked
    assert not Learned(Key.from_seed(2)).find(marked).marked


def test_every_photo_has_a_nonce_of_its_own_and_always_the_same(key: Key, scene: Scene) -> None:
    trigger = Learned(key)
    images = torch.rand(3, 3, 140, 90, generator=torch.Generator().manual_seed(0))
    marked = trigger(images)
    assert torch.equal(trigger(images), marked)
    assert not torch.equal(Learned(Key.from_seed(8))(images), marked)
    signs = [trigger._signs(image) for image in images]
    assert not np.array_equal(signs[0], signs[1])


def test_a_photo_is_marked_alike_as_a_file_and_in_a_batch(key: Key, scene: Scene) -> None:
    trigger = Learned(key, owner=3)
    for shape in ((128, 128), (300, 260), (60, 400)):
        pixels = scene(*shape)
        batch = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
        # A batch knows nothing of the size of the photos it shows, so it does not make small ones louder.
        as_loud = Learned(key, owner=3, strength=strength_by_size(trigger.strength, *shape))
        assert (as_loud.strength > trigger.strength) == (min(shape) < 256)
        marked = (as_loud(batch)[0] * 255).round().permute(1, 2, 0).numpy()
        difference = np.abs(trigger.mark(pixels) - marked)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.01


@pytest.mark.parametrize("shape", [(128, 128), (300, 201)])
def test_what_photos_drown_is_written_louder(shape: tuple[int, int], key: Key, scene: Scene) -> None:
    """More slots are heard than in a mark that was made without listening, at the same energy."""
    trigger = Learned(key, strength=0.3)
    batch = torch.from_numpy(np.stack([scene(*shape, seed=seed) for seed in range(4)])).permute(0, 3, 1, 2) / 255
    signs = trigger.signs(batch)
    plain = lay_on(batch, trigger.net.encoder(working_view(batch), signs), 0.3)
    loud = trigger(batch)

    def heard(marked: torch.Tensor) -> float:
        return float(((trigger.net.decoder(working_view(marked))[0] > 0) == (signs > 0)).float().mean())

    assert heard(loud) > 0.5 * (1 + heard(plain))  # less than half as many are misheard
    assert float((loud - batch).std() / (plain - batch).std()) == pytest.approx(1, rel=0.05)


def test_gradients_pass_to_the_photo(key: Key, scene: Scene) -> None:
    images = (0.3 + 0.4 * torch.rand(1, 3, 64, 64)).requires_grad_()
    Learned(key)(images).sum().backward()
    assert images.grad is not None
    assert float(images.grad.abs().mean()) > 0.5


def test_a_folder_brings_its_own_strength(folder: Path, key: Key) -> None:
    assert Learned(key, mark=str(folder)).strength == 0.6
    assert Learned(key, mark=str(folder), strength=1.1).strength == 1.1


def test_a_folder_and_the_untrained_mark_are_told_apart(folder: Path, key: Key) -> None:
    images = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    ours, plain = (Learned(key, mark=mark, strength=1.0, nonce=1) for mark in (str(folder), UNTRAINED))
    assert ours.settings()["fingerprint"] != plain.settings()["fingerprint"]
    assert not torch.equal(ours(images), plain(images))


def test_other_weights_than_the_cards_are_refused(folder: Path, key: Key) -> None:
    settings = Learned(key, mark=str(folder)).settings()
    Learned(key, **settings)
    save_mark(folder, MarkEncoder(160, seed=5), MarkDecoder(160, seed=5), {"strength": 0.6})
    with pytest.raises(ModelError, match="reacts to the mark it was trained with"):
        Learned(key, **settings)


def test_a_mark_of_another_number_of_slots_is_refused(tmp_path: Path, key: Key) -> None:
    save_mark(tmp_path, MarkEncoder(64), MarkDecoder(64), {"strength": 1.0})
    with pytest.raises(ModelError, match="160 slots"):
        Learned(key, mark=str(tmp_path))


def test_networks_are_read_once(folder: Path) -> None:
    assert load(str(folder)) is load(str(folder))


@pytest.mark.parametrize("mark", ["nowhere", __file__])
def test_no_mark_is_told(mark: str, key: Key) -> None:
    with pytest.raises(ModelError, match="Expected a mark's card"):
        Learned(key, mark=mark)


@pytest.mark.parametrize("settings", [{"strength": 0}, {"strength": 9}, {"owner": -1}, {"nonce": 2**32}])
def test_settings_out_of_range_are_refused(settings: dict[str, int], key: Key) -> None:
    with pytest.raises(UsageError, match="Expected"):
        Learned(key, **settings)  # type: ignore[arg-type]


def test_stronger_is_louder_within_a_limit(key: Key) -> None:
    trigger = Learned(key, strength=0.3, nonce=1)
    images = 0.45 + 0.1 * torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    once, twice = trigger(images) - images, trigger.stronger(2)(images) - images
    # Not the same pattern, as other slots need emphasis in a louder mark, but one of the same energy.
    assert float(twice.std() / once.std()) == pytest.approx(2, rel=0.05)
    assert float(F.cosine_similarity(once.flatten(), twice.flatten(), dim=0)) > 0.7
    assert trigger.stronger(100).strength == MAXIMUM_STRENGTH
    assert trigger.strength == 0.3


def test_it_says_what_its_marks_say_and_how_to_hear_it() -> None:
    trigger = Learned(Key.from_seed(2), owner=9)
    photos = torch.rand(3, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    signs = trigger.signs(photos)
    seen = (photos * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    wanted = np.stack([trigger.photos.signs(pixels) for pixels in seen])
    assert np.array_equal(signs.numpy(), wanted)
    assert not torch.equal(signs[0], signs[1])
    assert torch.equal(trigger.layout().beacon, slot_layout(trigger.photos.slots).beacon)
    assert trigger.reader() is trigger.net.decoder


def test_a_trigger_without_signs_says_so() -> None:
    trigger = SpreadSpectrum(Key.from_seed(2))
    assert trigger.signs(torch.zeros(1, 3, 8, 8)) is None
    assert trigger.layout() is None
    assert trigger.reader() is None


def test_a_mark_for_another_owner_is_that_owners_and_leaves_the_first_alone() -> None:
    trigger = Learned(Key.from_seed(2), owner=9, strength=2)
    photo = np.full((128, 128, 3), 120, np.uint8)
    found = trigger.find(trigger.of_owner(77).mark(photo))
    assert found.payload is not None
    assert (found.payload.owner, trigger.photos.owner) == (77, 9)
    with pytest.raises(UsageError, match="owner"):
        trigger.of_owner(2**16)
