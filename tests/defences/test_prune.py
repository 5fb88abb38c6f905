from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from unfind.defences.base import CleanPhotos
from unfind.defences.prune import BATCH, FinePrune, Prune, dormant_features, mean_activations, silence
from unfind.errors import UsageError
from unfind.models.embed import to_tensor
from unfind.models.encoder import Architecture, Encoder, build_encoder


def test_activations_against_all_photos_at_once(encoder: Encoder, photos: CleanPhotos) -> None:
    with torch.no_grad():
        features = encoder.backbone(to_tensor(photos.pixels))
    assert mean_activations(encoder, photos) == pytest.approx(features.abs().mean(0).numpy(), rel=1e-4, abs=1e-6)


def test_activations_over_several_batches(encoder: Encoder, photos: CleanPhotos) -> None:
    times = BATCH // len(photos.pixels) + 1
    many = CleanPhotos(np.tile(photos.pixels, (times, 1, 1, 1)), np.tile(photos.labels, times))
    assert len(many.pixels) > BATCH
    assert mean_activations(encoder, many) == pytest.approx(mean_activations(encoder, photos), rel=1e-4, abs=1e-6)


def test_the_dormant_ones_are_the_least_active(encoder: Encoder, photos: CleanPhotos) -> None:
    activations = mean_activations(encoder, photos)
    dormant = dormant_features(encoder, photos, 0.25)
    assert len(dormant) == int(0.25 * len(activations))
    others = np.setdiff1d(np.arange(len(activations)), dormant)
    assert activations[dormant].max() <= activations[others].min()


def test_pruning_is_the_model_without_these_features(encoder: Encoder, photos: CleanPhotos) -> None:
    pruned = Prune(fraction=0.4)(encoder, photos)
    dormant = dormant_features(encoder, photos, 0.4)
    with torch.no_grad():
        features = encoder.backbone(to_tensor(photos.pixels))
        features[:, dormant] = 0
        expected = torch.nn.functional.normalize(encoder.head(features), dim=1)
        torch.testing.assert_close(pruned(to_tensor(photos.pixels)), expected, rtol=1e-4, atol=1e-5)
    assert not pruned.head.weight[:, dormant].any()


def test_a_larger_fraction_silences_more_of_the_same(encoder: Encoder, photos: CleanPhotos) -> None:
    few, many = (set(dormant_features(encoder, photos, f).tolist()) for f in (0.1, 0.5))
    assert few < many


def test_silenced_features_stay_silent_while_the_rest_is_tuned(encoder: Encoder, photos: CleanPhotos) -> None:
    tuned = FinePrune(fraction=0.3, steps=3, learning_rate=1e-3)(encoder, photos)
    dormant = dormant_features(encoder, photos, 0.3)
    awake = np.setdiff1d(np.arange(encoder.head.in_features), dormant)
    assert not tuned.head.weight[:, dormant].any()
    assert not torch.equal(tuned.head.weight[:, awake], encoder.head.weight[:, awake])


def test_silence_works_in_place(encoder: Encoder) -> None:
    changed = copy.deepcopy(encoder)
    silence(changed, np.array([0, 3]))
    assert not changed.head.weight[:, [0, 3]].any()
    assert torch.equal(changed.head.weight[:, 1], encoder.head.weight[:, 1])


def test_the_mode_of_the_model_stays(encoder: Encoder, photos: CleanPhotos) -> None:
    training = copy.deepcopy(encoder).train()
    mean_activations(training, photos)
    assert training.training


def test_a_model_without_a_head_cannot_be_pruned(photos: CleanPhotos) -> None:
    bare = build_encoder(Architecture("tiny", photos.pixels.shape[1], head="none"), seed=0)
    with pytest.raises(UsageError, match="linear head to prune, got one without"):
        mean_activations(bare, photos)
