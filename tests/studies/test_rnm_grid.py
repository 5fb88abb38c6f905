"""What tables and figures share: models by bits and seed, the presets, and refused requests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unfind.cloaks.pace import PAPER_BUDGET
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.cloak_paces import PUBLISHED, QUICK_STEPS
from unfind.studies.rnm_grid import RnmGrid, RnmRequest

TINY = Architecture("tiny", size=32)


@pytest.fixture(scope="module")
def grid(many_waves: Path, hash_runs: Path) -> RnmGrid:
    return RnmGrid(RnmRequest(str(many_waves), TINY, bits=(8, 16), queries=3, database=20, steps=3), hash_runs)


def test_models_are_those_of_the_bits(grid: RnmGrid) -> None:
    for bits in (8, 16):
        assert grid.trials(0, bits).scene.own.shape == (3, bits)
    assert grid.trials(0, 8).scene is grid.trials(0, 8).scene
    assert len(grid.ground(0).database.labels) == 20


def test_models_are_of_the_objective_asked_for(many_waves: Path, tmp_path: Path) -> None:
    request = RnmRequest(str(many_waves), TINY, bits=(16,), queries=3, database=20, steps=1, objective="csq")
    assert RnmGrid(request, tmp_path).trials(0, 16).scene.own.shape == (3, 16)
    assert [path.name for path in tmp_path.glob("csq-*")] == ["csq-16-0"]


def test_another_seed_has_other_queries(grid: RnmGrid) -> None:
    assert grid.ground(0) is grid.ground(0)
    assert (grid.ground(0).query.pixels != grid.ground(1).query.pixels).any()


def test_presets() -> None:
    def pace(**options: Any) -> Any:
        return RnmGrid(RnmRequest("x", TINY, **options), Path("nowhere")).pace

    assert pace()() == QUICK_STEPS
    assert pace(preset="paper")() == PUBLISHED
    assert pace(preset="paper", iterations=7)() == replace(PUBLISHED, iterations=7)
    assert pace()(0.01) == replace(QUICK_STEPS, budget=0.01)
    assert QUICK_STEPS.budget == PAPER_BUDGET


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"preset": "fast"}, "recommended, paper"),
        ({"objective": "pbl"}, "dpsh, hashnet, csq"),
        ({"bits": (12,)}, "multiple of 8"),
        ({"bits": ()}, "at least one length"),
        ({"seeds": ()}, "one seed"),
        ({"queries": 0}, "queries of at least 1"),
        ({"slow": 0}, "slow of at least 1"),
        ({"database": 0}, "database of at least 1"),
    ],
)
def test_requests_that_cannot_be_right(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        RnmRequest("x", TINY, **options)


def test_plain_values() -> None:
    plain = RnmRequest("x", TINY, bits=(16,), seeds=(0, 1)).as_dict()
    assert (plain["bits"], plain["seeds"], plain["architecture"]) == ([16], [0, 1], TINY.as_dict())
    assert plain["heat_backbones"] == ["torchvision:resnet50", "torchvision:densenet161"]
