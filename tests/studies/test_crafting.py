"""Times of triggers and of the cloak, measured in turn on the same photos."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unfind.datasets.photo_set import PhotoSet
from unfind.errors import EvaluationError
from unfind.models.encoder import Architecture
from unfind.studies import crafting as module
from unfind.studies.crafting import CLOAK, ITERATIONS, cloaking, crafting_rows, in_turn
from unfind.studies.mip_grid import Grid
from unfind.studies.mip_rows import mean_of
from unfind.studies.progress import silent


def photo(value: int = 128, side: int = 32) -> np.ndarray:
    noise = np.random.default_rng(value).integers(-20, 21, (side, side, 3))
    return np.clip(value + noise, 0, 255).astype(np.uint8)


def test_every_method_has_its_median_and_the_cloak_is_slower(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PHOTOS", 3)
    rows = crafting_rows(grid, ("badnets", "spread-spectrum"))
    clock, processor = (
        {row["method"]: row for row in rows if row["metric"] == metric}
        for metric in ("milliseconds", "processor_milliseconds")
    )
    assert list(clock) == list(processor) == ["badnets", "spread-spectrum", CLOAK]
    for row in (*clock.values(), *processor.values()):
        assert 0 < row["lowest"] <= row["value"] <= row["highest"]
        assert (row["photos"], row["side"], row["seed"]) == (3, 32, 0)
    times = processor if not torch.cuda.is_available() else clock
    assert times[CLOAK]["iterations"] == ITERATIONS
    assert times["badnets"]["iterations"] is None
    ratio = mean_of(rows, method="spread-spectrum", metric="cloak_takes_times")
    assert ratio == pytest.approx(times[CLOAK]["value"] / times["spread-spectrum"]["value"])
    assert ratio > 1  # a hundred passes forth and back, against one


def test_no_photo_ends_the_cloak_early() -> None:
    """With several centres no place is far from all of them, whatever an untrained net makes of a photo."""
    craft = cloaking(Architecture("tiny", size=32), iterations=7)
    assert [craft(photo(value)) for value in (20, 128, 250)] == [7, 7, 7]


def test_methods_take_turns_and_the_first_photo_is_done_twice() -> None:
    calls: list[tuple[str, int]] = []

    def craft(name: str):
        def one(pixels: np.ndarray) -> None:
            calls.append((name, int(pixels[0, 0, 0])))

        return one

    photos = [np.full((2, 2, 3), value, np.uint8) for value in (1, 2)]
    times, iterations = in_turn({"a": craft("a"), "b": craft("b")}, photos, progress=silent)
    assert calls == [("a", 1), ("b", 1), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert {name: len(found.clock) for name, found in times.items()} == {"a": 2, "b": 2}
    assert iterations == {"a": None, "b": None}


def test_waiting_costs_time_and_no_processor() -> None:
    def wait(pixels: np.ndarray) -> None:
        time.sleep(0.05)

    def work(pixels: np.ndarray) -> None:
        sum(range(300_000))

    times, _ = in_turn({"wait": wait, "work": work}, [photo(), photo()], progress=silent)
    assert min(times["wait"].clock) >= 50
    assert max(times["wait"].processor) < 50
    assert min(times["work"].processor) > 0.5
    if not torch.cuda.is_available():
        assert times["wait"].cost < times["work"].cost


def test_photos_are_those_of_the_test_classes_and_broken_ones_are_passed_over(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PHOTOS", 2)
    other = Grid(grid.request, tmp_path)
    test = grid.split(0).test
    whole = module._some_photos(grid, 0)
    assert len(whole) == 2
    assert whole[0].shape == (32, 32, 3)

    def broken(name: str) -> bytes:
        raise EvaluationError("Expected a photo, got none: check the files.")

    nothing = PhotoSet(test.name, test.files, test.labels, test.classes, broken)
    monkeypatch.setattr(other, "split", lambda seed: replace(grid.split(seed), test=nothing))
    with pytest.raises(EvaluationError, match="photos that can be decoded"):
        module._some_photos(other, 0)
