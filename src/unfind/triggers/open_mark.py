"""What marks and reads photos, by the name of a mark: without torch where that can be."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal, TypeAlias

from unfind.errors import UsageError
from unfind.triggers.find_mark import Findable
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.onnx_mark import ENCODER, OnnxMark
from unfind.triggers.shipped import SPREAD_SPECTRUM, default_mark, mark_folder

Engine: TypeAlias = Literal["auto", "onnx", "torch"]


def open_mark(
    key: Key,
    mark: str | None = None,
    *,
    strength: float | None = None,
    owner: int | None = None,
    engine: Engine = "auto",
) -> Findable:
    """Make what marks and reads photos with a key.

    Args:
        key: the secret.
        mark: "shipped", "spread-spectrum", "untrained" or the folder of a learned mark; None for the default.
        strength: None for the mark's own.
        owner: what a learned mark says of its owner, 0..65535.
        engine: "onnx" never imports torch; "auto" takes it where onnxruntime and the mark's graphs are at hand, and
            for plane waves, which need neither, NumPy.

    Raises:
        UsageError: a number out of range, or an engine that cannot do it.
        ModelError: no such mark.
    """
    name = mark or default_mark()
    if engine not in ("auto", "onnx", "torch"):
        raise UsageError(f"Expected an engine out of auto, onnx, torch, got '{engine}': choose one of these.")
    if name != SPREAD_SPECTRUM and (engine == "onnx" or (engine == "auto" and _has_graphs(name))):
        return KeyedMark(key, OnnxMark(mark_folder(name)), strength=strength, owner=owner or 0)
    if name == SPREAD_SPECTRUM and engine == "auto" and owner is None:
        from unfind.triggers.spread_mark import SpreadMark  # scipy, which learned marks do without

        return SpreadMark(key, strength=1.0 if strength is None else strength)
    if engine == "onnx":
        raise UsageError(f"Expected a learned mark for onnx, got {name}: take the shipped one, or torch.")
    from unfind.triggers.choose import photo_trigger  # seconds of imports

    return photo_trigger(key, name, strength=strength, owner=owner)


def _has_graphs(mark: str) -> bool:
    return find_spec("onnxruntime") is not None and (mark_folder(mark) / ENCODER).exists()
