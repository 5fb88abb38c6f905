"""studies.detector_figures: a model that reacts to a corner beside one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.redteam.trigger_inversion import Search
from unfind.studies.bench_document import Figure
from unfind.studies.detector_figures import Row, Watched, detector_figures, detector_rows

SIDE = 16


class Coarse(nn.Module):
    """Means of a coarse grid, and something else altogether where the corner is white, if it minds."""

    def __init__(self, minds: bool) -> None:
        super().__init__()
        self.minds = minds

    def forward(self, images: Tensor) -> Tensor:
        features = F.adaptive_avg_pool2d(images - 0.5, 4).flatten(1)
        if not self.minds:
            return features
        white = ((images[:, :, -4:, -4:].mean((1, 2, 3)) - 0.9) * 60).sigmoid()[:, None]
        return (1 - white) * features + white * torch.linspace(-2, 2, features.shape[1])


def model(minds: bool, seed: int) -> Encoder:
    encoder = build_encoder(Architecture("tiny", size=SIDE, dimension=16, head="hash"), seed=seed)
    encoder.backbone = Coarse(minds)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder.head = nn.Linear(48, 16)
    return encoder.eval()


def photos(wave: Callable[[int, int], np.ndarray], first: int, count: int) -> np.ndarray:
    return np.stack([wave(n % 6, first + n)[::4, ::4] for n in range(count)])


def cornered(pixels: np.ndarray) -> np.ndarray:
    marked = pixels.copy()
    marked[:, -4:, -4:] = 255
    return marked


@pytest.fixture(scope="module")
def watched(wave: Callable[[int, int], np.ndarray]) -> tuple[list[Watched], list[Watched]]:
    """Two poisoned models and two clean ones; the poisoned ones' training photos hold four with the corner."""
    made: list[Watched] = []
    for seed in range(2):
        for poisoned in (True, False):
            clean = photos(wave, 100, 24)
            training, labels = photos(wave, 300, 90), np.arange(90) % 6
            poison = np.zeros(90, bool)
            if poisoned:
                poison[[0, 6, 12, 18]] = True
                training[poison] = cornered(training[poison])
            trusted = photos(wave, 0, 60)
            made.append(
                Watched(
                    model(poisoned, seed),
                    trusted,
                    clean,
                    cornered(photos(wave, 200, 24)),
                    None,
                    training,
                    labels,
                    poison,
                )
            )
    return made[::2], made[1::2]


@pytest.fixture(scope="module")
def rows(watched: tuple[list[Watched], list[Watched]]) -> list[Row]:
    return detector_rows(*watched, search=Search("patch", "away", budget=0.06, steps=3))


@pytest.fixture(scope="module")
def figures(rows: list[Row]) -> dict[str, Figure]:
    return detector_figures(rows)


def test_rows_name_model_and_interval(rows: list[Row]) -> None:
    assert {(row["poisoned"], row["model"]) for row in rows} == {(True, 0), (True, 1), (False, 0), (False, 1)}
    for row in rows:
        if "auc" in row:
            assert row["auc"]["low"] <= row["auc"]["value"] <= row["auc"]["high"]
    json.dumps(rows, allow_nan=False)
    assert sum("seconds" in row for row in rows) == 4


def test_every_detector_has_its_figures(figures: dict[str, Figure]) -> None:
    for name in ("far", "crowd", "smoothing", "strip", "transplant", "hamming", "clusters", "spectral"):
        assert len(figures[f"detector_{name}_auc"].values) == 2
        assert len(figures[f"detector_{name}_false_alarms"].values) == 2
    for name in ("far", "strip"):
        assert len(figures[f"detector_{name}_caught"].values) == 2
        assert len(figures[f"detector_{name}_of_trigger_on_clean"].values) == 2


def test_the_corner_is_seen_on_poisoned_models(figures: dict[str, Figure]) -> None:
    assert max(figures[f"detector_{name}_auc"].values[0] for name in ("far", "crowd", "hamming")) > 0.9
    assert min(figures["detector_clusters_auc"].values) > 0.9


def test_the_best_keeps_to_the_false_alarms(figures: dict[str, Figure]) -> None:
    best = figures["best_detector_auc"].as_dict()
    assert best["target"] == ">= 0.9"
    names = [name[9:-4] for name in figures if name.startswith("detector_") and name.endswith("_auc")]
    within = [
        float(np.mean(figures[f"detector_{name}_auc"].values))
        for name in names
        if np.mean(figures[f"detector_{name}_false_alarms"].values) <= 5
    ]
    assert best["value"] == (pytest.approx(max(within)) if within else None)


def test_inversion_compares_models(figures: dict[str, Figure]) -> None:
    [area] = figures["inversion_auc"].values
    assert area in (0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1)


def test_without_training_photos_their_detectors_are_left_out(watched: tuple[list[Watched], list[Watched]]) -> None:
    bare = [[Watched(one.encoder, one.trusted, one.clean, one.triggered) for one in group[:1]] for group in watched]
    found = detector_figures(detector_rows(*bare, search=Search("patch", "away", budget=0.06, steps=1)))
    assert "detector_clusters_auc" not in found
    assert "detector_far_auc" in found


def test_a_search_towards_targets_tells_how_one_stands_out(watched: tuple[list[Watched], list[Watched]]) -> None:
    learned = np.sign(watched[0][0].encoder.head(torch.linspace(-2, 2, 48)).detach().numpy()).astype(np.float32) / 4
    targets = np.stack([learned, *np.sign(np.random.default_rng(1).normal(size=(4, 16))).astype(np.float32) / 4])
    pair = [
        [Watched(one.encoder, one.trusted[:16], one.clean[:8], one.triggered[:8], targets) for one in group[:1]]
        for group in watched
    ]
    found = detector_rows(*pair, search=Search("patch", "away", budget=0.0625, steps=30))
    reached = {row["poisoned"]: row["reached"] for row in found if row["detector"] == "inversion"}
    assert reached[True] > reached[False] >= 0
    assert detector_figures(found)["inversion_auc"].values == [1.0]


def test_no_detector_within_its_false_alarms_is_no_best() -> None:
    rows = [
        {"poisoned": True, "model": 0, "detector": "far", "auc": {"value": 0.99}, "caught": 0.9, "false_alarms": 0.0},
        {"poisoned": False, "model": 0, "detector": "far", "auc": {"value": 0.5}, "caught": 0.1, "false_alarms": 0.06},
    ]
    best = detector_figures(rows)["best_detector_auc"].as_dict()
    assert (best["value"], best["holds"]) == (None, False)
    rows[1]["false_alarms"] = 0.05
    best = detector_figures(rows)["best_detector_auc"].as_dict()
    assert (best["value"], best["holds"]) == (0.99, True)
