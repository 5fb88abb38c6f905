"""A mark by name, run by whatever is at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from unfind.errors import ModelError, UsageError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_weights import save_mark
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.learned import Learned
from unfind.triggers.onnx_mark import OnnxMark
from unfind.triggers.open_mark import Engine, open_mark
from unfind.triggers.shipped import default_mark
from unfind.triggers.spread_mark import SpreadMark
from unfind.triggers.spread_spectrum import SpreadSpectrum


@pytest.mark.parametrize("engine", ["auto", "onnx"])
def test_the_shipped_mark_is_run_by_onnx(engine: Engine, key: Key) -> None:
    mark = open_mark(key, "shipped", owner=12, engine=engine)
    assert isinstance(mark, KeyedMark)
    assert isinstance(mark.nets, OnnxMark)
    assert (mark.key, mark.owner, mark.strength) == (key, 12, mark.nets.strength)
    assert open_mark(key, "shipped", strength=0.3, engine=engine).strength == 0.3


def test_torch_runs_it_when_asked(key: Key) -> None:
    mark = open_mark(key, "shipped", owner=12, strength=0.7, engine="torch")
    assert isinstance(mark, Learned)
    assert (mark.settings()["owner"], mark.settings()["mark"], mark.strength) == (12, "shipped", 0.7)


def test_torch_runs_what_has_no_graphs(key: Key, tmp_path: Path) -> None:
    save_mark(tmp_path / "mark", MarkEncoder(160), MarkDecoder(160), {"strength": 0.6})
    for mark in (str(tmp_path / "mark"), "untrained"):
        assert isinstance(open_mark(key, mark), Learned)
        with pytest.raises(ModelError, match="write it with unfind mark export"):
            open_mark(key, mark, engine="onnx")


def test_without_onnxruntime_auto_takes_torch(key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unfind.triggers.open_mark.find_spec", lambda name: None)
    assert isinstance(open_mark(key, "shipped"), Learned)


def test_the_default_is_what_is_taken_without_a_name(key: Key) -> None:
    assert open_mark(key).name == ("spread-spectrum" if default_mark() == "spread-spectrum" else "learned")


def test_plane_waves_need_no_engine_and_name_no_owner(key: Key) -> None:
    mark = open_mark(key, "spread-spectrum", strength=0.5)
    assert isinstance(mark, SpreadMark)
    assert isinstance(open_mark(key, "spread-spectrum", engine="torch"), SpreadSpectrum)
    assert (mark.strength, open_mark(key, "spread-spectrum").strength) == (0.5, 1.0)
    with pytest.raises(UsageError, match="Expected a learned mark for onnx"):
        open_mark(key, "spread-spectrum", engine="onnx")
    with pytest.raises(UsageError, match="Expected no owner for a mark that names none, got 0"):
        open_mark(key, "spread-spectrum", owner=0)


@pytest.mark.parametrize("engine", ["onnx", "torch"])
@pytest.mark.parametrize("settings", [{"owner": 70_000}, {"strength": 0.0}, {"strength": 9.0}])
def test_numbers_out_of_range_are_told_alike(settings: dict[str, float], engine: Engine, key: Key) -> None:
    with pytest.raises(UsageError, match="Expected"):
        open_mark(key, "shipped", engine=engine, **settings)  # type: ignore[arg-type]


def test_engines_that_do_not_exist(key: Key) -> None:
    with pytest.raises(UsageError, match="out of auto, onnx, torch, got 'steam'"):
        open_mark(key, "shipped", engine="steam")  # type: ignore[arg-type]
