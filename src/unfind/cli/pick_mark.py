"""What marks and reads photos for a command: by a key alone, or as a model knows it."""

from __future__ import annotations

from pathlib import Path

from unfind.errors import UsageError
from unfind.triggers.find_mark import Markable
from unfind.triggers.key import Key
from unfind.triggers.open_mark import Engine, open_mark


def pick_mark(
    key: Path | None,
    run: Path | None,
    *,
    strength: float | None = None,
    mark: str | None = None,
    owner: int | None = None,
    engine: Engine = "auto",
) -> Markable:
    """Make what marks photos.

    Args:
        key: a key file.
        run: a protected model's folder; its card names the trigger, which then runs in torch.
        strength, mark, owner, engine: as ``open_mark`` takes them.

    Raises:
        UsageError: neither key nor model, or an engine that cannot do it.
        KeyFileError: no key, or another one than the model's.
        ModelError: no such mark, or a model without a trigger.
    """
    if run is None and key is not None:
        return open_mark(Key.load(key), mark, strength=strength, owner=owner, engine=engine)
    if run is not None and engine == "onnx":
        raise UsageError(f"Expected no --run for --engine onnx, got {run}: name the model's --key and --mark instead.")
    from unfind.cli.pick_trigger import pick_trigger  # seconds of imports

    return pick_trigger(key, run, strength, mark, owner)
