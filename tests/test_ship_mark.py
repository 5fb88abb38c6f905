"""benchmarks/ship_mark.py puts a trained mark, whole, where the package looks for it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import Mark, load_mark, save_mark

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with graphs that only say how strong they are."""
    spec = importlib.util.spec_from_file_location("ship_mark", ROOT / "benchmarks" / "ship_mark.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def files(mark: Mark) -> dict[str, bytes]:
        return {"mark_encoder.onnx": str(mark.card["strength"]).encode()}

    monkeypatch.setattr(module, "mark_files", files)
    return module


@pytest.mark.parametrize(("asked", "expected"), [(None, 0.6), (0.4, 0.4)])
def test_weights_card_and_graphs_stand_together(
    asked: float | None, expected: float, script: ModuleType, tmp_path: Path
) -> None:
    save_mark(tmp_path / "mark", MarkEncoder(160), MarkDecoder(160), {"strength": 0.6})
    sizes = script.ship(tmp_path / "mark", asked, tmp_path / "package")
    shipped = load_mark(tmp_path / "package")
    assert shipped.fingerprint == load_mark(tmp_path / "mark").fingerprint
    assert shipped.card["strength"] == expected
    assert (tmp_path / "package" / "mark_encoder.onnx").read_text() == str(expected)
    assert json.loads((tmp_path / "package" / "mark.json").read_text()).get("trained_strength") == (asked and 0.6)
    assert sizes == {file.name: file.stat().st_size for file in (tmp_path / "package").iterdir()}
