"""Graphs are opened, or it is said why not."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from unfind.errors import ModelError, UsageError
from unfind.models.onnx_session import facts_of, open_session


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Doubles what it gets."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("once", "twice")]
    body = helper.make_graph([helper.make_node("Add", ["once", "once"], ["twice"])], "double", values[:1], values[1:])
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    helper.set_model_props(model, {"colour": "blue"})
    onnx.save(model, tmp_path / "double.onnx")
    return tmp_path / "double.onnx"


def test_a_graph_runs_and_tells_what_is_written_on_it(graph: Path) -> None:
    session = open_session(graph)
    assert session.run(["twice"], {"once": np.float32([1, 2])})[0].tolist() == [2, 4]
    assert facts_of(session) == {"colour": "blue"}


@pytest.mark.parametrize(("threads", "expected"), [("1", 1), ("3", 3), ("", 0), ("many", 0)])
def test_it_takes_as_many_threads_as_everything_else(
    threads: str, expected: int, graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    assert open_session(graph).get_session_options().intra_op_num_threads == expected


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"Expected a graph at .*absent.onnx, got 'No such file"):
        open_session(tmp_path / "absent.onnx")


@pytest.mark.parametrize("cut", [0, 10, 60])
def test_damaged_files_are_told(cut: int, graph: Path) -> None:
    graph.write_bytes(graph.read_bytes()[:cut])
    with pytest.raises(ModelError, match="cannot be run: export it again"):
        open_session(graph)


def test_without_onnxruntime_it_says_what_to_install(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r"pip install 'unfind\[onnx\]'"):
        open_session(graph)
