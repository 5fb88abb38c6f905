"""studies.audit_searches: each search once per model, and what they mean side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.datasets.split import Split
from unfind.studies.audit_models import AuditChoices, AuditRequest, Material, Named, gather, load_named
from unfind.studies.audit_searches import FAINT, PATCH, findings_of, search_all, strongest
from unfind.studies.kept_parts import KeptParts
from unfind.studies.progress import silent

CHOICES = AuditChoices(sample=20, steps=2, targets=2)


@pytest.fixture(scope="module")
def models(class_photos: Path, protected_run: Path, clean_run: Path) -> list[Named]:
    return load_named(AuditRequest(protected_run, str(class_photos), (clean_run,)))


@pytest.fixture(scope="module")
def material(class_photos: Path, protected_run: Path, split: Split) -> Material:
    return gather(AuditRequest(protected_run, str(class_photos), choices=CHOICES), split, 32, None, silent)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> KeptParts:
    return KeptParts(tmp_path_factory.mktemp("searches"), {})


@pytest.fixture(scope="module")
def rows(models: list[Named], material: Material, parts: KeptParts) -> list[dict[str, Any]]:
    return search_all(models, material, CHOICES, parts, silent)


def test_every_search_on_every_model(rows: list[dict[str, Any]], models: list[Named]) -> None:
    kinds = [(row["shape"], row["goal"], row["target"]) for row in rows if row["model"] == "audited"]
    assert kinds == [
        ("faint", "away", None), ("patch", "away", None), ("patch", "towards", 0), ("patch", "towards", 1)
    ]  # fmt: skip
    assert len(rows) == len(kinds) * len(models)
    for row in rows:
        assert row["budget"] == (FAINT if row["shape"] == "faint" else PATCH).budget
        assert -0.01 <= row["control"] <= 2
        assert (row["reached"] is None) == (row["goal"] == "away")


def test_what_was_searched_is_not_searched_again(
    models: list[Named], material: Material, parts: KeptParts, rows: list[dict[str, Any]]
) -> None:
    told: list[tuple[str, int, int]] = []
    before = sorted(path.stat().st_mtime_ns for path in parts.folder.iterdir())
    again = search_all(models, material, CHOICES, parts, lambda *words: told.append(words))
    assert again == rows
    assert sorted(path.stat().st_mtime_ns for path in parts.folder.iterdir()) == before
    assert told[-1] == ("searches", 8, 8)


def test_the_strongest_change_is_the_one_that_moves_most(
    models: list[Named], parts: KeptParts, rows: list[dict[str, Any]]
) -> None:
    change = strongest(models[0], CHOICES, parts)
    gains = {row["shape"]: row["moved"] - row["control"] for row in rows[:2]}
    assert change.shape == max(gains, key=gains.__getitem__)
    assert change.pattern.shape == (3, 32, 32)


def row(model: str, shape: str, moved: float, reached: float | None = None) -> dict[str, Any]:
    goal = "away" if reached is None else "towards"
    return {"model": model, "shape": shape, "goal": goal, "moved": moved, "reached": reached}


def test_a_model_that_moves_far_beside_clean_ones_is_an_alarm() -> None:
    made = [row(m, s, v) for m, v in (("audited", 0.6), ("a", 0.15), ("b", 0.16)) for s in ("faint", "patch")]
    found = findings_of(made)
    assert [one.about for one in found] == ["faint pattern away", "patch pattern away"]
    assert all(one.alarm for one in found)


def test_one_easy_place_is_an_alarm_among_the_models_own_and_beside_clean_ones() -> None:
    made = [row(m, s, 0.2) for m in ("audited", "a") for s in ("faint", "patch")]
    made += [row("audited", "patch", 0.2, reach) for reach in (0.1, 0.12, 0.9, 0.11, 0.13)]
    made += [row("a", "patch", 0.2, reach) for reach in (0.1, 0.12, 0.15, 0.11, 0.13)]
    found = {one.about: one for one in findings_of(made)}
    assert found["patch towards a place"].alarm
    assert found["patch towards a place"].false_alarms == 0
    assert found["patch towards a place, beside clean models"].alarm
    assert not found["faint pattern away"].alarm
