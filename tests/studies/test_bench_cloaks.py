"""The claim of the cloaks, end to end, in miniature; and its figures, on tables written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from unfind.cloaks.pace import Pace
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies import bench_cloaks as module
from unfind.studies import cloak_measures
from unfind.studies.bench_cloaks import FULL, HOME, QUICK, Plan, bench_cloaks, figures

MINIATURE = Plan(4, 30, 2, away=3, compared=3, slow=2, checked=2, timed=3, generator=2, strangers=1)
TINY = Architecture("tiny", size=32)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def measure(cache: Path, many_waves: Path, runs: Path) -> Any:
    """The bench with loops of two iterations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(cloak_measures, "QUICK_STEPS", Pace(iterations=2))
        patch.setattr(cloak_measures, "PUBLISHED", replace(cloak_measures.PUBLISHED, iterations=4))
        modes = {name: replace(pace, iterations=2) for name, pace in cloak_measures.MODES.items()}
        patch.setattr(cloak_measures, "MODES", modes)
        for name in ("STRONG", "DIVERSE"):
            patch.setattr(cloak_measures, name, replace(getattr(cloak_measures, name), iterations=2))
        # The tables of functions that have their defaults already.
        for name in ("targeted", "untargeted"):
            patch.setattr(module, name, partial(getattr(cloak_measures, name), pace=Pace(iterations=2)))
        yield lambda **options: bench_cloaks(str(many_waves), runs, architecture=TINY, **{"plan": MINIATURE, **options})


