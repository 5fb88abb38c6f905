"""``unfind export``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unfind.cli import export as module


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """An export that takes no time, and what it was asked for."""
    calls: list[dict[str, Any]] = []

    def fake(run: Path, out: Path, photos: list[Any], **options: Any) -> dict[str, Any]:
        calls.append({"run": run, "out": out, "photos": len(photos), **options})
        return {"model": "ab12", "encoder_onnx": {"lowest_cosine": 0.99987654}}

    monkeypatch.setattr(module, "export_run", fake)
    return calls


def test_words_reach_the_study(unfind, asked: list[dict[str, Any]], class_photos: Path, tmp_path: Path) -> None:
    said = unfind("export", tmp_path, "--onnx", tmp_path / "out", "--data", class_photos, "--photos", 3)
    [call] = asked
    assert (call["run"], call["out"], call["photos"], call["backbone"]) == (tmp_path, tmp_path / "out", 3, None)
    assert "encoder_onnx lowest_cosine" in said.out
    assert "0.999877" in said.out


def test_json_is_one_document(unfind, asked: list[dict[str, Any]], class_photos: Path, tmp_path: Path) -> None:
    said = unfind("export", tmp_path, "--onnx", tmp_path / "out", "--data", class_photos, "--json")
    assert said.json == {"model": "ab12", "encoder_onnx": {"lowest_cosine": 0.99987654}}
    assert asked[0]["photos"] == 8  # every fifth of forty


def test_no_model_is_told(wrong, class_photos: Path, tmp_path: Path) -> None:
    words = ("export", tmp_path, "--onnx", tmp_path / "out", "--data", class_photos)
    assert "is this a run folder?" in wrong(*words, code=1)
