"""All that a stopped fit needs to go on, in one file that is written at once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from unfind.models.encoder import Encoder
from unfind.objectives.base import Objective
from unfind.training.checkpoint_file import (
    adam_state,
    copied,
    of_adam,
    read_checkpoint_file,
    under,
    write_checkpoint_file,
)

KIND = "unfind"


@dataclass(frozen=True)
class Checkpoint:
    """Where a fit stands.

    Attributes:
        step: steps done.
        best: the best validation score so far, and the step it was seen at; None before the first.
        spread: the best spread the collapse guard has seen, and how many steps it has been far below it.
        digest: names the settings the fit was started under.
        tensors: weights ("encoder."), Adam's state ("adam."), the objective's state ("objective.").
    """

    step: int
    best: tuple[float, int] | None
    spread: tuple[float, int]
    digest: str
    tensors: dict[str, Tensor]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint of a run folder; the one before stays whole until the new one is.

    Raises:
        TrainingError: the disk is full or the folder cannot be written.
    """
    facts = {
        "step": checkpoint.step,
        "best": checkpoint.best,
        "spread": checkpoint.spread,
        "digest": checkpoint.digest,
    }
    write_checkpoint_file(folder, KIND, facts, checkpoint.tensors)


def read_checkpoint(folder: Path, digest: str) -> Checkpoint:
    """Read the checkpoint of a run folder.

    Args:
        folder: the run.
        digest: of the settings given now.

    Raises:
        ResumeError: no checkpoint, a damaged one, or one made under other settings.
    """
    return read_checkpoint_file(folder, KIND, digest, _made)


def _made(facts: dict[str, Any], tensors: dict[str, Tensor]) -> Checkpoint:
    best = (float(facts["best"][0]), int(facts["best"][1])) if facts["best"] else None
    spread = (float(facts["spread"][0]), int(facts["spread"][1]))
    return Checkpoint(int(facts["step"]), best, spread, str(facts["digest"]), tensors)


def gather(encoder: Encoder, adam: torch.optim.Adam, objective: Objective) -> dict[str, Tensor]:
    """Copies of every tensor that changes during a fit."""
    tensors = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    tensors |= of_adam(adam)
    tensors |= {f"objective.{name}": value for name, value in objective.state().items()}
    return copied(tensors)


def scatter(tensors: dict[str, Tensor], encoder: Encoder, adam: torch.optim.Adam, objective: Objective) -> None:
    """Put back what ``gather`` took."""
    encoder.load_state_dict(under("encoder.", tensors))
    weights = [weight for group in adam.param_groups for weight in group["params"]]
    state = {
        index: {part: _laid_out(value, weights[index]) for part, value in parts.items()}
        for index, parts in adam_state(tensors).items()
    }
    adam.load_state_dict({"state": state, "param_groups": adam.state_dict()["param_groups"]})
    objective.restore(under("objective.", tensors))


def _laid_out(value: Tensor, weight: Tensor) -> Tensor:
    """The value in the memory format of its weight, as Adam had it: other formats take other kernels, which round
    in other ways.
    """
    return torch.empty_like(weight, device="cpu").copy_(value) if value.shape == weight.shape else value
