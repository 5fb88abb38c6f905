"""``unfind bench``: the layer between the words and the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.cli import bench as module
from unfind.models.encoder import Architecture
from unfind.report.bench_json import read_bench
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.bench_hashing import bench_hashing
from unfind.studies.bench_mip import bench_mip
from unfind.studies.bench_protection import bench_protection
from unfind.studies.bench_retrofit import bench_retrofit


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A bench that takes no time, and what it was asked for."""
    calls: list[dict[str, Any]] = []

    def fake(data: str, folder: Path, **options: Any) -> dict[str, Any]:
        calls.append({"data": data, "folder": folder, "existed": folder.is_dir(), **options})
        figures = {
            "drop": Figure([1.0, 3.0], "points", at_most=2.0),
            "psr": Figure([90.0], "per cent", at_least=97),
            "twin": Figure([0.5], "per cent"),
            "gone": Figure([], "dB", at_least=30),
        }
        return bench_document("protection", data, [0, 1], 12.0, figures)

    monkeypatch.setitem(module.BENCHES, "protection", fake)
    return calls


def test_the_protection_bench_is_the_study() -> None:
    assert module.BENCHES["protection"] is bench_protection


def test_the_retrofit_bench_is_the_study() -> None:
    assert module.BENCHES["retrofit"] is bench_retrofit


def test_the_hashing_bench_is_the_study() -> None:
    assert module.BENCHES["hashing"] is bench_hashing


def test_the_mip_bench_is_the_study() -> None:
    assert module.BENCHES["mip"] is bench_mip


def test_words_reach_the_bench(unfind, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    words = ("--seeds=2", "--quick", "--size=32", "--dimension=16", "--train-classes=5", "--runs", tmp_path / "runs")
    unfind("bench", "protection", "--data", "my/photos", *words)
    [call] = asked
    progress = call.pop("progress")
    assert call == {
        "data": "my/photos",
        "folder": tmp_path / "runs",
        "existed": False,
        "seeds": 2,
        "quick": True,
        "train_classes": 5,
        "architecture": Architecture("tiny", 32, 16),
    }
    progress("fit", 1, 2)


def test_options_reach_the_benches_that_have_them(
    unfind, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.BENCHES, "cloaks", module.BENCHES["protection"])
    unfind("bench", "cloaks", "--option", "slow=3", "--option", "objectives=dpsh")
    assert asked[0]["options"] == {"slow": 3, "objectives": "dpsh"}
    assert set(module.WITH_OPTIONS) <= module.BENCHES.keys()


def test_without_a_folder_the_runs_are_temporary(unfind, asked: list[dict[str, Any]]) -> None:
    unfind("bench", "protection")
    assert asked[0]["existed"] is True
    assert not asked[0]["folder"].exists()
    assert (asked[0]["data"], asked[0]["seeds"], asked[0]["quick"]) == ("photos", 3, False)


def test_figures_stand_beside_their_targets(unfind, asked: list[dict[str, Any]]) -> None:
    said = unfind("bench", "protection")
    rows = {line.split()[0]: line.split() for line in said.out.splitlines()[2:-1]}
    assert rows["drop"] == ["drop", "2", "1..3", "<=", "2", "yes", "points"]
    assert rows["psr"][-4:] == ["97", "NO", "per", "cent"]
    assert rows["twin"] == ["twin", "0.5", "per", "cent"]
    assert rows["gone"] == ["gone", "-", ">=", "30", "NO", "dB"]
    assert said.out.splitlines()[-1].startswith("2 seeds, 12 s, ")


def test_json_and_a_file(unfind, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    said = unfind("bench", "protection", "--json", "--out", tmp_path / "new" / "bench.json")
    assert said.json == read_bench(tmp_path / "new" / "bench.json")
    assert said.err == ""


def test_a_file_that_cannot_be_written_loses_no_figure(unfind, asked: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "bench.json").mkdir()
    said = unfind("bench", "protection", "--out", tmp_path / "bench.json", code=1)
    assert "drop" in said.out
    assert "bench.json" in said.sentence


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fortune",), "protection"),
        (("protection", "--seeds=0"), "seed"),
        ((), "NAME"),
        (("protection", "--option=slow=3"), "--option with hashing or cloaks or marks or mip, got protection"),
        (("cloaks", "--option=slow"), "NAME=VALUE"),
    ],
)
def test_wrong_words(wrong, asked: list[dict[str, Any]], words: tuple[str, ...], says: str) -> None:
    assert says in wrong("bench", *words)
    assert asked == []


def test_a_place_that_cannot_be_made_is_told_before_the_work(
    wrong, asked: list[dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in wrong("bench", "protection", "--out", tmp_path / "file" / "x.json", code=1)
    assert asked == []


def test_only_the_mip_bench_takes_over_runs(
    unfind, wrong, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "only mip" in wrong("bench", "protection", "--reuse", tmp_path)
    assert asked == []
    monkeypatch.setitem(module.BENCHES, "mip", module.BENCHES["protection"])
    unfind("bench", "mip", "--reuse", tmp_path, "--quick")
    assert asked[0]["reuse"] == tmp_path
