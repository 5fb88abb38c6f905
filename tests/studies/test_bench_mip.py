"""The claim about MIP's methods, end to end, in miniature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unfind.defences.choose import FILTERS, MODEL_DEFENCES
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies import bench_mip as module
from unfind.studies.bench_mip import FULL, QUICK, TARGETS, Plan, bench_mip, breaking, moved
from unfind.studies.mip_presets import preset
from unfind.studies.mip_rows import PAPER, STRICT, Row
from unfind.training.settings import FitSettings

PRIVATE = ("c2p", "p2c", "p2p")


@pytest.fixture(scope="module")
def document(
    cache: Path, class_photos: Path, architecture: Architecture, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    fit = FitSettings(classes_per_batch=4, learning_rate=1e-3, validate_every=2)
    small = replace(preset("recommended"), first=fit, then=fit, beside=replace(fit, steps=2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(module, "preset", lambda name: small)
        patch.setattr(module, "QUICK", Plan(first=2, then=2, defended=80, timed=1, timed_steps=1))
        for name in module.FILTERS:
            patch.setattr(FILTERS[name], "curve", FILTERS[name].curve[:1])
        patch.setattr(MODEL_DEFENCES["prune"], "curve", (0.2,))
        folder = tmp_path_factory.mktemp("bench")
        yield bench_mip(str(class_photos), folder, architecture=architecture, quick=True, options={"defended": 8})


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["bench"] == "mip"
    assert (document["seeds"], document["quick"]) == ([0], True)


def test_every_target_of_the_claim_is_there(document: dict[str, Any]) -> None:
    targets = {name: figure["target"] for name, figure in document["figures"].items() if figure["target"]}
    assert targets == {
        "label_psr_map_r_c2p": "<= 60",
        "pbl_benign_drop_recall@1": "<= 1",
        "pbl_psr_map_r_c2p": ">= 98.5",
        "pbl_psr_map_r_p2c": ">= 99",
        "pbl_psr_map_r_p2p": ">= 95",
        "cbl_benign_drop_recall@1": "<= 0.5",
        "cbl_psr_map_r_c2p": ">= 90",
        "cbl_psr_map_r_p2c": ">= 98",
        "cbl_psr_map_r_p2p": ">= 85",
        "filters_that_break_pbl": "<= 0",
        "filters_that_break_pbl_at_2_times_the_strength": "<= 0",
        "psr_moved_by_pruning_20_percent": "<= 2",
        "published_loop_over_side_network": ">= 5",
    }
    assert set(TARGETS) == {"pbl", "cbl"}


def test_figures_are_those_of_the_rows(document: dict[str, Any]) -> None:
    def value(**where: Any) -> float:
        [row] = [row for row in document["rows"] if all(row.get(name) == fact for name, fact in where.items())]
        return float(row["value"])

    figures = document["figures"]
    for method in ("label", "pbl", "cbl"):
        for task in PRIVATE:
            facts = {"method": method, "task": task, "measure": "psr", "defence": None}
            strict = value(**facts, protocol=STRICT, metric="map_r")
            assert figures[f"{method}_psr_map_r_{task}"]["value"] == pytest.approx(100 * strict)
            paper = value(**facts, protocol=PAPER, metric="map_c")
            assert figures[f"paper_protocol_{method}_psr_map_c_{task}"]["value"] == pytest.approx(100 * paper)
    ordinary = {"task": "c2c", "metric": "recall@1", "measure": "score", "protocol": STRICT, "defence": None}
    drop = value(method="clean", **ordinary) - value(method="pbl", **ordinary)
    assert figures["pbl_benign_drop_recall@1"]["value"] == pytest.approx(100 * drop)
    assert all(figure["target"] is None for name, figure in figures.items() if name.startswith("paper_protocol"))
    assert figures["psnr_at_2_times_the_strength"]["value"] == pytest.approx(value(metric="psnr", louder=2.0))


def test_loops_are_compared_in_both_precisions(document: dict[str, Any]) -> None:
    for name in (
        "published_loop_over_ours_same_precision",
        "published_loop_in_float32_over_ours",
        "published_loop_over_side_network",
    ):
        assert 0.05 < document["figures"][name]["value"] < 100
    alone, marked = (
        document["figures"][f"published_loop_over_side_network{rest}"]["value"] for rest in ("", "_and_its_marks")
    )
    assert alone > marked, "the making of marks takes time"


def test_it_says_what_was_fitted_and_how_fast(document: dict[str, Any]) -> None:
    names = ["first", "clean", "label-spread-spectrum", "pbl-learned-beside", "cbl-learned-beside"]
    assert [fit["name"] for fit in document["fits"]] == names
    for fit in document["fits"]:
        assert (fit["seed"], fit["steps"], fit["taken_over"]) == (0, 2, False)
        assert fit["seconds_per_step"] > 0


def curve(defence: str, setting: float | None, psr: float | None, recall: float, cost: float | None) -> list[Row]:
    facts = {"seed": 0, "defence": defence, "setting": setting}
    private = [{**facts, "task": t, "metric": "map_r", "measure": "psr", "value": psr} for t in PRIVATE]
    ordinary = {**facts, "task": "c2c", "metric": "recall@1"}
    return [
        *private,
        {**ordinary, "measure": "score", "value": recall},
        {**ordinary, "measure": "own_cost", "value": cost},
    ]


NOTHING = curve("none", None, 0.99, 0.7, None)


@pytest.mark.parametrize(
    ("psr", "recall", "cost", "breaks"),
    [
        (0.95, 0.7, 0.1, 0),  # privacy stays
        (0.9, 0.7, 0.1, 0),
        (0.5, 0.65, 0.1, 1),  # privacy goes and search falls by no more than the filter costs anyway
        (0.5, 0.5, 0.1, 0),  # privacy goes, and search with it
    ],
)
def test_a_filter_breaks_protection_when_it_leaves_search_alone(
    psr: float, recall: float, cost: float, breaks: int
) -> None:
    assert breaking([*NOTHING, *curve("mean", 3, psr, recall, cost)], 0) == breaks


def test_several_settings_are_counted_and_unknown_ones_make_no_claim() -> None:
    rows = [
        *NOTHING,
        *curve("mean", 3, 0.5, 0.7, 0.1),
        *curve("mean", 5, 0.4, 0.7, 0.1),
        *curve("box", 3, 0.95, 0.7, 0),
    ]
    assert breaking(rows, 0) == 2
    assert breaking([*rows, *curve("nlm", 5, None, 0.7, 0.1)], 0) is None
    weak = [{**row, "value": 0.2} if row["task"] == "p2p" else row for row in curve("mean", 3, 0.95, 0.7, 0.1)]
    assert breaking([*NOTHING, *weak], 0) == 1  # one weak task is enough


def test_the_largest_move_counts() -> None:
    pruned = curve("prune", 0.2, 0.98, 0.7, None)
    pruned[2] = {**pruned[2], "value": 0.95}
    assert moved([*NOTHING, *pruned], 0) == pytest.approx(4.0)
    assert moved([*NOTHING, *curve("prune", 0.2, None, 0.7, None)], 0) is None


def test_the_full_plan_takes_the_presets_steps() -> None:
    assert FULL.first is FULL.then is None
    assert QUICK.first is not None
    assert QUICK.timed < FULL.timed
    assert QUICK.defended < FULL.defended


def test_every_count_of_the_plan_can_be_asked_for(tmp_path: Path, architecture: Architecture) -> None:
    assert set(module.COUNTS) == vars(FULL).keys()
    with pytest.raises(UsageError, match="options of mip out of first, then"):
        bench_mip("photos", tmp_path, architecture=architecture, options={"seeds": 2})
