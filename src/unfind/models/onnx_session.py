"""Open ONNX graphs for onnxruntime, and read what is written on them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from unfind.errors import ModelError, UsageError


def open_session(path: Path) -> Any:
    """An onnxruntime session on the CPU, with as many threads as ``OMP_NUM_THREADS`` says, or one for each core.

    Raises:
        ModelError: no file, or one that is no graph this runtime can run.
        UsageError: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise UsageError(
            "Expected onnxruntime, got none: pip install 'unfind[onnx]', or use --engine torch."
        ) from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"Expected a graph at {path}, got '{error.strerror}': write it with unfind mark export."
        ) from error
    options = onnxruntime.SessionOptions()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    options.intra_op_num_threads = int(threads) if threads.isdigit() else 0
    options.log_severity_level = 4  # what goes wrong is told once, by the error below
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a class for each kind of damage, and no base class among them
        raise ModelError(
            f"Expected an ONNX graph at {path}, got a file that cannot be run: export it again."
        ) from error


def facts_of(session: Any) -> dict[str, str]:
    """What is written on a graph beside the graph."""
    return dict(session.get_modelmeta().custom_metadata_map)
