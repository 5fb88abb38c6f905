"""What every defence must do, whatever it does to photos or models."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from unfind.defences.base import CleanPhotos, ImageFilter, ModelDefence
from unfind.defences.choose import FILTERS, MODEL_DEFENCES, make_defence, make_filter
from unfind.errors import UsageError
from unfind.models.embed import embed_pixels
from unfind.models.encoder import Encoder

# Name, settings, and between which standard deviations (grey levels) noise of 8 is left in a flat picture.
FILTER_TABLE: list[tuple[str, dict[str, Any], tuple[float, float]]] = [
    ("mean", {}, (3.0, 4.2)),
    ("mean", {"size": 5}, (1.8, 2.8)),
    ("box", {}, (2.2, 3.2)),
    ("box", {"size": 7}, (0.8, 1.7)),
    ("gaussian", {}, (1.8, 2.8)),
    ("gaussian", {"sigma": 0.5}, (4.5, 6.5)),
    ("median", {}, (2.6, 4.2)),
    ("median", {"size": 5}, (1.6, 2.6)),
    ("nlm", {}, (0.3, 5.0)),
    ("nlm", {"strength": 20}, (0.1, 3.0)),
]
# Name, settings, and whether the embeddings of clean photos move.
MODEL_TABLE: list[tuple[str, dict[str, Any], bool]] = [
    ("prune", {"fraction": 0.5}, True),
    ("prune", {"fraction": 0.0}, False),
    ("fine-prune", {"fraction": 0.5, "steps": 1}, True),
    ("finetune", {"steps": 1}, True),
    ("finetune", {"steps": 0}, False),
    ("quantise", {"bits": 4}, True),
    ("distil", {"steps": 1, "seed": 5}, True),
]
every_filter = pytest.mark.parametrize(("name", "settings", "left"), FILTER_TABLE)
every_defence = pytest.mark.parametrize(("name", "settings", "moves"), MODEL_TABLE)
EVERY: dict[str, type[ImageFilter] | type[ModelDefence]] = {**FILTERS, **MODEL_DEFENCES}


def test_the_tables_leave_nothing_out() -> None:
    assert {name for name, _, _ in FILTER_TABLE} == FILTERS.keys()
    assert {name for name, _, _ in MODEL_TABLE} == MODEL_DEFENCES.keys()


@pytest.mark.parametrize("name", EVERY)
def test_each_has_the_name_it_is_chosen_by_and_a_curve_along_its_knob(name: str) -> None:
    kind = EVERY[name]
    assert kind.name == name
    assert kind.knob in inspect.signature(kind).parameters
    assert len(set(kind.curve)) == len(kind.curve) >= 2
    make = make_filter if name in FILTERS else make_defence
    for value in kind.curve:
        assert make(name, {kind.knob: value}).settings()[kind.knob] == value


@every_filter
def test_a_filter_keeps_shape_type_and_the_photo_it_is_given(
    name: str, settings: dict[str, Any], left: tuple[float, float], picture: np.ndarray
) -> None:
    before = picture.copy()
    filtered = make_filter(name, settings)(picture)
    assert (filtered.shape, filtered.dtype) == (picture.shape, np.uint8)
    assert not np.array_equal(filtered, picture)
    np.testing.assert_array_equal(picture, before)


@every_filter
def test_a_filter_smooths_as_much_as_stated(name: str, settings: dict[str, Any], left: tuple[float, float]) -> None:
    noisy = np.clip(np.random.default_rng(1).normal(128, 8, (64, 64, 3)), 0, 255).astype(np.uint8)
    filtered = make_filter(name, settings)(noisy)
    assert left[0] < filtered.astype(float).std() < left[1]
    assert filtered.mean() == pytest.approx(noisy.mean(), abs=0.6)


@every_filter
@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_filter_leaves_a_flat_picture_alone(
    name: str, settings: dict[str, Any], left: tuple[float, float], level: int
) -> None:
    flat = np.full((16, 20, 3), level, np.uint8)
    np.testing.assert_array_equal(make_filter(name, settings)(flat), flat)


@every_filter
def test_a_filter_keeps_colours_apart_in_place(
    name: str, settings: dict[str, Any], left: tuple[float, float], picture: np.ndarray
) -> None:
    """No colour leaks into another: a channel that is flat stays flat."""
    one = picture.copy()
    one[..., 1] = 77
    assert np.all(make_filter(name, settings)(one)[..., 1] == 77)


@every_defence
def test_a_defence_returns_another_model_and_leaves_the_one_given(
    name: str,
    settings: dict[str, Any],
    moves: bool,
    encoder: Encoder,
    photos: CleanPhotos,
    weights_of: Callable[[Encoder], str],
) -> None:
    before = weights_of(encoder)
    changed = make_defence(name, settings)(encoder, photos)
    assert weights_of(encoder) == before
    assert changed is not encoder
    assert not changed.training
    assert all(p.grad is None for p in encoder.parameters())
    assert changed.architecture == encoder.architecture
    rows = embed_pixels(changed, photos.pixels)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(rows)), abs=1e-5)
    assert np.allclose(rows, embed_pixels(encoder, photos.pixels), atol=1e-5) is not moves


@every_defence
def test_a_defence_does_the_same_again_whatever_else_is_drawn(
    name: str,
    settings: dict[str, Any],
    moves: bool,
    encoder: Encoder,
    photos: CleanPhotos,
    weights_of: Callable[[Encoder], str],
) -> None:
    first = make_defence(name, settings)
    state = torch.random.get_rng_state()
    found = weights_of(first(encoder, photos))
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(3)
    assert weights_of(make_defence(name, first.settings())(encoder, photos)) == found


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("mean", {"size": 4}),
        ("box", {"size": 1}),
        ("median", {"size": 65}),
        ("median", {"size": 3.5}),
        ("gaussian", {"sigma": 0.0}),
        ("gaussian", {"sigma": float("nan")}),
        ("nlm", {"strength": 0}),
        ("prune", {"fraction": 1.0}),
        ("fine-prune", {"steps": -1}),
        ("finetune", {"learning_rate": 0.0}),
        ("quantise", {"bits": 1}),
        ("distil", {"learning_rate": 2.0}),
    ],
)
def test_values_out_of_range_are_refused(name: str, settings: dict[str, Any]) -> None:
    make = make_filter if name in FILTERS else make_defence
    with pytest.raises(UsageError, match="Expected"):
        make(name, settings)
