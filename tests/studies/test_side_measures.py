"""Survival and false triggers, against slow loops over random embeddings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unfind.studies.side_measures import false_triggers, harmless_marks, survival
from unfind.studies.views import PLAIN, Views
from unfind.triggers.badnets import BadNets
from unfind.triggers.blended import Blended
from unfind.triggers.detect import detect
from unfind.triggers.key import Key
from unfind.triggers.spread_spectrum import SpreadSpectrum

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 3])


def rankings(query: np.ndarray, gallery: np.ndarray, labels: np.ndarray) -> list[list[bool]]:
    """For each query that can find something: whether each other photo, nearest first, is of its class."""
    found = []
    for i, row in enumerate(query):
        others = [j for j in range(len(gallery)) if j != i]
        if any(labels[j] == labels[i] for j in others):
            nearest = sorted(others, key=lambda j: -float(row @ gallery[j]))
            found.append([bool(labels[j] == labels[i]) for j in nearest])
    return found


def slow_map_r(query: np.ndarray, gallery: np.ndarray, labels: np.ndarray) -> float:
    scores = []
    for hits in rankings(query, gallery, labels):
        wanted = sum(hits)
        scores.append(sum(sum(hits[: k + 1]) / (k + 1) for k in range(wanted) if hits[k]) / wanted)
    return float(np.mean(scores))


def slow_recall(query: np.ndarray, gallery: np.ndarray, labels: np.ndarray) -> float:
    return float(np.mean([hits[0] for hits in rankings(query, gallery, labels)]))


@pytest.fixture
def random_embeddings() -> Callable[..., dict[str, np.ndarray]]:
    def make(*names: str, seed: int, count: int = len(LABELS)) -> dict[str, np.ndarray]:
        random = np.random.default_rng(seed)
        rows = {name: random.normal(size=(count, 6)).astype(np.float32) for name in names}
        return {name: row / np.linalg.norm(row, axis=1, keepdims=True) for name, row in rows.items()}

    return make


def views_of(names: tuple[str, ...], labels: np.ndarray = LABELS, **facts: float) -> Views:
    pixels = {name: np.zeros((len(labels), 2, 2, 3), np.uint8) for name in names}
    return Views(np.arange(len(labels)), labels, pixels, facts, [])


def test_survival_is_one_minus_what_is_left(random_embeddings) -> None:
    names = (PLAIN, "edit:jpeg75", "edit:blur")
    clean, protected = random_embeddings(PLAIN, seed=0), random_embeddings(*names, seed=1)
    rows = survival(views_of(names, **{"detected:edit:blur": 0.75, "bits:edit:blur": 0.9}), clean, protected)
    assert [row["edit"] for row in rows] == ["jpeg75", "blur"]
    before = slow_map_r(clean[PLAIN], clean[PLAIN], LABELS)
    for row in rows:
        edited = protected[f"edit:{row['edit']}"]
        sides = {"c2p": (protected[PLAIN], edited), "p2c": (edited, protected[PLAIN]), "p2p": (edited, edited)}
        for task, pair in sides.items():
            assert row["psr_map_r"][task] == pytest.approx(1 - slow_map_r(*pair, LABELS) / before)
    assert [row["verify_rate"] for row in rows] == [None, 0.75]
    assert [row["bit_accuracy"] for row in rows] == [None, 0.9]


def test_an_edit_that_changes_nothing_leaves_what_there_was(random_embeddings) -> None:
    model = random_embeddings(PLAIN, seed=2)
    rows = survival(views_of((PLAIN, "edit:none")), model, model | {"edit:none": model[PLAIN]})
    assert rows[0]["psr_map_r"] == {"c2p": 0.0, "p2c": 0.0, "p2p": 0.0}


def test_where_the_clean_model_finds_nothing_nothing_is_said() -> None:
    # Every photo lies next to one of another class.
    pairs = np.repeat(np.eye(3, dtype=np.float32), 2, axis=0)
    views = views_of((PLAIN, "edit:none"), np.array([0, 1, 1, 2, 2, 0]))
    rows = survival(views, {PLAIN: pairs}, {PLAIN: pairs, "edit:none": pairs})
    assert rows[0]["psr_map_r"] == {"c2p": None, "p2c": None, "p2p": None}


def test_a_false_trigger_is_the_worse_drop_beyond_the_clean_models_own(random_embeddings) -> None:
    names = (PLAIN, "other:another key")
    clean, protected = random_embeddings(*names, seed=3), random_embeddings(*names, seed=4)

    def drop(model: dict[str, np.ndarray]) -> float:
        plain, other = model[PLAIN], model["other:another key"]
        worse = min(slow_recall(other, plain, LABELS), slow_recall(plain, other, LABELS))
        return slow_recall(plain, plain, LABELS) - worse

    found = false_triggers(views_of(names), clean, protected)
    assert list(found) == ["another key"]
    assert found["another key"]["benign_drop_recall@1"] == pytest.approx(drop(protected) - drop(clean))


def test_drops_of_opposite_sign_stay_within_all_there_is_to_lose() -> None:
    labels = np.array([0, 0, 1, 1])
    near, far = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]], np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    gains, loses = {PLAIN: far, "other:a": near}, {PLAIN: near, "other:a": far}
    found = false_triggers(views_of((PLAIN, "other:a"), labels), gains, loses)
    assert -1 <= found["a"]["benign_drop_recall@1"] <= 1


def test_photos_that_are_all_alone_say_nothing(random_embeddings) -> None:
    names = (PLAIN, "edit:blur", "other:a")
    model = random_embeddings(*names, seed=5, count=3)
    alone = views_of(names, np.arange(3))
    assert false_triggers(alone, model, model) == {"a": {"benign_drop_recall@1": None}}
    assert survival(alone, model, model)[0]["psr_map_r"] == {"c2p": None, "p2c": None, "p2p": None}


def test_a_harmless_mark_is_as_strong_and_of_another_key(wave) -> None:
    trigger = SpreadSpectrum(Key.from_seed(1), strength=0.7)
    marks = harmless_marks(trigger)
    assert list(marks) == ["another key", "another watermark"]
    photo = wave(0, 0)
    marked = marks["another key"](photo)
    assert not detect(trigger, marked).marked
    assert detect(trigger, trigger.mark(photo)).marked
    changes = [np.abs(made.astype(float) - photo).mean() for made in (marked, trigger.mark(photo))]
    assert changes[0] == pytest.approx(changes[1], rel=0.1)


@pytest.mark.parametrize("trigger", [BadNets(), Blended()])
def test_no_mark_is_harmless_that_is_the_trigger_itself(trigger) -> None:
    assert list(harmless_marks(trigger)) == ([] if trigger.name == "blended" else ["another watermark"])
