"""Where a cloak's loop stands: all that is needed to go on, or to take what has been reached."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from unfind.errors import ResumeError
from unfind.images.files import write_atomic

TENSORS = ("perturbation", "velocity", "best", "best_distance", "best_shortfall", "finished_at", "curve")


@dataclass(frozen=True)
class Step:
    """What one iteration found for some images, and where it goes next.

    Attributes:
        distance: (n,) from the target, before the move: bits, or 1 - cosine; the mean over passages.
        unsure: (n,) the largest over passages, with bits that are right by less than the margin counted as wrong.
        shortfall: (n,) how far off the wrong ones are; decides between equal distances.
        perturbation, velocity: (n, 3, H, W) after the move.
    """

    distance: Tensor
    unsure: Tensor
    shortfall: Tensor
    perturbation: Tensor
    velocity: Tensor


@dataclass
class CloakState:
    """A loop over N images between two iterations.

    Attributes:
        digest: names the settings, images and targets it belongs to.
        perturbation, velocity: (N, 3, H, W) where each image stands.
        best: (N, 3, H, W) the perturbation that came nearest to its target.
        best_distance, best_shortfall: (N,) how near it came.
        finished_at: (N,) the iteration at which the target was reached; -1 where it has not been.
        curve: (T, N) distance after each number of iterations, from 0 on; a finished image stays where it was.
    """

    digest: str
    perturbation: Tensor
    velocity: Tensor
    best: Tensor
    best_distance: Tensor
    best_shortfall: Tensor
    finished_at: Tensor
    curve: Tensor
    _row: Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._row = self.curve[-1].clone() if len(self.curve) else torch.full_like(self.best_distance, torch.inf)

    @classmethod
    def fresh(cls, perturbation: Tensor, digest: str) -> CloakState:
        """The state before the first iteration, at perturbations (N, 3, H, W)."""
        count, far = len(perturbation), torch.full_like(perturbation[:, 0, 0, 0], torch.inf)
        none = torch.full((count,), -1, dtype=torch.int64, device=perturbation.device)
        still = torch.zeros_like(perturbation)
        empty = far.new_zeros((0, count))
        return cls(digest, perturbation.clone(), still, still.clone(), far, far.clone(), none, empty)

    @property
    def iteration(self) -> int:
        """Iterations looked at so far."""
        return len(self.curve)

    def active(self) -> Tensor:
        """Positions of the images that have not reached their target."""
        return torch.nonzero(self.finished_at < 0).flatten()

    def take(self, part: Tensor, step: Step, tolerance: float) -> None:
        """Take in what was found for the images at positions ``part`` (n,)."""
        before, short = self.best_distance[part], self.best_shortfall[part]
        better = (step.distance < before) | ((step.distance == before) & (step.shortfall < short))
        done = step.unsure <= tolerance
        # The perturbation that finished is the one to keep: its bits hold by the margin.
        keep, moved = part[better | done], better | done
        self.best[keep] = self.perturbation[keep]
        self.best_distance[keep], self.best_shortfall[keep] = step.distance[moved], step.shortfall[moved]
        self.finished_at[part[done]] = self.iteration
        self.perturbation[part], self.velocity[part] = step.perturbation, step.velocity
        self._row[part] = step.distance

    def close(self) -> None:
        """End the iteration: its distances become a row of the curve."""
        self.curve = torch.cat([self.curve, self._row[None]])

    def save(self, path: Path) -> None:
        """Write the state at once or not at all.

        Raises:
            ImageError: the disk is full or the folder cannot be written.
        """
        tensors = {name: getattr(self, name).detach().cpu().contiguous() for name in TENSORS}
        write_atomic(path, save(tensors, metadata={"unfind": json.dumps({"digest": self.digest})}))


def load_state(path: Path) -> CloakState:
    """Read a state.

    Raises:
        ResumeError: no state there, or a damaged one.
    """
    try:
        with safe_open(path, framework="pt") as file:
            digest = str(json.loads(file.metadata()["unfind"])["digest"])
            return CloakState(digest, **{name: file.get_tensor(name) for name in TENSORS})
    except FileNotFoundError as error:
        raise ResumeError(f"Expected the state of a cloak at {path}, got none: start anew.") from error
    except (OSError, SafetensorError, ValueError, LookupError, TypeError) as error:
        raise ResumeError(f"Expected a readable state at {path}, got '{error}': start anew.") from error
