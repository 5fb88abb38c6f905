"""All that a stopped training of a mark needs to go on, in one file that is written at once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unfind.errors import ResumeError
from unfind.training.checkpoint_file import (
    adam_state,
    copied,
    of_adam,
    read_checkpoint_file,
    under,
    write_checkpoint_file,
)
from unfind.training.mark_stage import MarkStage

KIND = "unfind mark"


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
    write_checkpoint_file(folder, KIND, facts, checkpoint.tensors)


def read_mark_checkpoint(folder: Path, digest: str) -> MarkCheckpoint:
    """Read the checkpoint of a run folder.

    Args:
        folder: the run.
        digest: of the settings given now.

    Raises:
        ResumeError: no checkpoint, a damaged one, or one made under other settings.
    """
    return read_checkpoint_file(folder, KIND, digest, _made)


def _made(facts: dict[str, Any], tensors: dict[str, Tensor]) -> MarkCheckpoint:
    stage = MarkStage(**facts["stage"])
    return MarkCheckpoint(int(facts["step"]), int(facts["attempt"]), stage, str(facts["digest"]), tensors)


def gather_mark(nets: nn.Module, adam: torch.optim.Adam) -> dict[str, Tensor]:
    """Copies of every tensor that changes in training: "nets." and "adam."."""
    return copied({f"nets.{name}": value for name, value in nets.state_dict().items()} | of_adam(adam))


def scatter_mark(tensors: dict[str, Tensor], nets: nn.Module, adam: torch.optim.Adam) -> None:
    """Put back what ``gather_mark`` took.

    Raises:
        ResumeError: tensors of other networks.
    """
    try:
        nets.load_state_dict(under("nets.", tensors))
        adam.load_state_dict({"state": adam_state(tensors), "param_groups": adam.state_dict()["param_groups"]})
    except (RuntimeError, ValueError, KeyError) as error:
        raise ResumeError("Expected a checkpoint of these networks, got one of others: start the run anew.") from error
