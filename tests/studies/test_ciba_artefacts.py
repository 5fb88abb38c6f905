"""Every table and figure in miniature: its rows, and that it can be drawn."""

from __future__ import annotations

from typing import Any

import pytest

from unfind.redteam.ciba import VARIANTS
from unfind.studies import ciba_artefacts as module
from unfind.studies.ciba_artefacts import ARTEFACTS, COMPARED, mean_of
from unfind.studies.ciba_grid import METRICS, CibaGrid
from unfind.studies.hash_scene import ModelName


@pytest.fixture
def counted(ciba_grid: CibaGrid, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is asked of the grid, which answers at once."""
    asked: list[dict[str, Any]] = []

    def rows(**changes: Any) -> list[dict[str, Any]]:
        asked.append(changes)
        victim = changes.get("victim", ModelName(16))
        facts = {"seed": 0, "variant": changes.get("variant", "ciba"), "bits": victim.bits, "victim": victim.name,
                 "poisoned": changes.get("poisoned", 4), "lambda": changes.get("dispersion", 0.8),
                 "patch": round(changes.get("side", 5 / 32) * 32), "surrogate": "dpsh-16"}  # fmt: skip
        return [{**facts, "metric": metric, "value": len(asked) / 100} for metric in METRICS]

    monkeypatch.setattr(ciba_grid, "rows", rows)
    return asked


@pytest.mark.parametrize(
    ("name", "fact", "values"),
    [
        ("variants", "variant", list(VARIANTS)),
        ("bits", "bits", [16, 24, 32, 48]),
        ("poisoned", "poisoned", [10, 20, 40, 60, 100]),
        ("patch", "patch", [2, 3, 4, 5]),
        ("lambda", "lambda", [0.0, 0.2, 0.5, 0.8, 1.0]),
        ("transfer", "victim", ["dpsh-16", "dpsh-24", "dpsh-48-small-resnet"]),
    ],
)
def test_a_sweep_asks_for_each_value_once(
    ciba_grid: CibaGrid, counted: list[Any], name: str, fact: str, values: list[Any]
) -> None:
    rows, draw = ARTEFACTS[name].measure(ciba_grid)
    assert list(dict.fromkeys(row[fact] for row in rows)) == values
    assert len(counted) == len(values)
    assert set(ARTEFACTS[name].keys) <= rows[0].keys()
    assert set(ARTEFACTS[name].metrics) <= {row["metric"] for row in rows}
    assert draw("png").startswith(b"\x89PNG")


def test_the_surrogate_of_a_transfer_is_the_usual_model(ciba_grid: CibaGrid, counted: list[Any]) -> None:
    ARTEFACTS["transfer"].measure(ciba_grid)
    assert [one.get("surrogate") for one in counted] == [None, ModelName(16), ModelName(16)]


def test_the_length_of_codes_keeps_the_rest_of_the_victim(ciba_grid: CibaGrid, counted: list[Any]) -> None:
    ARTEFACTS["bits"].measure(ciba_grid)
    assert [one["victim"] for one in counted] == [ModelName(bits) for bits in (16, 24, 32, 48)]


def test_published_code_stands_beside(ciba_grid: CibaGrid, counted: list[Any]) -> None:
    rows, draw = ARTEFACTS["official"].measure(ciba_grid)
    assert {(row["code"], row["variant"]) for row in rows} == {
        (code, variant) for code in ("ours", "official") for variant in COMPARED
    }
    assert counted == ARTEFACTS["official"].attacks(ciba_grid)
    assert b"<svg" in draw("svg")


@pytest.mark.parametrize("name", list(ARTEFACTS))
def test_attacks_are_told_before_they_are_tried(ciba_grid: CibaGrid, counted: list[Any], name: str) -> None:
    told = ARTEFACTS[name].attacks(ciba_grid)
    assert all(ciba_grid.setting(0, **dict(changes)) for changes in told)
    if "t_map" in ARTEFACTS[name].metrics:
        ARTEFACTS[name].measure(ciba_grid)
        assert counted == told


def test_distances_of_both_models(ciba_grid: CibaGrid) -> None:
    rows, draw = ARTEFACTS["codes"].measure(ciba_grid)
    assert {row["model"] for row in rows} == {"clean model", "poisoned model"}
    assert {row["kind"] for row in rows} == {"target", "others", "plain", "triggered", "poison"}
    assert b"<svg" in draw("svg")


def test_the_map_of_codes(ciba_grid: CibaGrid) -> None:
    rows, draw = ARTEFACTS["map"].measure(ciba_grid)
    assert {row["metric"] for row in rows} == {"x", "y"}
    assert len(rows) == 2 * (8 + 40 + 10 + 4)
    assert b"<svg" in draw("svg")


def test_poisoned_photos_of_every_variant(ciba_grid: CibaGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHOWN", 4)
    rows, draw = ARTEFACTS["pictures"].measure(ciba_grid)
    assert {(row["variant"], row["photo"]) for row in rows} == {(name, place) for name in VARIANTS for place in (0, 1)}
    assert all(10 < row["value"] < 60 for row in rows)
    assert draw("png").startswith(b"\x89PNG")


def test_means_over_seeds() -> None:
    rows = [{"seed": seed, "bits": 16, "metric": "map", "value": seed} for seed in (0, 1, 2)]
    assert mean_of(rows, "map", bits=16) == 1
    assert mean_of(rows, "map", bits=24) is None
    assert mean_of(rows, "t_map") is None
