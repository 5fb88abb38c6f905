"""The claims of the service, in miniature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="fastapi is not installed: pip install 'unfind[service]'")

from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.report.bench_json import read_bench, write_bench
from unfind.studies import bench_service as module
from unfind.studies.bench_service import FULL, QUICK, Plan, bench_service
from unfind.studies.service_flip import build
from unfind.studies.service_photos import named

MINIATURE = Plan(
    count=150, queries=4, photos=6, crowd=40, kills=1, flips=4, clients=3, seconds=1.0, overload_seconds=0.5
)
SMALL = Architecture("tiny", size=32, dimension=16)


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    photos = tmp_path_factory.mktemp("data") / "holiday"
    named("made-up").lay_out(photos, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "QUICK", MINIATURE)
        patch.setattr("unfind.studies.service_kill.KEPT", 20)
        patch.setattr(module, "build", lambda folder: build(folder, count=100))
        patch.setattr("unfind.studies.service_kill.LONGEST", 0.2)
        steps: list[str] = []
        made = bench_service(
            str(photos),
            tmp_path_factory.mktemp("bench") / "runs",
            architecture=SMALL,
            quick=True,
            progress=lambda stage, done, total: steps.append(stage),
        )
    assert steps == ["search", "http", "add", "kill", "damage", "load", "overload"]
    return made


def test_the_document_is_one(document: dict[str, Any], tmp_path: Path) -> None:
    write_bench(tmp_path / "bench.json", document)
    assert read_bench(tmp_path / "bench.json")["bench"] == "service"
    assert document["quick"] is True
    assert document["settings"]["plan"] == vars(MINIATURE)
    assert (document["data"], document["settings"]["real_photos"]) == ("holiday", 5)


def test_what_must_never_happen_did_not(document: dict[str, Any]) -> None:
    never = ("kill_lost_writes", "kill_removed_back", "kill_wrong_neighbours", "kill_damaged", "load_errors")
    for name in (*never, "flipped_byte_silent", "flipped_byte_crashed", "cut_file_silent", "cut_file_crashed"):
        assert document["figures"][name]["value"] == 0, name
        assert document["figures"][name]["holds"] is True


def test_every_target_of_the_service_has_a_figure(document: dict[str, Any]) -> None:
    aimed = {name for name, figure in document["figures"].items() if figure["target"] is not None}
    assert aimed >= {
        *("approximate_search_p50", "approximate_recall@10", "hamming_search_p50", "http_exact_search_p50"),
        *("http_overhead_p50", "add_share_of_encoder", "kill_slowest_open", "load_p99_by_p50", "load_memory_growth"),
        *("overload_refusal_p50", "overload_accepted_p99"),
    }


def test_the_full_plan_is_what_the_claims_speak_of() -> None:
    assert (FULL.count, FULL.kills, FULL.clients, FULL.seconds, FULL.crowd) == (100_000, 200, 32, 300.0, 10_000)
    assert FULL.flips >= 1000
    assert QUICK.count == FULL.count


def test_a_part_can_be_measured_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUICK", MINIATURE)
    made = bench_service("made-up", tmp_path / "runs", architecture=SMALL, quick=True, part="add")
    assert (made["bench"], made["data"]) == ("service-add", "made-up")
    assert "add_share_of_encoder" in made["figures"]
    assert not any(name.startswith(("kill", "load", "exact")) for name in made["figures"])
    assert set(module.PARTS) == {"search", "add", "faults", "load"}


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="Expected an empty folder"):
        bench_service("photos", tmp_path, architecture=SMALL)
