"""Weights and their card on disk: both, or neither."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unfind.images.files import write_atomic


def write_together(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write several files so that a full disk leaves all the old ones: every byte is down before a name moves."""
    staged = {name: folder / f".{name}.new" for name in contents}
    try:
        for name, data in contents.items():
            write_atomic(staged[name], data)
        for name, path in staged.items():
            os.replace(path, folder / name)
    finally:
        for path in staged.values():
            path.unlink(missing_ok=True)


def plain(state: dict[str, Any]) -> dict[str, Tensor]:
    """Plain copies: safetensors refuses tensors that share memory, as tied weights do."""
    tensors = {name: value.detach().cpu() for name, value in state.items() if torch.is_tensor(value)}
    return {name: value.clone(memory_format=torch.contiguous_format) for name, value in tensors.items()}
