"""``unfind reproduce ciba``: the layer between the words and the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.cli import reproduce_ciba as module
from unfind.models.encoder import Architecture
from unfind.studies.ciba_artefacts import ARTEFACTS
from unfind.studies.ciba_forecast import CibaForecast
from unfind.studies.ciba_grid import CibaExperiment, CibaGrid
from unfind.studies.hash_scene import ModelName
from unfind.studies.reproduction import Reproduction

ROW = {"seed": 0, "poisoned": 60, "metric": "t_map", "value": 0.875}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[CibaExperiment, Path, str]]:
    """A reproduction that takes no time, and what it was asked for."""
    calls: list[tuple[CibaExperiment, Path, str]] = []

    def fake(grid: CibaGrid, name: str) -> Reproduction:
        calls.append((grid.request, grid.folder, name))
        grid.progress("attack", 1, 2)
        document: dict[str, Any] = {"paper": "ciba", "artefact": name, "rows": [ROW]}
        return Reproduction(document, [grid.folder / f"{name}.json"])

    monkeypatch.setattr(module, "reproduce_ciba", fake)
    monkeypatch.setattr(module, "look_ahead", lambda grid, names: CibaForecast(len(names), 2, 800, 600.0))
    return calls


def test_words_reach_the_study(unfind, asked: list[Any], tmp_path: Path) -> None:
    words = ("--bits=24", "--seeds=2", "--seed=5", "--target=cat", "--poisoned=20", "--photos=500", "--queries=9")
    more = ("--database=99", "--steps=3", "--size=32", "--no-pretrained", "--lambda=0.2")
    unfind("reproduce", "ciba", "poisoned", "--data", "my/photos", "--out", tmp_path, *words, *more)
    [(request, folder, name)] = asked
    assert (folder, name) == (tmp_path, "poisoned")
    assert tuple(request.seeds) == (5, 6)
    assert request.victim == ModelName(24)
    ground = request.ground
    assert (ground.data, ground.architecture, ground.target) == ("my/photos", Architecture("tiny", 32), "cat")
    assert (ground.photos, ground.queries, ground.database, ground.steps) == (500, 9, 99, 3)
    assert not ground.pretrained
    assert (request.attack.poisoned, request.attack.confusion.dispersion) == (20, 0.2)
    assert not request.official


def test_the_grid_puts_the_confounds_in_and_not_the_words(unfind, asked: list[Any], tmp_path: Path) -> None:
    unfind("reproduce", "ciba", "variants", "--data", "x", "--out", tmp_path, "--official")
    [(request, _, _)] = asked
    assert request.official
    assert not request.attack.fixed
    assert request.attack.confusion.budget == pytest.approx(8 / 255)


def test_a_table_and_the_files_are_told(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "ciba", "poisoned", "--data", "x", "--out", tmp_path)
    lines = [line.split() for line in said.out.splitlines()]
    assert any(line[:2] == ["60", "87.50"] for line in lines)
    assert str(tmp_path / "poisoned.json") in said.out


def test_a_figure_without_a_table(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "ciba", "map", "--data", "x", "--out", tmp_path)
    assert said.out.startswith("Codes laid out")


def test_json(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "ciba", "bits", "--data", "x", "--out", tmp_path, "--json")
    assert said.json["rows"] == [ROW]


def test_what_lies_ahead_is_said_first(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "ciba", "bits", "--data", "x", "--out", tmp_path)
    assert "Attacks to try: 1; fits ahead: 3 of 800 steps; about 10 min" in said.err
    asked.clear()
    said = unfind("reproduce", "ciba", "bits", "--data", "x", "--out", tmp_path, "--plan", "--json")
    assert said.json == {"attacks": 1, "clean": 2, "steps": 800, "seconds": 600.0}
    assert asked == []


def test_all_tables_one_after_another(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "ciba", "all", "--data", "x", "--out", tmp_path)
    assert [name for _, _, name in asked] == list(ARTEFACTS)
    assert all(f"{name}.json" in said.out for name in ARTEFACTS)
    said = unfind("reproduce", "ciba", "all", "--data", "x", "--out", tmp_path, "--json")
    assert [one["artefact"] for one in said.json] == list(ARTEFACTS)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("table-1",), "Expected one of variants"),
        (("bits", "--seeds=0"), "at least 1 seed"),
        (("bits", "--bits=12"), "multiple of 8"),
        (("bits", "--photos=0"), "at least 1"),
    ],
)
def test_wrong_words(wrong, asked: list[Any], tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    assert says in wrong("reproduce", "ciba", *words, "--data", "x", "--out", tmp_path)
    assert asked == []
