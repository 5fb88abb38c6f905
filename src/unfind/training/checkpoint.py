"""All that a stopped fit needs to go on, in one file that is written at once or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from unfind.errors import ImageError, ResumeError, TrainingError
from unfind.images.files import write_atomic
from unfind.models.encoder import Encoder
from unfind.objectives.base import Objective

FILE = "checkpoint.safetensors"


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
    data = save(checkpoint.tensors, metadata={"unfind": json.dumps(facts)})
    try:
        write_atomic(folder / FILE, data)
    except ImageError as error:
        raise TrainingError(f"Expected to write a checkpoint, the one before is intact: {error}") from error


def read_checkpoint(folder: Path, digest: str) -> Checkpoint:
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
            facts: dict[str, Any] = json.loads(file.metadata()["unfind"])
            best = (float(facts["best"][0]), int(facts["best"][1])) if facts["best"] else None
            spread = (float(facts["spread"][0]), int(facts["spread"][1]))
            checkpoint = Checkpoint(int(facts["step"]), best, spread, str(facts["digest"]), _all_tensors(file))
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


def _all_tensors(file: Any) -> dict[str, Tensor]:
    return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def gather(encoder: Encoder, adam: torch.optim.Adam, objective: Objective) -> dict[str, Tensor]:
    """Copies of every tensor that changes during a fit."""
    tensors = {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    for index, state in adam.state_dict()["state"].items():
        tensors |= {f"adam.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
    tensors |= {f"objective.{name}": value for name, value in objective.state().items()}
    return {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}


def scatter(tensors: dict[str, Tensor], encoder: Encoder, adam: torch.optim.Adam, objective: Objective) -> None:
    """Put back what ``gather`` took."""
    encoder.load_state_dict(_under("encoder.", tensors))
    weights = [weight for group in adam.param_groups for weight in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _under("adam.", tensors).items():
        index, part = int(name.partition(".")[0]), name.partition(".")[2]
        state.setdefault(index, {})[part] = _laid_out(value, weights[index])
    adam.load_state_dict({"state": state, "param_groups": adam.state_dict()["param_groups"]})
    objective.restore(_under("objective.", tensors))


def _laid_out(value: Tensor, weight: Tensor) -> Tensor:
    """The value in the memory format of its weight, as Adam had it: other formats take other kernels, which round
    in other ways.
    """
    return torch.empty_like(weight, device="cpu").copy_(value) if value.shape == weight.shape else value


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
