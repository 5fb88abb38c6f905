"""Networks as ONNX graphs: one file each, with facts written on it, and a form of 8-bit whole numbers."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unfind.errors import ModelError, UsageError

OPSET = 18
"""The first with antialiased resizing; every runtime of the last years knows it."""


def onnx_graph(
    net: nn.Module,
    example: tuple[Tensor, ...],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    varying: Mapping[str, Mapping[int, str]],
    facts: Mapping[str, str],
) -> bytes:
    """Export a network.

    Args:
        net: in evaluation mode, on the CPU.
        example: what it takes; sides that vary must be larger than 1 here.
        inputs, outputs: their names, in the order of the call.
        varying: for each input, which axes may have any length, and their names.
        facts: written on the graph: what a reader must know of it.

    Returns:
        The file.

    Raises:
        UsageError: what exporting needs is not installed.
        ModelError: the network does something that ONNX cannot say.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401  # the exporter needs it, and says so less plainly
    except ImportError as error:
        raise UsageError("Expected onnx and onnxscript, got none: pip install 'unfind[export]'.") from error
    axes = tuple({axis: torch.export.Dim(name, min=1) for axis, name in varying.get(n, {}).items()} for n in inputs)
    try:
        program = _exported(net, example, list(inputs), list(outputs), axes)
    except Exception as error:  # the exporter wraps whatever stood in its way
        raise ModelError(f"Expected a network that ONNX can hold, got '{error}': use torch for it.") from error
    graph = program.model_proto
    onnx.helper.set_model_props(graph, dict(facts))
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


def _exported(
    net: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str], axes: tuple[Any, ...]
) -> Any:
    with _quiet("torch.onnx"):
        return torch.onnx.export(
            net,
            example,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=axes,
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )


@contextmanager
def _quiet(logger: str) -> Iterator[None]:
    """Keep back the chatter about packages that are not needed here, and about names that will change."""
    chatter = logging.getLogger(logger)
    level = chatter.level
    chatter.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        chatter.setLevel(level)


def eight_bit_graph(graph: bytes) -> bytes:
    """The same graph with weights of 8-bit whole numbers, a quarter of the size; sums stay in full precision.

    Weights are quantised for each channel, values on their way for each picture ("dynamic"), so no photos are needed.

    Raises:
        UsageError: onnxruntime is not installed.
    """
    try:
        import onnx
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError as error:
        raise UsageError("Expected onnxruntime, got none: pip install 'unfind[export]'.") from error
    with tempfile.TemporaryDirectory() as folder, _quiet(""):
        whole, small = Path(folder, "whole.onnx"), Path(folder, "small.onnx")
        model = onnx.load_from_string(graph)
        del model.graph.value_info[:]  # the quantiser turns matrices round, and then trips over their old shapes
        onnx.save(model, whole)
        quantize_dynamic(whole, small, weight_type=QuantType.QUInt8, per_channel=True)
        return small.read_bytes()
