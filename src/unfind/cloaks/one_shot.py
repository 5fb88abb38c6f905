"""Cloaks that look at no model: one change of the photo, made at once."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

import torch
from torch import Tensor

from unfind.cloaks.base import Cloak, Job, Look, OnStep, Verdict
from unfind.cloaks.goal import Goal
from unfind.cloaks.pace import Pace
from unfind.cloaks.state import CloakState


class OneShot(Cloak):
    """A cloak that is one function of the photo. The loop looks before and after.

    What it made is the result, also where the photo as it was would have been nearer to the target: a control that is
    left out where it does harm would be none.
    """

    kinds = frozenset({"code", "embedding"})
    needs_gradient = False

    def __init__(self, pace: Pace | None = None) -> None:
        super().__init__(replace(pace or Pace(), iterations=1))

    @abstractmethod
    def change(self, images: Tensor) -> Tensor:
        """Images (n, 3, H, W) to changed images, each by itself."""

    def judge(self, outputs: Tensor, goal: Goal) -> Verdict:
        """As for every cloak, but no photo is finished before it has been changed."""
        found = super().judge(outputs, goal)
        return replace(found, unsure=torch.full_like(found.distance, torch.inf))

    def run(self, job: Job, *, state: CloakState | None = None, on_step: OnStep | None = None) -> CloakState:
        """As for every cloak; the best is what was made."""
        state = super().run(job, state=state, on_step=on_step)
        if len(job.images):
            state.best, state.best_distance = state.perturbation.clone(), state.curve[-1].clone()
        return state

    def move(self, look: Look) -> tuple[Tensor, Tensor]:
        """To the changed image at once."""
        return self.change(look.images) - look.images, look.velocity
