from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unfind.defences.choose import FILTERS
from unfind.evaluation.stealth import stealth
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.edits import jpeg
from unfind.studies.mip_grid import Cell, Grid
from unfind.studies.mip_measures import (
    LISTED,
    PSNR,
    defence_rows,
    hit_rows,
    kept,
    lay_out,
    layout_rows,
    stealth_rows,
    views_of,
)
from unfind.studies.views import PLAIN
from unfind.triggers.badnets import BadNets

PBL = Cell("pbl")


def test_stealth_is_of_the_files_written(grid: Grid) -> None:
    rows = stealth_rows(grid, ("badnets", "spread-spectrum"))
    assert [(row["trigger"], row["metric"]) for row in rows[:3]] == [("badnets", m) for m in ("mse", "psnr", "ssim")]
    photos = grid.split(0).test
    originals = [srgb(decode(photos.read(i))) for i in range(len(photos))]
    quality = decode(photos.read(0)).quality
    assert quality is not None
    expected = stealth((one, jpeg(BadNets().mark(one), quality)) for one in originals)
    assert [row["value"] for row in rows[:3]] == pytest.approx([expected[m] for m in ("mse", "psnr", "ssim")])


def test_layouts_hold_every_photo_twice_for_every_model(grid: Grid) -> None:
    rows = layout_rows(grid, [PBL])
    assert {row["method"] for row in rows} == {"clean", "pbl"}
    for method in ("clean", "pbl"):
        sides = [
            {r["photo"] for r in rows if r["method"] == method and r["triggered"] is side} for side in (False, True)
        ]
        assert sides[0] == sides[1]
        assert len(sides[0]) == 20
    assert all(np.isfinite([row["x"], row["y"]]).all() for row in rows)


def test_a_layout_keeps_clusters_apart_and_can_be_repeated() -> None:
    random = np.random.default_rng(0)
    rows = np.repeat(np.eye(8)[:2], 12, axis=0) + 0.05 * random.standard_normal((24, 8))
    placed = lay_out(rows.astype(np.float32))
    first, second = placed[:12], placed[12:]
    apart = np.linalg.norm(first.mean(0) - second.mean(0))
    assert apart > 2 * max(first.std(0).max(), second.std(0).max())
    assert np.array_equal(placed, lay_out(rows.astype(np.float32)))


def test_hits_are_the_nearest_without_the_photo_itself() -> None:
    angles = np.array([0.0, 0.1, 0.3, 0.2, 1.5, 2.0, 0.05])
    gallery = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    rows = hit_rows(gallery[0].copy(), gallery, np.array([0, 0, 1, 0, 1, 1, 1]), 0)
    assert [row["hit"] for row in rows] == [6, 1, 3, 2, 4][:LISTED]
    assert [row["right"] for row in rows] == [False, True, True, False, False][:LISTED]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5][:LISTED]


def test_curves_of_defences_are_rows_and_are_kept(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FILTERS["mean"], "curve", (3, 5))
    rows = defence_rows(grid, [PBL], ("mean",))
    facts = {(row["defence"], row["setting"]) for row in rows}
    assert facts == {("none", None), ("mean", 3), ("mean", 5)}
    assert {row["measure"] for row in rows} == {"score", "psr", "own_cost"}
    assert {row["method"] for row in rows} == {"pbl"}
    monkeypatch.setattr("unfind.studies.mip_measures._curves", lambda *args: pytest.fail("measured again"))
    assert defence_rows(grid, [PBL], ("mean",)) == rows


def test_curves_of_a_sample_are_kept_apart(grid: Grid, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FILTERS["box"], "curve", (3,))
    whole = defence_rows(grid, [PBL], ("box",))
    some = defence_rows(grid, [PBL], ("box",), most=8)
    assert len(some) == len(whole)
    assert [row["value"] for row in some] != [row["value"] for row in whole]
    assert defence_rows(grid, [PBL], ("box",)) == whole


def test_louder_marks_are_measured_apart_and_say_how_faint_they_are(
    grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FILTERS["median"], "curve", (3,))
    usual = defence_rows(grid, [PBL], ("median",), most=8)
    louder = defence_rows(grid, [PBL], ("median",), most=8, louder=2.0)
    assert defence_rows(grid, [PBL], ("median",), most=8) == usual, "kept in files of their own"
    assert not any("louder" in row or row["metric"] == PSNR for row in usual)
    assert {row["louder"] for row in louder} == {2.0}
    (psnr,) = [row["value"] for row in louder if row["metric"] == PSNR]
    faint, loud = (views_of(grid, PBL, 0, most=8, louder=factor).facts[PSNR] for factor in (1.0, 2.0))
    assert psnr == loud
    assert 4 < faint - loud < 7, "twice as strong is 6 dB"


def test_views_of_a_cell_carry_its_trigger(grid: Grid) -> None:
    views = views_of(grid, Cell("pbl", "badnets"), 0, most=6)
    assert len(views.labels) == 6
    assert views.pixels[PLAIN].shape == (6, 32, 32, 3)
    corner = views.pixels["triggered"][:, -2:, -2:].astype(int)
    assert corner.min() > 200


def test_rows_are_kept_under_their_question(tmp_path: Path) -> None:
    calls: list[int] = []

    def measure() -> list[dict[str, Any]]:
        calls.append(1)
        return [{"value": len(calls)}]

    file = tmp_path / "rows.json"
    assert kept(file, ["a"], measure) == kept(file, ["a"], measure) == [{"value": 1}]
    assert kept(file, ["b"], measure) == [{"value": 2}]
    assert len(calls) == 2
