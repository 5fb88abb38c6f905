"""A backbone from the user's own Python file, named ``FILE.py:FUNCTION``."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch.nn as nn
from torch import Tensor

from unfind.errors import ModelError, UsageError


class Embedding(nn.Module):
    """Calls a module's ``embed`` method where it has one (classifiers often keep features there)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.method = "embed" if callable(getattr(module, "embed", None)) else "forward"

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.module(images) if self.method == "forward" else self.module.embed(images)  # type: ignore[operator]
        return features


def load_own(spec: str) -> nn.Module:
    """Run the user's file and call the function, which must return a module.

    The module maps images (N, 3, H, W) in [0, 1] to features (N, D), by its ``embed`` method where it has one
    and by ``forward`` otherwise. The call is made from the file's folder, so that weights may lie beside it.

    Raises:
        UsageError: the spec is not FILE.py:FUNCTION.
        ModelError: the file or function is absent, fails, or returns something else.
    """
    path, function = parse_spec(spec)
    with _working_folder(path.parent):
        make = _function(path, function)
        try:
            module = make()
        except Exception as error:
            raise ModelError(
                f"Expected {function}() in {path} to return a backbone, got {type(error).__name__}: {error}."
            ) from error
    if not isinstance(module, nn.Module):
        raise ModelError(
            f"Expected {function}() in {path} to return a torch module, got {type(module).__name__}: return the net."
        )
    return Embedding(module)


def parse_spec(spec: str) -> tuple[Path, str]:
    """Split ``FILE.py:FUNCTION`` into an absolute path and a name.

    Raises:
        UsageError: the spec is not FILE.py:FUNCTION.
    """
    file, colon, function = spec.rpartition(":")
    if not colon or not file.endswith(".py") or not function.isidentifier():
        raise UsageError(f"Expected a backbone like FILE.py:FUNCTION, got '{spec}': name the file and the function.")
    try:
        return Path(file).expanduser().resolve(), function
    except (RuntimeError, ValueError) as error:  # no such user in '~user', or a zero byte
        raise UsageError(f"Expected a path in the backbone '{spec}', got one with '{error}': write it out.") from error


def _function(path: Path, function: str) -> Callable[[], Any]:
    if not path.is_file():
        raise ModelError(f"Expected a Python file at {path}, got none: check the path of the backbone.")
    module_spec = importlib.util.spec_from_file_location(f"unfind_backbone_{path.stem}", path)
    assert module_spec is not None
    assert module_spec.loader is not None
    module = importlib.util.module_from_spec(module_spec)
    sys.modules[module_spec.name] = module  # dataclasses and pickles look their module up there
    try:
        module_spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[module_spec.name]
        raise ModelError(f"Expected to import {path}, got {type(error).__name__}: {error}.") from error
    if not callable(getattr(module, function, None)):
        raise ModelError(f"Expected a function '{function}' in {path}, got none of that name: check the spelling.")
    made: Callable[[], Any] = getattr(module, function)
    return made


@contextlib.contextmanager
def _working_folder(folder: Path) -> Iterator[None]:
    """Let the user's file find weights and modules that lie beside it."""
    before = Path.cwd()
    if folder.is_dir():
        os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        os.chdir(before)
