"""The file of a checkpoint: facts and tensors in one, whole or not there, read under the settings it was made under."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from unfind.errors import ImageError, ResumeError, TrainingError
from unfind.images.files import write_atomic

FILE = "checkpoint.safetensors"

Made = TypeVar("Made")


def write_checkpoint_file(folder: Path, kind: str, facts: dict[str, Any], tensors: dict[str, Tensor]) -> None:
    """Write the checkpoint of a run folder; the one before stays whole until the new one is.

    Args:
        folder: the run.
        kind: of what is being fitted, the name under which the facts stand.
        facts: as JSON values; "digest" names the settings.
        tensors: weights and other state.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    data = save(tensors, metadata={kind: json.dumps(facts)})
    try:
        write_atomic(folder / FILE, data)
    except ImageError as error:
        raise TrainingError(f"Expected to write a checkpoint, the one before is intact: {error}") from error


def read_checkpoint_file(
    folder: Path, kind: str, digest: str, make: Callable[[dict[str, Any], dict[str, Tensor]], Made]
) -> Made:
    """Read the checkpoint of a run folder.

    Args:
        folder: the run.
        kind: see ``write_checkpoint_file``.
        digest: of the settings given now.
        make: the checkpoint of facts and tensors; what is missing or of another type is raised as it is.

    Raises:
        ResumeError: no checkpoint, a damaged one, one of another kind, or one made under other settings.
    """
    path = folder / FILE
    try:
        with safe_open(path, framework="pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()[kind])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        made, found = make(facts, tensors), str(facts["digest"])
    except FileNotFoundError as error:
        raise ResumeError(f"Expected a checkpoint in {folder}, got none: start the run without --resume.") from error
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise ResumeError(f"Expected a readable checkpoint at {path}, got '{error}': start the run anew.") from error
    if found != digest:
        raise ResumeError(
            f"Expected the settings that {folder} was started with, got others: repeat those (they are in "
            "settings.toml there) or start another run folder."
        )
    return made


def of_adam(adam: torch.optim.Adam) -> dict[str, Tensor]:
    """Adam's state by weight and part, "adam.INDEX.PART"."""
    return {
        f"adam.{index}.{name}": torch.as_tensor(value)
        for index, state in adam.state_dict()["state"].items()
        for name, value in state.items()
    }


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copies on the CPU, which no later step changes and safetensors takes."""
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those whose name starts with a prefix, by the rest of it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def adam_state(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """What ``of_adam`` took, as Adam's ``load_state_dict`` takes it."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in under("adam.", tensors).items():
        index, _, part = name.partition(".")
        state.setdefault(int(index), {})[part] = value
    return state
