"""``unfind cloak-train``: the layer between the words and the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.cli import cloak_train as module
from unfind.cloaks.fit_generator import GeneratorFit
from unfind.cloaks.pace import PAPER_BUDGET
from unfind.studies.train_generator import GeneratorRequest, TrainedGenerator

FIGURES = {"before": 0.5, "towards": 0.75, "away": 0.8, "seconds_per_photo": 0.001, "photos": 12.0}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """A fit that takes no time, and what it was asked for."""
    calls: list[tuple[Any, ...]] = []

    def fake(request: GeneratorRequest, file: Path, *, backbone: str | None, progress: Any) -> TrainedGenerator:
        progress("fit", 1, 2)
        calls.append((request, file, backbone))
        return TrainedGenerator(file, FIGURES, [("bad.jpg", "it is no photo.")])

    monkeypatch.setattr(module, "train_generator", fake)
    return calls


def test_words_reach_the_fit(unfind, asked: list[tuple[Any, ...]], tmp_path: Path) -> None:
    numbers = ("--steps=7", "--batch=3", "--learning-rate=0.01", "--away=0.5", "--sureness=0.1", "--seed=4")
    net = ("--budget=0.05", "--width=8", "--blocks=2", "--backbone=net.py:load")
    unfind(
        "cloak-train", "--against", "a", "--against", "b", "--data", "objects", "--out", "g.safetensors", *numbers, *net
    )
    [(request, file, backbone)] = asked
    fit = GeneratorFit(steps=7, batch=3, learning_rate=0.01, away=0.5, sureness=0.1, seed=4)
    assert request == GeneratorRequest("objects", [Path("a"), Path("b")], 0.05, 8, 2, fit)
    assert (file, backbone) == (Path("g.safetensors"), "net.py:load")


def test_what_is_not_said_is_the_default(unfind, asked: list[tuple[Any, ...]]) -> None:
    unfind("cloak-train", "--against", "a", "--data", "objects", "--out", "g.safetensors")
    assert asked[0][0] == GeneratorRequest("objects", [Path("a")], PAPER_BUDGET, fit=GeneratorFit())


def test_figures_and_the_file(unfind, asked: list[tuple[Any, ...]]) -> None:
    said = unfind("cloak-train", "--against", "a", "--data", "objects", "--out", "g.safetensors")
    rows = dict(line.split() for line in said.out.splitlines()[2:-1])
    assert {name: float(value) for name, value in rows.items()} == FIGURES
    assert said.out.splitlines()[-1] == "g.safetensors"
    assert "bad.jpg" in said.err


def test_json_is_one_document(unfind, asked: list[tuple[Any, ...]]) -> None:
    said = unfind("cloak-train", "--against", "a", "--data", "objects", "--out", "g.safetensors", "--json")
    assert said.json["generator"] == "g.safetensors"
    assert said.json["held_out"] == FIGURES


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--out=g.pt",), "ends in .safetensors"),
        (("--steps=0",), "steps of at least 1"),
        (("--away=2",), "away in 0..1"),
        (("--against=NOWHERE",), "is this a run folder"),
    ],
)
def test_wrong_words(
    wrong: Any, clean_run: Path, class_photos: Path, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    against = () if words[0].startswith("--against") else ("--against", clean_run)
    out = () if words[0].startswith("--out") else ("--out", tmp_path / "g.safetensors")
    named = [word.replace("NOWHERE", str(tmp_path / "nowhere")) for word in words]
    code = 1 if "NOWHERE" in words[0] else 2
    assert says in wrong("cloak-train", *against, *out, "--data", class_photos, *named, code=code)
    assert not list(tmp_path.iterdir())
