"""The claim of retrofit, end to end, in miniature."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unfind.datasets.spec import load
from unfind.images.edits import EDITS
from unfind.models.encoder import Architecture
from unfind.models.weights import fingerprint_of, load_encoder, read_card, save_encoder
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies import bench_retrofit as module
from unfind.studies.bench_retrofit import FULL, MEASURED, QUICK, Plan, bench_retrofit, figures_of
from unfind.triggers.key import Key

MINIATURE = Plan(first=2, steps=1, photos=20, sample=4, timed=1, owned=8)


@pytest.fixture(scope="module")
def small(cache: Path) -> Any:
    """What makes the bench a matter of seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        patch.setattr(module, "QUICK", MINIATURE)
        patch.setattr(module, "CODEWORDS", 8)
        patch.setattr("unfind.studies.teacher.LEAST_PHOTOS", 10)
        patch.setattr("unfind.studies.teacher.DEVIATIONS", -9)
        patch.setattr("unfind.studies.evaluate.EDITS", {module.POSTED: EDITS[module.POSTED]})
        patch.setattr("unfind.studies.rival.EDITED", ("jpeg75",))
        patch.setattr("unfind.studies.rival.TIMED", 1)
        patch.setattr("unfind.studies.trade_off.CODEWORDS", (2, 8))
        yield


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def document(small: None, runs: Path, class_photos: Path, architecture: Architecture) -> dict[str, Any]:
    return bench_retrofit(str(class_photos), runs, architecture=architecture, seeds=3, quick=True)


def test_the_document_is_one_and_the_quick_form_says_so(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["bench"] == "retrofit"
    assert document["seeds"] == [0]
    assert document["quick"] is True
    assert document["settings"]["plan"] == vars(MINIATURE)


def test_every_target_of_the_claim_has_its_figure(document: dict[str, Any]) -> None:
    targets = {name: figure["target"] for name, figure in document["figures"].items() if figure["target"]}
    assert (
        targets.items()
        >= {
            "benign_drop_recall@1": "<= 0.5",
            "mean_cosine_to_old": ">= 0.98",
            "old_index_recall@1_lost": "<= 0.5",
            "twin_hit@10": "<= 1",
            "psr_map_r_c2p": ">= 99",
            "psr_map_r_p2c": ">= 99",
            "psr_map_r_p2p": ">= 99",
            "psr_map_r_c2p_jpeg75+resize0.75": ">= 97",
            "strict_exposure@10_at_50_percent": "<= 1",
            "strict_outlier_auc": "<= 0.7",
            "own_index_outlier_auc": "<= 0.7",
            "false_trigger": "<= 0.5",
            "fit_minutes": "<= 30",
            "step_cost": "<= 1.5",
        }.items()
    )


def test_figures_are_those_of_the_reports(document: dict[str, Any]) -> None:
    [one] = document["reports"]
    value = {name: figure["value"] for name, figure in document["figures"].items()}
    strict = one["strict"]
    assert value["benign_drop_recall@1"] == pytest.approx(100 * strict["benign_drop"]["recall@1"]["value"])
    assert value["mean_cosine_to_old"] == strict["compatibility"]["mean_cosine"]
    assert value["psnr"] == strict["stealth"]["psnr"]
    assert value["fit_minutes"] == pytest.approx(one["seconds_of_the_fit"] / 60)
    [posted] = strict["survival"]
    assert value["psr_map_r_p2c_jpeg75+resize0.75"] == pytest.approx(100 * posted["psr_map_r"]["p2c"])
    leaks = {mixed["adoption"]: mixed["album_leak@10"]["value"] for mixed in one["own_index"]["mixed"]}
    assert value["own_index_album_leak@10_at_50_percent"] == leaks[0.5]
    assert [row["codewords"] for row in one["trade_off"]] == [2, 8]
    assert {row["situation"] for row in one["rival"]["situations"]} >= {"as deployed"}


def test_clean_photos_stay_where_they_were(document: dict[str, Any], runs: Path) -> None:
    assert document["figures"]["mean_cosine_to_old"]["value"] > 0.98
    cards = {name: read_card(runs / "seed-0" / name) for name in ("first", "retrofit")}
    assert cards["retrofit"]["started_from"]["fingerprint"] == fingerprint_of(cards["first"])
    assert cards["retrofit"]["trigger"]["key_fingerprint"] == Key.from_seed(0).fingerprint
    assert cards["retrofit"]["architecture"]["codewords"] == 8


def test_a_seed_that_was_measured_is_not_measured_again(
    document: dict[str, Any], runs: Path, small: None, class_photos: Path, architecture: Architecture
) -> None:
    path = runs / "seed-0" / MEASURED
    known = json.loads(path.read_text())
    known["found"]["seconds_of_the_fit"] = 60 * 77
    path.write_text(json.dumps(known))
    again = bench_retrofit(str(class_photos), runs, architecture=architecture, quick=True)
    assert again["figures"]["fit_minutes"]["value"] == 77


def test_a_model_in_production_is_taken_as_it_is(
    runs: Path, document: dict[str, Any], small: None, tmp_path: Path, class_photos: Path, architecture: Architecture
) -> None:
    encoder, card = load_encoder(runs / "seed-0" / "first")
    save_encoder(tmp_path / "seed-0" / "first", encoder, card)
    bench_retrofit(str(class_photos), tmp_path, architecture=architecture, quick=True)
    assert not (tmp_path / "seed-0" / "first" / "log.jsonl").exists()
    assert read_card(tmp_path / "seed-0" / "first")["weights_sha256"] == card["weights_sha256"]


def test_what_no_seed_could_measure_holds_no_claim(document: dict[str, Any]) -> None:
    [one] = document["reports"]
    blind = {**one, "strict": {**one["strict"], "outliers": None, "survival": []}}
    figures = {name: figure.as_dict() for name, figure in figures_of([blind]).items()}
    for name in ("strict_outlier_auc", "psr_map_r_c2p_jpeg75+resize0.75"):
        assert (figures[name]["value"], figures[name]["holds"]) == (None, False)


def test_seeds_are_gathered(document: dict[str, Any]) -> None:
    [one] = document["reports"]
    slower = {**one, "seconds_of_the_fit": one["seconds_of_the_fit"] + 120}
    figure = figures_of([one, slower])["fit_minutes"].as_dict()
    assert figure["spread"][1] - figure["spread"][0] == pytest.approx(2)


def test_the_full_form_is_larger() -> None:
    assert all(getattr(FULL, name) > getattr(QUICK, name) for name in vars(FULL))


def test_the_users_own_model_is_the_one_in_production(tmp_path: Path, class_photos: Path) -> None:
    own = Architecture("tiny", 32, head="none")
    module._production(str(class_photos), tmp_path, own, MINIATURE, 0, None, lambda *_: None)
    encoder, card = load_encoder(tmp_path)
    assert encoder.architecture.head == "none"
    assert card["trigger"] is None
    assert (
        module.drawn(load(str(class_photos)).test, 7, 0).files == module.drawn(load(str(class_photos)).test, 7, 0).files
    )