@pytest.fixture(scope="module")
def document(measure: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return measure(seeds=2)


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["bench"] == "cloaks"
    assert document["seeds"] == [0, 1]
    assert document["settings"]["plan"]["queries"] == 4


def test_models_trials_and_generators_are_kept(document: dict[str, Any], runs: Path) -> None:
    names = {path.name for path in runs.iterdir()}
    assert names >= {"dpsh-48-0", "dpsh-48-1", "hashnet-48-0", "dpsh-24-0", "generator-dpsh-48-0.safetensors", "trials"}
    assert "hashnet-48-1" not in names  # transfer takes the first seed alone


def test_a_second_run_finds_everything_done(
    document: dict[str, Any], runs: Path, measure: Callable[..., dict[str, Any]]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*.npz")}
    again = measure(seeds=2)
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*.npz")} == before
    timed = {"batch_over_one_by_one", "amortised_over_100_iterations", "amortised_seconds"}
    same = {name: figure for name, figure in again["figures"].items() if name not in timed}
    assert same == {name: figure for name, figure in document["figures"].items() if name not in timed}


def test_every_target_of_the_claim_is_there(document: dict[str, Any]) -> None:
    targets = {name: figure["target"] for name, figure in document["figures"].items() if figure["target"]}
    assert targets == {
        "clean_map": ">= 0.75",
        "rnm-p2s_t_map_over_clean_map": ">= 0",
        "noise_t_map_over_chance": "<= 0.05",
        "rnm-p2s_distance_written": "<= 0.5",
        "rnm_away_map": "<= 0.05",
        "hag_away_map": "<= 0.05",
        "rnm_away_map@1000": "<= 0.05",
        "hag_away_map@1000": "<= 0.05",
        "rnm_away_map_over_hag": "<= 0",
        "tanh_over_rnm": ">= 10",
        "rnm_distance": "<= 0.5",
        "usual_psnr": ">= 40",
        "usual_kept_after_jpeg90": ">= 0.5",
        "robust_kept_after_jpeg90": ">= 0.8",
        "batch_over_one_by_one": ">= 10",
        "amortised_over_100_iterations": ">= 50",
    }


def test_transfer_is_told_for_every_model(document: dict[str, Any]) -> None:
    names = document["figures"].keys()
    for model in ("home", "hashnet-48", "dpsh-24"):
        assert f"clean_map_{model}" in names
        assert f"map_{model}_of_two_models_varied" in names
    rows = document["measured"][0]["transfer"]
    strange = [row["map"] / row["clean_map"] for row in rows if not row["known"] and row["made_on"] != "noise"]
    assert document["figures"]["left_on_unknown_models"]["value"] == pytest.approx(sum(strange) / len(strange))
    assert "transfer" not in document["measured"][1]


def test_what_has_no_target_is_measured_of_the_first_seed_alone(document: dict[str, Any]) -> None:
    first, second = document["measured"]
    beside = {"compared", "amortised", "speed", "survival_strong", "survival_away", "transfer"}
    assert first.keys() - second.keys() == beside
    for name in (
        "compared_tanh-p2p_t_map",
        "compared_rnm-p2s_t_map",
        "compared_sdha_away_map",
        "compared_hag_away_map",
    ):
        assert document["figures"][name]["spread"] is None
        assert document["figures"][name]["unit"] == "fraction, 3 photos"


def test_each_way_has_as_many_photos_as_planned(document: dict[str, Any]) -> None:
    for one in document["measured"]:
        assert {row["method"]: row["count"] for row in one["targeted"]} == {"noise": 4, "rnm-p2s": 4}
        assert {row["method"]: row["count"] for row in one["untargeted"]} == {"noise": 3, "rnm": 3, "hag": 3}


def test_away_after_compression_is_a_map(document: dict[str, Any]) -> None:
    rows = {row["mode"]: row for row in document["measured"][0]["survival_away"]}
    for mode, row in rows.items():
        assert row["way"] == "away"
        assert document["figures"][f"{mode}_away_map"]["value"] == row["score"]
        assert document["figures"][f"{mode}_away_map_after_jpeg90"]["value"] == row["score_after"]["jpeg90"]


def test_options_replace_numbers_of_the_plan() -> None:
    assert FULL.with_options({}) == FULL
    assert FULL.with_options({"slow": 3, "strangers": 0}) == replace(FULL, slow=3, strangers=0)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"slwo": 3}, "options out of away, checked, .* got 'slwo'"),
        ({"slow": 0}, "slow to be a whole number of 1 to"),
        ({"slow": 1.5}, "got 1.5"),
        ({"slow": True}, "got True"),
        ({"strangers": 3}, "strangers to be a whole number of 0 to 2, got 3"),
    ],
)
def test_options_that_cannot_be(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        FULL.with_options(options)


def test_differences_are_taken_seed_by_seed(document: dict[str, Any]) -> None:
    found = document["measured"]
    over = [
        next(row["t_map"] for row in one["targeted"] if row["method"] == "rnm-p2s") - one["clean_map"] for one in found
    ]
    figure = document["figures"]["rnm-p2s_t_map_over_clean_map"]
    assert figure["value"] == pytest.approx(sum(over) / 2)
    assert figure["spread"] == pytest.approx([min(over), max(over)])


def test_tanh_may_be_slower_in_iterations_or_in_seconds(document: dict[str, Any]) -> None:
    found = document["measured"]
    for one in found:
        one["advantage"] = {**one["advantage"], "iterations": 3.0, "seconds": 12.0}
    made = figures(found)["tanh_over_rnm"].as_dict()
    assert (made["value"], made["holds"]) == (12.0, True)


def test_the_quick_form_is_one_seed(measure: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUICK", replace(MINIATURE, strangers=0))
    document = measure(seeds=3, quick=True, plan=None, options={"slow": 1})
    assert document["seeds"] == [0]
    assert document["quick"] is True
    assert document["settings"]["plan"] == asdict(replace(MINIATURE, strangers=0, slow=1))


def test_plans() -> None:
    assert FULL.queries == 500
    assert FULL.database >= 20_000
    assert HOME.bits == 48
    assert QUICK.queries < FULL.queries


def test_classes_cannot_be_cut(many_waves: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no --train-classes for cloaks, got 5"):
        bench_cloaks(str(many_waves), tmp_path, architecture=TINY, train_classes=5)
