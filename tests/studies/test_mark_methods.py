"""Ours and others' marks, through one interface."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PIL import Image

from unfind.studies.mark_methods import PEER_BITS, PEER_LEAST, bits_of, own_methods, peers
from unfind.triggers.key import Key


@pytest.fixture(scope="module")
def pixels(wave) -> np.ndarray:
    return np.array(Image.fromarray(wave(3, 0)).resize((280, 264), Image.Resampling.BICUBIC))


def test_ours_are_read_with_their_bits_and_the_waves_have_none(pixels: np.ndarray) -> None:
    ours, spread = own_methods(Key.from_seed(1), ("shipped", "spread-spectrum"))
    assert (ours.name, spread.name) == ("ours", "spread")
    seen = ours.read(ours.write(pixels, 0), pixels, 0)
    assert seen.verified
    assert seen.bits is not None
    assert seen.bits > 0.9
    plain = ours.read(pixels, pixels, 0)
    assert not plain.verified
    assert plain.bits is not None
    assert plain.bits < 0.75
    waves = spread.read(spread.write(pixels, 0), pixels, 0)
    assert (waves.bits, waves.verified) == (None, True)
    assert not spread.read(pixels, pixels, 0).verified


def test_peers_that_are_installed_write_what_they_read(pixels: np.ndarray) -> None:
    for name in ("blind_watermark", "imwatermark"):
        pytest.importorskip(name, reason="a peer is measured where it is installed")
    found, absent = peers()
    assert [method.name for method in found] == ["blind_watermark", "dwt_dct_svd", "rivagan"]
    assert absent == {}
    for method in found[:2]:  # the third takes a second a look
        marked = method.write(pixels, 7)
        assert (marked.shape, marked.dtype) == (pixels.shape, np.uint8)
        assert np.abs(marked.astype(int) - pixels).mean() < 8
        seen = method.read(marked, pixels, 7)
        assert (seen.bits, seen.verified) == (1.0, True)
        assert not method.read(marked, pixels, 8).verified


def test_peers_that_refuse_small_photos_read_nothing_there() -> None:
    small = np.zeros((PEER_LEAST - 1, PEER_LEAST, 3), np.uint8)
    for method in peers()[0]:
        assert method.least == PEER_LEAST
    for method in peers()[0][1:]:
        seen = method.read(small, small, 0)
        assert (seen.bits, seen.verified) == (0.5, False)


def test_peers_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("blind_watermark", "imwatermark"):
        monkeypatch.setitem(sys.modules, name, None)
    found, absent = peers()
    assert found == []
    assert set(absent) == {"blind_watermark", "dwt_dct_svd", "rivagan"}
    assert all(why.startswith("not installed") for why in absent.values())


def test_every_photo_has_bits_of_its_own_and_always_the_same() -> None:
    assert bits_of(3).tolist() == bits_of(3).tolist()
    assert len({tuple(bits_of(number)) for number in range(20)}) == 20
    assert bits_of(0).shape == (PEER_BITS,)
    assert 0.4 < np.mean([bits_of(number) for number in range(50)]) < 0.6
