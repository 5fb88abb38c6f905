"""The one interface of every cloak, and the loop: look, judge, keep the best, move, until every image is done."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from unfind.cloaks.aim import Aim
from unfind.cloaks.codes import hamming
from unfind.cloaks.goal import Goal, check_fit
from unfind.cloaks.pace import Pace
from unfind.cloaks.randomness import uniform
from unfind.cloaks.scaling import Scaling
from unfind.cloaks.state import CloakState, Step
from unfind.cloaks.victim import Victim, check_victim
from unfind.errors import ResumeError, UsageError

OnStep = Callable[[CloakState, int], None]
"""Called after each iteration with the state and the number of iterations in all."""


@dataclass(frozen=True)
class Job:
    """What is to be cloaked, against whom, and to what end.

    Attributes:
        victim: the model.
        images: (N, 3, H, W) in [0, 1], of the model's input size.
        goal: where each image is to go.
        scaling: what the model sees of a perturbation once it is in the photo; None for photos of the input's size.
    """

    victim: Victim
    images: Tensor
    goal: Goal
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.images.shape)
        if self.images.dim() != 4 or shape[1] != 3 or not self.images.is_floating_point():
            raise UsageError(f"Expected images (N, 3, H, W) of floats, got {self.images.dtype} {shape}: convert them.")
        if len(self.images) and not 0 <= float(self.images.min()) <= float(self.images.max()) <= 1:
            raise UsageError("Expected images in [0, 1], got values outside: divide 8-bit values by 255.")
        if len(self.goal.target) != len(self.images):
            raise UsageError(f"Expected {len(self.images)} targets, got {len(self.goal.target)}: one per image.")


@dataclass(frozen=True)
class Look:
    """What a method is shown of n images at one iteration.

    Attributes:
        images: (n, 3, H, W) without the perturbation.
        perturbation: (n, 3, H, W); what the outputs are differentiated by.
        velocity: (n, 3, H, W) the direction so far.
        outputs: what the model gives, (n, K) for each passage.
        goal: of these images.
        done: share of the iterations that lie behind, 0..1.
    """

    images: Tensor
    perturbation: Tensor
    velocity: Tensor
    outputs: tuple[Tensor, ...]
    goal: Goal
    done: float


@dataclass(frozen=True)
class Verdict:
    """How far n images are from their targets; see Step."""

    distance: Tensor
    unsure: Tensor
    shortfall: Tensor


class Cloak(ABC):
    """Images -> perturbations.

    A method says how a perturbation moves (``move``); the base class looks at the model, keeps the budget and the
    best so far, and lets images leave the batch as soon as they have reached their target.

    Args:
        pace: the numbers of the loop.
    """

    name: ClassVar[str]
    towards: ClassVar[bool] = True
    """Whether the method can bring an image to a target."""
    away: ClassVar[bool] = True
    """Whether it can bring an image away from its own code."""
    kinds: ClassVar[frozenset[str]] = frozenset({"code"})
    needs_gradient: ClassVar[bool] = True
    keeps_budget: ClassVar[bool] = True
    random_start: ClassVar[float] = 0.0
    """Share of the budget that the first perturbation is drawn from."""
    aim: Aim = "p2s"
    """How a target is chosen among photos."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()

    @abstractmethod
    def move(self, look: Look) -> tuple[Tensor, Tensor]:
        """The next perturbation and velocity, (n, 3, H, W) each; the loop projects the first."""

    def judge(self, outputs: Tensor, goal: Goal) -> Verdict:
        """How far outputs (n, K) are from their targets: bits for codes, 1 - cosine for embeddings."""
        if goal.kind == "embedding":
            distance = 1 - torch.cosine_similarity(outputs, goal.target, dim=1)
            return Verdict(distance, distance, distance)
        agreement, distance = outputs * goal.target, hamming(outputs, goal.target)
        least = self.pace.margin * outputs.abs().mean(1, keepdim=True)
        unsure = torch.maximum((agreement < least).sum(1).to(distance), distance)
        return Verdict(distance, unsure, (least - agreement).relu().mean(1))

    def project(self, perturbation: Tensor, images: Tensor) -> Tensor:
        """A near perturbation that keeps the budget and the PSNR, and leaves pixels in [0, 1]."""
        budget = self.pace.budget if self.keeps_budget else 1.0
        low, high = (images - budget).clamp_min(0), (images + budget).clamp_max(1)
        within = torch.minimum(torch.maximum(images + perturbation, low), high) - images
        most = self.pace.largest_rms
        if most is None or not self.keeps_budget:
            return within
        # To shrink what lies within the box does not lead out of it.
        size = within.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
        return within * (most / size.clamp_min(most))

    def settings(self) -> dict[str, Any]:
        """All that the result depends on beside images, model and targets, as plain values."""
        return {"name": self.name, "aim": self.aim, **self.pace.as_dict()}

    def run(self, job: Job, *, state: CloakState | None = None, on_step: OnStep | None = None) -> CloakState:
        """Cloak all images of a job.

        Args:
            job: what, against whom, to what end.
            state: where an earlier call stopped; changed in place, so that it is whole whenever the loop is
                interrupted. None starts anew.
            on_step: told of each iteration; what it raises stops the loop between two iterations.

        Raises:
            UsageError: a goal the method does not know or the model does not fit.
            ModelError: a model without gradients, or one that fails on these images.
            ResumeError: a state that belongs to other settings, images or targets.
        """
        self._check(job)
        if state is None:
            state = self.start(job)
        if state.digest != self._digest(job):
            raise ResumeError("Expected the state of this very job, got that of another: start anew or repeat its job.")
        while state.iteration <= self.pace.iterations and len(state.active()):
            self._iterate(job, state)
            if on_step is not None:
                on_step(state, self.pace.iterations)
        return state

    def start(self, job: Job) -> CloakState:
        """The state before the first iteration."""
        first = torch.zeros_like(job.images)
        if self.random_start:
            first = uniform(job.images, self.pace.seed) * (self.random_start * self.pace.budget)
        return CloakState.fresh(self.project(first, job.images), self._digest(job))

    def _iterate(self, job: Job, state: CloakState) -> None:
        """One iteration of all images that are not done; the state changes only when all have been looked at."""
        steps = [(part, self._step(job, state, part)) for part in torch.split(state.active(), self.pace.batch)]
        for part, step in steps:
            state.take(part, step, self.pace.tolerance)
        state.close()

    def _step(self, job: Job, state: CloakState, part: Tensor) -> Step:
        last = state.iteration == self.pace.iterations
        with torch.set_grad_enabled(self.needs_gradient and not last):
            look = self._look(job, state, part)
        verdict = self._verdict(look)
        moved, velocity = (look.perturbation, look.velocity) if last else self.move(look)
        moved = self.project(moved.detach(), look.images)
        return Step(verdict.distance, verdict.unsure, verdict.shortfall, moved, velocity.detach())

    def _look(self, job: Job, state: CloakState, part: Tensor) -> Look:
        images = job.images[part]
        perturbation = state.perturbation[part].requires_grad_(torch.is_grad_enabled())
        cloaked = images + perturbation
        if job.scaling is not None:  # what is left of it may lie outside [0, 1] by a little
            cloaked = (images + job.scaling(perturbation, part)).clamp(0, 1)
        outputs = tuple(
            job.victim(passage(cloaked, seed=self.pace.seed, iteration=state.iteration))
            for passage in self.pace.passages
        )
        done = state.iteration / max(1, self.pace.iterations)
        return Look(images, perturbation, state.velocity[part], outputs, job.goal.of(part), done)

    def _verdict(self, look: Look) -> Verdict:
        """Near in the mean over the passages that count, but done only when it is after each of them."""
        with torch.no_grad():
            judged = zip(self.pace.passages, look.outputs, strict=True)
            found = [self.judge(outputs.detach(), look.goal) for passage, outputs in judged if passage.judged]
        return Verdict(
            torch.stack([one.distance for one in found]).mean(0),
            torch.stack([one.unsure for one in found]).amax(0),
            torch.stack([one.shortfall for one in found]).mean(0),
        )

    def _check(self, job: Job) -> None:
        goal = job.goal
        if goal.kind not in self.kinds:
            known = " or ".join(sorted(self.kinds))
            raise UsageError(
                f"Expected a goal of the kind {known} for {self.name}, got {goal.kind}: take another method."
            )
        if not (self.away if goal.away else self.towards):
            way, other = (
                ("away from a code", "towards one") if goal.away else ("towards a target", "away from one's own")
            )
            raise UsageError(f"Expected a goal {other} for {self.name}, got one {way}: take another method.")
        if len(job.images):
            check_victim(job.victim, job.images, gradient=self.needs_gradient)
            with torch.no_grad():
                check_fit(goal, job.victim(job.images[:1]))

    def _digest(self, job: Job) -> str:
        digest = hashlib.sha256(json.dumps(self.settings(), sort_keys=True).encode())
        parts = (job.images, job.goal.target, job.goal.others)
        for part in parts:
            if part is not None:
                digest.update(part.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()
