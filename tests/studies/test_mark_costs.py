"""What marking costs, measured on things whose cost is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from unfind.errors import EvaluationError
from unfind.models.cost import multiplications
from unfind.studies import mark_costs as module
from unfind.studies.mark_costs import StegaStampShape, end_to_end, network_costs


def test_the_large_network_has_the_shape_it_stands_for() -> None:
    net = StegaStampShape().eval()
    photo, secret = torch.zeros(1, 3, 400, 400), torch.zeros(1, 100)
    assert net(photo, secret).shape == photo.shape
    assert multiplications(net, photo, secret) / 1e9 == pytest.approx(8.3, abs=0.05)


def test_costs_are_within_what_a_phone_can_bear(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = torch.get_num_threads()
    found = network_costs(1)
    assert torch.get_num_threads() == threads
    assert found["encoder_gmac"] < 2
    assert found["decoder_gmac"] < 2
    assert found["stegastamp_shape_ms"] > 2 * found["encoder_ms"] > 0
    assert found["encoder_onnx_ms"] > 0


def test_a_photo_goes_from_file_to_file(wave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEGAPIXELS", {12: (800, 600)})
    found = end_to_end(wave(3, 0), 12, tmp_path, "shipped")
    assert (tmp_path / "12-shipped.jpg").exists()
    assert 0.05 < found["seconds"] < 20
    assert 20 < found["megabytes"] < 500


def test_a_process_that_fails_is_told(wave, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEGAPIXELS", {12: (80, 60)})
    with pytest.raises(EvaluationError, match=r"Expected to protect 12 megapixels, got .*Expected"):
        end_to_end(wave(3, 0), 12, tmp_path, "nowhere")


def test_large_photos_have_a_grain(wave) -> None:
    large = np.array(module._large(wave(0, 0), (500, 400))).astype(int)
    assert large.shape == (400, 500, 3)
    assert np.abs(np.diff(large, axis=1)).mean() > 2
