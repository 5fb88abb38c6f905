"""What a decoder reads behind each filter is counted as a loop counts it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from unfind.datasets.generated import generated_pictures
from unfind.defences.median import MedianFilter
from unfind.models.mark_weights import untrained_mark
from unfind.training import check_behind_filters as module
from unfind.training.check_behind_filters import SEED, STRENGTH, check_behind_filters
from unfind.training.filtered_batches import FILTERS, marked_pixels


def test_shares_are_those_of_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels, mark = generated_pictures(3, 128, seed=2), untrained_mark(160)
    found = check_behind_filters(mark, mark.decoder, pixels)
    assert list(found) == list(FILTERS)
    signs = torch.from_numpy(np.random.default_rng(SEED).choice(np.array([-1, 1], np.float32), (3, 160)))
    marked = marked_pixels(mark, pixels, signs, STRENGTH)
    right = 0
    for photo, said in zip(marked, signs, strict=True):
        seen = torch.from_numpy(MedianFilter(size=7)(photo)).permute(2, 0, 1)[None] / 255
        evidence, _ = mark.decoder(seen)
        right += sum(bool((e > 0) == (s > 0)) for e, s in zip(evidence[0], said, strict=True))
    assert found["median 7"] == pytest.approx(right / 480, abs=1e-4)
    assert found == check_behind_filters(mark, mark.decoder, pixels), "the same signs in every check"
    monkeypatch.setattr(module, "FILTERS", {"none": (None, 1.0)})
    assert check_behind_filters(mark, mark.decoder, pixels) == {"none": found["none"]}
