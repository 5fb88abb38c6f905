"""The foundation's claim, end to end, in miniature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.datasets.split import Split
from unfind.images.edits import EDITS
from unfind.models.encoder import Architecture
from unfind.models.weights import fingerprint_of, read_card
from unfind.report.bench_json import read_bench, write_bench
from unfind.report.report_json import write_report
from unfind.studies import bench_protection as module
from unfind.studies.bench_memory import Peak
from unfind.studies.bench_protection import FULL, QUICK, Plan, bench_protection, step_costs
from unfind.studies.material import prepare
from unfind.training.checkpoint_file import FILE as CHECKPOINT
from unfind.triggers.key import Key

MINIATURE = Plan(first=2, then=2, sample=4, timed=1, embeddings=200)


@pytest.fixture(scope="module")
def small(cache: Path) -> Any:
    """What makes the bench a matter of seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(module, "QUICK", MINIATURE)
        patch.setattr(module, "TIMED_STEPS", 1)
        patch.setattr(module, "measure_peak", lambda count, dimension: Peak(count, 0.25, 1.5))
        patch.setattr("unfind.studies.evaluate.EDITS", {"jpeg75": EDITS["jpeg75"]})
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def document(small: None, runs: Path, class_photos: Path, architecture: Architecture) -> dict[str, Any]:
    return bench_protection(str(class_photos), runs, architecture=architecture, seeds=3, quick=True)


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["bench"] == "protection"


def test_the_quick_form_is_one_seed_and_says_so(document: dict[str, Any]) -> None:
    assert document["seeds"] == [0]
    assert document["quick"] is True
    assert document["settings"]["plan"] == vars(MINIATURE)
    assert all(figure["spread"] is None for name, figure in document["figures"].items() if name.startswith("psr"))


def test_every_claim_has_its_figure_and_target(document: dict[str, Any]) -> None:
    targets = {name: figure["target"] for name, figure in document["figures"].items() if figure["target"]}
    assert targets == {
        "benign_drop_recall@1": "<= 2",
        "psr_map_r_c2p": ">= 97",
        "psr_map_r_p2c": ">= 97",
        "psr_map_r_p2p": ">= 90",
        "codec_control": "<= 0.5",
        "step_cost_10_percent_triggered": "<= 1.4",
        "evaluation_peak": "<= 2",
    }
    for name in targets:
        figure = document["figures"][name]
        side = 1 if figure["target"].startswith("<=") else -1
        assert figure["holds"] is (side * figure["value"] <= side * float(figure["target"][3:]))


def test_figures_are_those_of_the_reports(document: dict[str, Any], tmp_path: Path) -> None:
    [report] = document["reports"]
    write_report(tmp_path / "report.json", {"run": "seed-0", **report})
    value = {name: figure["value"] for name, figure in document["figures"].items()}
    assert value["benign_drop_recall@1"] == pytest.approx(100 * report["benign_drop"]["recall@1"]["value"])
    assert value["clean_recall@1"] == pytest.approx(100 * report["clean_model"]["c2c"]["recall@1"]["value"])
    assert value["psr_map_r_p2p"] == pytest.approx(100 * report["psr"]["p2p"]["map_r"]["value"])
    assert value["twin_hit@10"] == pytest.approx(100 * report["twin"]["c2p_hit@10"])
    assert value["psnr"] == report["stealth"]["psnr"]
    assert value["codec_control"] == pytest.approx(100 * abs(report["codec_control"]["moves"]))
    assert value["album_leak@10_at_50_percent"] == report["mixed"][0]["album_leak@10"]["value"]
    assert value["evaluation_peak"] == 0.25


def test_both_arms_start_from_the_same_model_and_take_as_many_steps(document: dict[str, Any], runs: Path) -> None:
    cards = {name: read_card(runs / "seed-0" / name) for name in ("first", "clean", "protected")}
    for arm in ("clean", "protected"):
        assert cards[arm]["started_from"]["fingerprint"] == fingerprint_of(cards["first"])
    assert cards["clean"]["objective"]["name"] == "clean"
    assert cards["protected"]["objective"] == {"name": "pbl", "settings": module.OBJECTIVE}
    assert cards["protected"]["trigger"]["key_fingerprint"] == Key.from_seed(0).fingerprint
    logs = [(runs / "seed-0" / name / "log.jsonl").read_text().splitlines() for name in cards]
    assert all('"step": 2' in log[-1] for log in logs)


def test_a_bench_that_was_stopped_goes_on(
    document: dict[str, Any], small: None, runs: Path, class_photos: Path, architecture: Architecture, files_below
) -> None:
    before = files_below(runs)
    again = bench_protection(str(class_photos), runs, architecture=architecture, quick=True)
    assert files_below(runs) == before
    timed = {name for name in document["figures"] if name.startswith("step_cost")}
    for name in document["figures"].keys() - timed:
        assert again["figures"][name] == document["figures"][name]


def test_a_bench_that_was_stopped_before_its_first_checkpoint_goes_on(
    small: None, tmp_path: Path, class_photos: Path, architecture: Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNFIND_CACHE", str(tmp_path / "cache"))

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt  # while it decodes

    options = {"architecture": architecture, "quick": True}
    with pytest.raises(KeyboardInterrupt):
        bench_protection(str(class_photos), tmp_path / "runs", progress=stop, **options)
    assert not list(tmp_path.rglob(CHECKPOINT))
    assert bench_protection(str(class_photos), tmp_path / "runs", **options)["seeds"] == [0]


def test_what_no_seed_could_measure_holds_no_claim(document: dict[str, Any]) -> None:
    [report] = document["reports"]
    blind = {**report, "psr": {**report["psr"], "c2p": {**report["psr"]["c2p"], "map_r": None}}}
    found = module._figures([blind])["psr_map_r_c2p"].as_dict()
    assert (found["value"], found["holds"]) == (None, False)
    both = module._figures([blind, report])["psr_map_r_c2p"]
    assert both.values == [100 * report["psr"]["c2p"]["map_r"]["value"]]


def test_seeds_are_gathered(document: dict[str, Any]) -> None:
    [report] = document["reports"]
    worse = {**report, "stealth": {**report["stealth"], "psnr": report["stealth"]["psnr"] - 2}}
    figures = module._figures([report, worse, report])
    assert figures["psnr"].values == [report["stealth"]["psnr"], worse["stealth"]["psnr"], report["stealth"]["psnr"]]
    assert len(figures["album_leak@10_at_50_percent"].values) == 3


def test_costs_are_ratios(small: None, split: Split, architecture: Architecture) -> None:
    costs = step_costs(prepare(split.train, 32).examples, architecture, 0.5, pairs=2)
    assert len(costs) == 2
    assert all(0.1 < cost < 20 for cost in costs)


def test_the_full_plan_is_larger_in_every_way() -> None:
    for name, value in vars(QUICK).items():
        assert vars(FULL)[name] > value
