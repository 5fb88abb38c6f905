"""Every table and figure of the RNM paper, in miniature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.models.encoder import Architecture
from unfind.studies import cloak_measures
from unfind.studies import rnm_artefacts as module
from unfind.studies.published_rnm import Published
from unfind.studies.rnm_artefacts import ARTEFACTS, TAUS, mean_of
from unfind.studies.rnm_grid import RnmGrid, RnmRequest


@pytest.fixture(scope="module")
def grid(many_waves: Path, hash_runs: Path) -> RnmGrid:
    request = RnmRequest(
        str(many_waves), Architecture("tiny", size=32), bits=(8, 16), queries=3, slow=2, iterations=2, steps=3,
        heat_backbones=("tiny",),
    )  # fmt: skip
    return RnmGrid(request, hash_runs)


@pytest.fixture(scope="module", autouse=True)
def _short() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cloak_measures, "QUICK_STEPS", cloak_measures.replace(cloak_measures.QUICK_STEPS, iterations=2))
        patch.setattr(cloak_measures, "PUBLISHED", cloak_measures.replace(cloak_measures.PUBLISHED, iterations=3))
        yield


def made(grid: RnmGrid, name: str) -> list[dict[str, Any]]:
    """Its rows; both its plots are drawn on the way."""
    rows, draw = ARTEFACTS[name].measure(grid)
    assert draw("svg").startswith(b"<?xml")
    assert draw("png").startswith(b"\x89PNG")
    return rows


def test_table_1_has_every_method_at_every_length(grid: RnmGrid) -> None:
    rows = made(grid, "table-1")
    found = {(row["method"], row["bits"]) for row in rows if row["metric"] == "t_map"}
    methods = ("noise", "tanh-p2p", "tanh-p2s", "rnm-p2p", "rnm-p2s")
    assert found == {(name, bits) for name in methods for bits in (8, 16)}
    scene = grid.trials(0, 16).scene
    assert mean_of(rows, "map", method="original", bits=16) == scene.map(scene.own)


def test_table_2_goes_through_budgets(grid: RnmGrid) -> None:
    rows = made(grid, "table-2")
    assert {row["budget"] for row in rows} == set(TAUS)
    assert {row["bits"] for row in rows} == {8}  # 24 bits, as printed, where they are among those asked for
    psnr = [mean_of(rows, "psnr", method="noise", budget=tau) for tau in TAUS]
    assert psnr == sorted(psnr, reverse=True)


def test_table_3_tells_how_low_it_can_get(grid: RnmGrid) -> None:
    rows = made(grid, "table-3")
    for bits in (8, 16):
        lowest = mean_of(rows, "map", method="lowest possible", bits=bits)
        assert lowest is not None
        assert all(row["value"] >= lowest for row in rows if row["metric"] == "map" and row["bits"] == bits)
    assert {row["method"] for row in rows} == {"original", "lowest possible", "noise", "tanh-p2p", "rnm-p2p", "hag"}


def test_printed_figures_stand_beside_measured_ones(grid: RnmGrid, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Published(1, "many", "rnm-p2s", 16, 0.032, "t_map", 0.9)
    monkeypatch.setattr(module, "published", lambda table, data: [one] if (table, data[:4]) == (1, "many") else [])
    rows = ARTEFACTS["table-1"].measure(grid)[0]
    [printed] = [row for row in rows if row["source"] == "published"]
    assert (printed["seed"], printed["method"], printed["value"]) == (None, "rnm-p2s", 0.9)


def test_figure_2_follows_every_contestant(grid: RnmGrid) -> None:
    rows = made(grid, "figure-2")
    ways = {(row["method"], row["bits"]) for row in rows}
    assert {bits for _, bits in ways} == {8, 16}
    assert {"rnm-p2s", "tanh-p2s, published schedule"} <= {method for method, _ in ways}
    for method, bits in ways:
        way = [row["value"] for row in rows if (row["method"], row["bits"]) == (method, bits)]
        assert way == sorted(way, reverse=True)


def test_a_way_that_arrived_stays_there_and_another_ends() -> None:
    facts = {"bits": 8, "metric": "distance"}
    rows = [{**facts, "method": "a", "iteration": x, "value": 2.0 - x} for x in range(3)]
    rows += [{**facts, "method": "b", "iteration": x, "value": 5.0 - x} for x in range(3)]
    assert module._reached(rows, "a", 8, 1) == 1.0
    assert module._reached(rows, "a", 8, 500) == 0.0
    assert module._reached(rows, "b", 8, 500) is None


def test_figure_3_shows_a_photo_under_each_method(grid: RnmGrid) -> None:
    rows = made(grid, "figure-3")
    assert {row["method"] for row in rows} == {
        "original", "mosaic", "brightness", "transparency", "noise", *(f"rnm, τ = {tau:g}" for tau in TAUS[:4])
    }  # fmt: skip
    noise = mean_of(rows, "psnr", method="noise")
    assert noise == pytest.approx(24.8, abs=1.0)


def test_figure_4_compares_heatmaps(grid: RnmGrid) -> None:
    pytest.importorskip("captum", reason="heatmaps need the extra 'heatmaps'")
    rows = made(grid, "figure-4")
    assert mean_of(rows, "similarity", method="original") == pytest.approx(1.0)
    assert mean_of(rows, "distance", method="original") == 0.0
    assert {row["backbone"] for row in rows} == {"tiny"}


def test_means_are_over_seeds() -> None:
    rows = [{"metric": "map", "method": "x", "value": value, "seed": seed} for seed, value in enumerate((0.2, 0.4))]
    assert mean_of(rows, "map", method="x") == pytest.approx(0.3)
    assert mean_of(rows, "map", method="y") is None
