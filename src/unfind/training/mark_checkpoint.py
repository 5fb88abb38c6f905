"""All that a stopped training of a mark needs to go on, in one file that is written at once or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from unfind.errors import ImageError, ResumeError, TrainingError
from unfind.images.files import write_atomic
from unfind.training.checkpoint import FILE
from unfind.training.mark_stage import MarkStage


@dataclass(frozen=True)
class MarkCheckpoint:
    """Where the training of a mark stands.

    Attributes:
        step: steps done in this attempt.
        attempt: how many seeds were given up before.
        stage: bits, distortions or quality, with strength and severity.
        digest: names the settings the training was started under.
        tensors: weights and Adam's state, see ``gather_mark``.
    """

    step: int
    attempt: int
    stage: MarkStage
    digest: str
    tensors: dict[str, Tensor]


def write_mark_checkpoint(folder: Path, checkpoint: MarkCheckpoint) -> None:
    """Write the checkpoint of a run folder; the one before stays whole until the new one is.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    facts = {
        "step": checkpoint.step,
        "attempt": checkpoint.attempt,
        "stage": checkpoint.stage.as_dict(),
        "digest": checkpoint.digest,
    }
    try:
        write_atomic(folder / FILE, save(checkpoint.tensors, metadata={"unfind mark": json.dumps(facts)}))
    except ImageError as error:
        raise TrainingError(f"Expected to write a checkpoint, the one before is intact: {error}") from error


def read_mark_checkpoint(folder: Path, digest: str) -> MarkCheckpoint:
    """Read the checkpoint of a run folder.

    Args:
        folder: the run.
        digest: of the settings given now.

    Raises:
        ResumeError: no checkpoint, a damaged one, or one made under other settings.
    """
    path = folder / FILE
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads(file.metadata()["unfind mark"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        stage = MarkStage(**facts["stage"])
        checkpoint = MarkCheckpoint(int(facts["step"]), int(facts["attempt"]), stage, str(facts["digest"]), tensors)
    except FileNotFoundError as error:
        raise ResumeError(f"Expected a checkpoint in {folder}, got none: start the run without --resume.") from error
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise ResumeError(f"Expected a readable checkpoint at {path}, got '{error}': start the run anew.") from error
    if checkpoint.digest != digest:
        raise ResumeError(
            f"Expected the settings that {folder} was started with, got others: repeat those (they are in "
            "settings.toml there) or start another run folder."
        )
    return checkpoint


def gather_mark(nets: nn.Module, adam: torch.optim.Adam) -> dict[str, Tensor]:
    """Copies of every tensor that changes in training: "nets." and "adam."."""
    tensors = {f"nets.{name}": value for name, value in nets.state_dict().items()}
    for index, state in adam.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}


def scatter_mark(tensors: dict[str, Tensor], nets: nn.Module, adam: torch.optim.Adam) -> None:
    """Put back what ``gather_mark`` took.

    Raises:
        ResumeError: tensors of other networks.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "adam":
            index, _, part = rest.partition(".")
            state.setdefault(int(index), {})[part] = value
    weights = {name.removeprefix("nets."): value for name, value in tensors.items() if name.startswith("nets.")}
    try:
        nets.load_state_dict(weights)
        adam.load_state_dict({"state": state, "param_groups": adam.state_dict()["param_groups"]})
    except (RuntimeError, ValueError, KeyError) as error:
        raise ResumeError("Expected a checkpoint of these networks, got one of others: start the run anew.") from error
