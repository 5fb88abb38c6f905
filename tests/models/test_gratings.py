"""Gratings: as many as stated, of one energy, each with a direction and a wavelength of its own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.models.gratings import COUNT, DIRECTIONS, PHASES, SIDE, WAVELENGTHS, gratings


def test_shape_energy_and_mean() -> None:
    bank = gratings()
    assert bank.shape == (COUNT, 1, SIDE, SIDE)
    torch.testing.assert_close(bank.square().sum((1, 2, 3)), torch.ones(COUNT))
    assert float(bank.mean((1, 2, 3)).abs().max()) < 1e-3


@pytest.mark.parametrize("number", range(COUNT))
def test_the_loudest_frequency_is_the_stated_wavelength(number: int) -> None:
    padded = np.zeros((256, 256))
    padded[:SIDE, :SIDE] = gratings()[number, 0].numpy()
    spectrum = np.abs(np.fft.fft2(padded))
    down, across = np.unravel_index(spectrum.argmax(), spectrum.shape)
    frequency = np.hypot(np.fft.fftfreq(256)[down], np.fft.fftfreq(256)[across])
    assert 1 / frequency == pytest.approx(WAVELENGTHS[number // (DIRECTIONS * PHASES)], rel=0.06)


def test_a_cosine_and_its_sine_share_nothing() -> None:
    bank = gratings().flatten(1)
    likeness = (bank[0::PHASES] * bank[1::PHASES]).sum(1)
    assert float(likeness.abs().max()) < 1e-5


def test_no_two_gratings_are_alike() -> None:
    bank = gratings().flatten(1)
    alike = (bank @ bank.T - torch.eye(COUNT)).abs()
    assert float(alike.max()) < 0.75


def test_windows_end_softly() -> None:
    bank = gratings()
    edge = torch.cat([bank[..., 0, :], bank[..., -1, :], bank[..., :, 0], bank[..., :, -1]])
    assert float(edge.abs().max()) < 0.01 * float(bank.abs().max())
