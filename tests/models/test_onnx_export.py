"""Networks become graphs that compute the same, at every size that was promised."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from unfind.errors import ModelError, UsageError
from unfind.models.onnx_export import OPSET, eight_bit_graph, onnx_graph
from unfind.models.onnx_session import facts_of, open_session


class Mean(nn.Module):
    """Photos of any height to 64 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1))
        self.head = nn.Linear(32, 64)

    def forward(self, photos: Tensor) -> Tensor:
        found: Tensor = self.head(self.body(photos).mean((2, 3)))
        return found


class Guesses(nn.Module):
    """What no graph can hold: the way depends on the values."""

    def forward(self, photos: Tensor) -> Tensor:
        return photos * 2 if float(photos.sum()) > 3 else photos


@pytest.fixture(scope="module")
def net() -> Mean:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Mean().eval()


@pytest.fixture(scope="module")
def graph(net: Mean) -> bytes:
    names = {"inputs": ("photos",), "outputs": ("means",), "varying": {"photos": {0: "count", 2: "height"}}}
    return onnx_graph(net, (torch.zeros(2, 3, 12, 8),), facts={"made by": "a test"}, **names)  # type: ignore[arg-type]


@pytest.mark.parametrize(("count", "height"), [(1, 1), (2, 12), (5, 40)])
def test_it_computes_the_same_at_every_size(count: int, height: int, net: Mean, graph: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(graph)
    photos = torch.rand(count, 3, height, 8, generator=torch.Generator().manual_seed(1))
    found = open_session(tmp_path / "net.onnx").run(["means"], {"photos": photos.numpy()})[0]
    np.testing.assert_allclose(found, net(photos).detach(), atol=1e-5)


def test_the_graph_says_what_it_is(graph: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(graph)
    assert facts_of(open_session(tmp_path / "net.onnx")) == {"made by": "a test"}
    assert onnx.load_from_string(graph).opset_import[0].version == OPSET


def test_eight_bits_are_smaller_and_nearly_the_same(net: Mean, graph: bytes, tmp_path: Path) -> None:
    small = eight_bit_graph(graph)
    assert len(small) < 0.6 * len(graph)
    (tmp_path / "small.onnx").write_bytes(small)
    photos = torch.rand(2, 3, 12, 8, generator=torch.Generator().manual_seed(1))
    found = open_session(tmp_path / "small.onnx").run(None, {"photos": photos.numpy()})[0]
    np.testing.assert_allclose(found, net(photos).detach(), atol=0.02)


def test_exporting_leaves_the_loggers_as_they_were(graph: bytes) -> None:
    assert logging.getLogger("torch.onnx").level == logging.NOTSET


def test_what_no_graph_can_hold_is_told() -> None:
    with pytest.raises(ModelError, match="Expected a network that ONNX can hold"):
        onnx_graph(Guesses(), (torch.zeros(1, 3),), inputs=("photos",), outputs=("same",), varying={}, facts={})


def test_without_the_exporter_it_says_what_to_install(net: Mean, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(UsageError, match=r"pip install 'unfind\[export\]'"):
        onnx_graph(net, (), inputs=(), outputs=(), varying={}, facts={})
    monkeypatch.setitem(sys.modules, "onnxruntime.quantization", None)
    with pytest.raises(UsageError, match=r"pip install 'unfind\[export\]'"):
        eight_bit_graph(b"")
