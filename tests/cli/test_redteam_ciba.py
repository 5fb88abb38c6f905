"""``unfind redteam ciba``: the layer between the words and the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.cli import redteam_ciba as module
from unfind.models.encoder import Architecture
from unfind.studies.ciba_run import ROWS, Attacked, CibaRun
from unfind.studies.hash_scene import ModelName

MEASURED = {
    **dict.fromkeys(ROWS, 0.5),
    **{f"clean_model_{name}": 0.25 for name in ROWS},
    "t_map@1000_published": None,
    "target": "airplane",
    "n_train": 10_000,
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[CibaRun, Path, bool]]:
    """An attack that takes no time, and what it was asked for."""
    calls: list[tuple[CibaRun, Path, bool]] = []

    def fake(run: CibaRun, out: Path, *, resume: bool, progress: Any) -> Attacked:
        calls.append((run, out, resume))
        return Attacked({"attack": "ciba", "measured": MEASURED}, [out / "report.html"], out / "models" / "victim")

    monkeypatch.setattr(module, "attack", fake)
    return calls


def test_words_reach_the_study(unfind, asked: list[Any], tmp_path: Path) -> None:
    plot = ("--variant=tri+adv", "--poisoned=20", "--patch=0.15", "--patch-steps=9", "--lambda=0.4", "--budget=0.02")
    data = ("--photos=500", "--queries=9", "--database=99", "--steps=3", "--seed=2", "--no-pretrained")
    black = ("--bits=32", "--objective=csq", "--surrogate-bits=16", "--surrogate-backbone=small-vgg", "--size=32")
    words = (*plot, *data, *black, "--target=airplane", "--resume")
    unfind("redteam", "ciba", "--data", "my/photos", "--out", tmp_path, *words)
    [(run, out, resume)] = asked
    ground, attack = run.ground, run.setting.attack
    assert (out, resume) == (tmp_path, True)
    assert (ground.data, ground.architecture, ground.target, ground.seed) == (
        "my/photos", Architecture("tiny", 32), "airplane", 2,
    )  # fmt: skip
    assert (ground.photos, ground.queries, ground.database, ground.steps) == (500, 9, 99, 3)
    assert not ground.pretrained
    assert not ground.shared_seed
    assert (attack.variant, attack.poisoned, attack.seed) == ("tri+adv", 20, 2)
    assert (attack.patch.side, attack.patch.steps, attack.patch.seed) == (0.15, 9, 2)
    assert (attack.confusion.dispersion, attack.confusion.budget) == (0.4, 0.02)
    assert run.setting.victim == ModelName(32, "csq")
    assert run.setting.surrogate == ModelName(16, "csq", "small-vgg")


def test_without_a_surrogate_of_its_own_the_attacker_has_one_like_the_victims(
    unfind, asked: list[Any], tmp_path: Path
) -> None:
    unfind("redteam", "ciba", "--data", "x", "--out", tmp_path)
    [(run, _, resume)] = asked
    assert run.setting.surrogate is None
    assert run.setting.victim == ModelName()
    assert not resume
    assert not run.setting.attack.fixed


def test_official_puts_the_confounds_in(unfind, asked: list[Any], tmp_path: Path) -> None:
    unfind("redteam", "ciba", "--data", "x", "--out", tmp_path, "--official")
    [(run, _, _)] = asked
    assert run.ground.shared_seed
    assert run.setting.attack.fixed
    assert run.setting.attack.confusion.budget == pytest.approx((1.832 / 255, 1.792 / 255, 1.8 / 255))


def test_a_surrogate_from_a_folder(unfind, wrong, asked: list[Any], tmp_path: Path) -> None:
    words = ("redteam", "ciba", "--data", "x", "--out", tmp_path, "--surrogate", "some/model")
    assert "got both" in wrong(*words, "--surrogate-bits=16")
    unfind(*words)
    [(run, _, _)] = asked
    assert run.ground.surrogate == Path("some/model")
    assert run.setting.surrogate is None


def test_both_models_are_told_of(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("redteam", "ciba", "--data", "x", "--out", tmp_path).out
    assert "60 of 10000 training photos poisoned" in said.replace("\n", " ")
    lines = [line.split() for line in said.splitlines()]
    assert any(line[-2:] == ["25.00", "50.00"] for line in lines)
    assert any(line[-2:] == ["25.00", "-"] for line in lines)
    assert any(line[-4:] == ["0.2", "bits", "0.5", "bits"] for line in lines)
    assert str(tmp_path / "models" / "victim") in said


def test_json(unfind, asked: list[Any], tmp_path: Path) -> None:
    said = unfind("redteam", "ciba", "--data", "x", "--out", tmp_path, "--json")
    assert said.json["measured"]["target"] == "airplane"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--bits=12",), "multiple of 8"),
        (("--poisoned=1",), "at least 2 photos"),
        (("--lambda=2",), "lambda"),
        (("--budget=0",), "budget"),
        (("--queries=0",), "at least 1"),
        (("--variant=luck",), "luck"),
    ],
)
def test_wrong_words(wrong, asked: list[Any], tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    assert says in wrong("redteam", "ciba", "--data", "x", "--out", tmp_path, *words)
    assert asked == []
