"""``unfind reproduce rnm``: the layer between the words and the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.cli import reproduce_rnm as module
from unfind.models.encoder import Architecture
from unfind.studies.reproduction import Reproduction
from unfind.studies.rnm_grid import BITS, RnmGrid, RnmRequest

ROW = {"seed": 0, "method": "rnm-p2s", "bits": 16, "source": "measured", "metric": "t_map", "value": 0.875}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RnmRequest, Path, str]]:
    """A reproduction that takes no time, and what it was asked for."""
    calls: list[tuple[RnmRequest, Path, str]] = []

    def fake(grid: RnmGrid, name: str) -> Reproduction:
        calls.append((grid.request, grid.folder, name))
        grid.progress("cloak", 1, 2)
        document: dict[str, Any] = {"paper": "rnm", "artefact": name, "rows": [ROW]}
        return Reproduction(document, [grid.folder / f"{name}.json"])

    monkeypatch.setattr(module, "reproduce_rnm", fake)
    return calls


def test_words_reach_the_study(unfind, asked: list[Any], tmp_path: Path) -> None:
    words = ("--bits=16", "--bits=48", "--seeds=2", "--queries=9", "--slow=4", "--database=99", "--iterations=7")
    more = ("--steps=3", "--preset=paper", "--size=32", "--heat-backbone=small-vgg", "--no-pretrained")
    unfind("reproduce", "rnm", "--table=1", "--data", "my/photos", "--out", tmp_path, *words, *more)
    [(request, folder, name)] = asked
    assert (folder, name) == (tmp_path, "table-1")
    assert request == RnmRequest(
        "my/photos", Architecture("tiny", 32), "paper", (16, 48), (0, 1), 9, 4, 99, 7, 3, False, ("small-vgg",)
    )


def test_defaults(unfind, asked: list[Any], tmp_path: Path) -> None:
    unfind("reproduce", "rnm", "--figure=2", "--data", "x", "--out", tmp_path)
    [(request, _, name)] = asked
    assert name == "figure-2"
    assert request == RnmRequest("x", bits=BITS)


def test_a_table_and_the_files_are_told(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "rnm", "--table=1", "--data", "x", "--out", tmp_path)
    lines = [line.split() for line in said.out.splitlines()]
    assert ["rnm-p2s", "16", "measured", "87.50", "-"] in lines
    assert str(tmp_path / "table-1.json") in said.out


def test_a_figure_without_a_table(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "rnm", "--figure=2", "--data", "x", "--out", tmp_path)
    assert said.out.startswith("Hamming distance by iteration")


def test_json(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("reproduce", "rnm", "--table=1", "--data", "x", "--out", tmp_path, "--json")
    assert said.json["rows"] == [ROW]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "got neither"),
        (("--table=1", "--figure=2"), "got both"),
        (("--table=9",), "got table 9"),
        (("--figure=1",), "got figure 1"),
        (("--table=1", "--seeds=0"), "at least 1 seed"),
        (("--table=1", "--bits=12"), "multiple of 8"),
        (("--table=1", "--preset=fast"), "recommended, paper"),
    ],
)
def test_wrong_words(wrong, asked: list[Any], tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    assert says in wrong("reproduce", "rnm", "--data", "x", "--out", tmp_path, *words)
    assert asked == []
