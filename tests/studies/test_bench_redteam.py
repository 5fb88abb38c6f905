"""The claim of the red team, end to end, in miniature."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.redteam.ciba import Attack
from unfind.redteam.trigger_patch import patch_shape
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies.bench_redteam import (
    FULL,
    QUICK,
    SIDE,
    Plan,
    affordable,
    attack_figures,
    bench_redteam,
    order_figures,
    price_figures,
    spent,
    transfer_figures,
)
from unfind.studies.ciba_ground import CibaGround

TINY = Architecture("tiny", size=32)


@pytest.fixture(scope="module")
def document(many_waves: Path, small_attack: Attack, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    plan = Plan(50, 20, 30, 1, ("tri", "ciba"), attack=small_attack, timed=2, strangers=(), trusted=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNFIND_CACHE", str(cache))
        return bench_redteam(str(many_waves), tmp_path_factory.mktemp("bench"), architecture=TINY, seeds=1, plan=plan)


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    found = read_bench(tmp_path / "bench.json")
    assert (found["bench"], found["seeds"]) == ("redteam", [0])
    names = {"ciba_t_map", "tri_t_map", "ciba_clean_map_drop", "batch_over_one_by_one", "patch_area", "seconds_in_all"}
    assert names <= found["figures"].keys()
    assert set(document["measured"][0]["variants"]) == {"tri", "ciba"}
    assert {"detector_far_auc", "detector_transplant_false_alarms", "detector_spectral_auc"} <= found["figures"].keys()
    assert {row["poisoned"] for row in found["detectors"]} == {True, False}
    assert document["figures"]["patch_area"]["value"] == pytest.approx(25 / 1024)
    assert document["figures"]["patch_area"]["holds"]


def test_at_most_half_of_the_targets_photos_are_poisoned(document: dict[str, Any], ciba_ground: CibaGround) -> None:
    assert [affordable(ciba_ground, wanted) for wanted in (2, 3, 60)] == [2, 3, 3]
    assert document["measured"][0]["poisoned"] == 3
    assert document["figures"]["poisoned_share"]["value"] == pytest.approx(3 / 36)


def row(t_map: float, map: float = 0.70, clean: float = 0.705) -> dict[str, Any]:
    return {"t_map": t_map, "t_map@1000_of_hits": t_map, "t_map@1000_published": None, "clean_model_t_map": 0.1,
            "map": map, "clean_model_map": clean, "psnr": 25.0, "chance": 0.1, "n_train": 10_000,
            "seconds": {"all": 100.0}}  # fmt: skip


FOUND: list[dict[str, Any]] = [
    {
        "seed": seed,
        "poisoned": 60,
        "area": 0.02,
        "variants": {
            "tri": row(0.2),
            "tri+noise": row(0.22),
            "tri+adv": row(0.5 + seed / 10),
            "ciba": row(0.7),
        },
        "transfer": {"dpsh-24": row(0.4)} if seed == 0 else {},
        "speed": {"together": 1.0, "alone": 4.0 + seed, "spared": 5.0, "published": 6.0 + seed, "seconds": 7.0},
    }
    for seed in (0, 1)
]


def test_targets_are_those_of_the_claim() -> None:
    found = {name: figure.as_dict() for name, figure in attack_figures(FOUND).items()}
    assert found["ciba_t_map"]["holds"]
    assert found["tri_t_map"]["target"] is None
    assert found["ciba_clean_map_drop"]["value"] == pytest.approx(0.005)
    assert found["ciba_clean_map_drop"]["holds"]
    assert found["ciba_t_map@1000_published"]["value"] is None  # no query had a hit: nothing to tell


def test_the_order_of_the_variants() -> None:
    found = {name: figure.as_dict() for name, figure in order_figures(FOUND).items()}
    assert {name: one["holds"] for name, one in found.items()} == dict.fromkeys(found, True)
    assert found["tri+adv_over_tri"]["value"] == pytest.approx(0.35)
    worse = [{**one, "variants": {**one["variants"], "ciba": row(0.3), "tri+noise": row(0.9)}} for one in FOUND]
    found = {name: figure.as_dict() for name, figure in order_figures(worse).items()}
    assert not found["ciba_over_tri+adv"]["holds"]
    assert not found["tri+noise_over_tri"]["holds"]
    few = [{**one, "variants": {"tri": row(0.1), "ciba": row(0.2)}} for one in FOUND]
    assert list(order_figures(few)) == ["ciba_over_tri"]


def test_variants_without_a_claim_are_tried_once() -> None:
    some = [FOUND[0] | {"variants": FOUND[0]["variants"] | {"invisible": row(0.15)}}, FOUND[1]]
    assert list(attack_figures(some)["invisible_t_map"].values) == [0.15]
    assert len(attack_figures(some)["ciba_t_map"].values) == 2
    assert FULL.once == ("invisible",)


def test_what_it_takes() -> None:
    found = {name: figure.as_dict() for name, figure in price_figures(FOUND).items()}
    assert found["poisoned_share"]["value"] == pytest.approx(0.006)
    assert found["batch_over_one_by_one"]["value"] == pytest.approx(6.5)
    assert found["batch_over_one_by_one"]["holds"]
    assert found["batch_over_one_by_one_spared"]["value"] == pytest.approx(5.0)
    assert found["batch_over_one_by_one_alike"]["value"] == pytest.approx(4.5)
    assert found["batch_over_one_by_one_alike"]["target"] is None


def test_time_is_counted_whoever_spent_it(document: dict[str, Any]) -> None:
    assert [spent(one) for one in FOUND] == [5 * 100 + 7, 4 * 100 + 7]
    kept = [row["seconds"]["all"] for row in document["measured"][0]["variants"].values()]
    assert document["seconds"] > sum(kept) > 0


def test_strangers_are_tried_on_the_first_seed() -> None:
    assert set(transfer_figures(FOUND)) == {"ciba_t_map_dpsh-24", "ciba_t_map_no_poison_dpsh-24", "clean_map_dpsh-24"}


def test_the_full_claim() -> None:
    assert (FULL.photos, FULL.attack.poisoned, FULL.attack.patch.side) == (10_000, 60, SIDE)
    assert patch_shape(SIDE, 32, FULL.attack.patch.stretch) == (5, 7)
    assert FULL.attack.variant == "ciba"
    assert QUICK.attack == replace(FULL.attack, poisoned=20)


def test_classes_cannot_be_left_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no --train-classes"):
        bench_redteam("x", tmp_path, architecture=TINY, train_classes=3)
