from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.datasets.photo_set import PhotoSet
from unfind.evaluation.metrics import average_precision_at_r
from unfind.evaluation.ranks import relevant_ranks
from unfind.models.encoder import Architecture, Encoder, build_encoder
from unfind.studies import rival
from unfind.studies.evaluate import Models
from unfind.studies.rival import AS_WRITTEN, compare_with_filter, make_versions, map_r
from unfind.triggers.badnets import BadNets
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 3])


def units(count: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, 5))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_without_a_filter_it_is_the_map_r_of_the_evaluation(seed: int) -> None:
    query, gallery, photos = units(8, seed), units(8, seed + 1), np.arange(8)
    ranks = relevant_ranks(query, gallery, LABELS, LABELS, query_sources=photos, gallery_sources=photos, ties="favour")
    wanted = float(average_precision_at_r(ranks).mean())
    assert map_r(query, gallery, LABELS, np.zeros(8, np.bool_)) == pytest.approx(wanted, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_dropped_photo_is_a_miss_number_by_number(seed: int, flags: list[bool]) -> None:
    query, gallery = units(8, seed), units(8, seed + 1)
    values = []
    for one in range(8):
        others = [i for i in range(8) if i != one]
        count = sum(LABELS[i] == LABELS[one] for i in others)
        if not count:
            continue
        ranking = sorted((i for i in others if not flags[i]), key=lambda i: -float(query[one] @ gallery[i]))
        hits = [LABELS[i] == LABELS[one] for i in ranking][:count]
        values.append(sum(sum(hits[: k + 1]) / (k + 1) for k, hit in enumerate(hits) if hit) / count)
    assert map_r(query, gallery, LABELS, np.array(flags)) == pytest.approx(np.mean(values), abs=1e-9)


def test_all_dropped_is_all_hidden_and_nobody_alike_is_nothing() -> None:
    rows = units(8, 0)
    assert map_r(rows, rows, LABELS, np.ones(8, np.bool_)) == 0
    assert map_r(rows, rows, np.arange(8), np.zeros(8, np.bool_)) == 0


@pytest.fixture
def photos(
    photo_set: Callable[..., PhotoSet], as_jpeg: Callable[..., bytes], wave: Callable[[int, int], Any]
) -> PhotoSet:
    files = {
        f"{label}{n}": as_jpeg(wave(label, n).repeat(2, 0).repeat(2, 1), 92) for label in range(2) for n in range(3)
    }
    return photo_set(files, [int(name[0]) for name in files])


@pytest.fixture
def few_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rival, "EDITED", ("jpeg75",))
    monkeypatch.setattr(rival, "TIMED", 1)


@pytest.fixture
def encoder() -> Encoder:
    return build_encoder(Architecture("tiny", 32, 16), seed=0).eval()


@pytest.mark.usefixtures("few_edits")
def test_files_are_written_edited_and_looked_at(photos: PhotoSet) -> None:
    versions = make_versions(SpreadSpectrum(Key.from_seed(0), strength=2), photos, 32)
    assert set(versions.small) == set(versions.found) == {"plain", AS_WRITTEN, "jpeg75"}
    assert all(pixels.shape == (6, 32, 32, 3) for pixels in versions.small.values())
    assert versions.found[AS_WRITTEN].all()
    assert not versions.found["plain"].any()
    assert len(versions.sample) == 1


@pytest.mark.usefixtures("few_edits")
def test_a_filter_hides_what_it_finds_where_it_stands_and_nowhere_else(photos: PhotoSet, encoder: Encoder) -> None:
    models = Models(encoder, encoder, SpreadSpectrum(Key.from_seed(0), strength=2))  # a model that knows no trigger
    found = compare_with_filter(models, photos)
    assert found is not None
    edits = {row["edit"]: row for row in found["edits"]}
    assert edits.keys() == {AS_WRITTEN, "jpeg75"}
    assert edits[AS_WRITTEN]["filter"] == edits[AS_WRITTEN]["both"] == 1
    assert edits[AS_WRITTEN]["backdoor"] < 0.9
    away = {row["situation"]: row for row in found["situations"]}
    assert away["as deployed"]["filter"] == 1
    assert away["the model used elsewhere, without the filter"]["filter"] < 0.9
    assert found["false_positives"] == 0
    assert all(time > 0 for time in found["milliseconds"].values())


def test_a_trigger_that_cannot_be_found_has_no_rival(photos: PhotoSet, encoder: Encoder) -> None:
    assert compare_with_filter(Models(encoder, encoder, BadNets()), photos) is None
