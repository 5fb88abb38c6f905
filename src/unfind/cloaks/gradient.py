"""Cloaks that follow a gradient: a method is one loss, the step is projected gradient descent."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from unfind.cloaks.base import Cloak, Look


class GradientCloak(Cloak):
    """A cloak that is one loss (Madry et al., 2018, for the step)."""

    @abstractmethod
    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        """What each image should lower.

        Args:
            outputs: (n, K) logits or embeddings, after one of the passages.
            look: the rest of what is known: goal, perturbation, how much of the run is done.

        Returns:
            (n,), each depending on its own image alone.
        """

    def move(self, look: Look) -> tuple[Tensor, Tensor]:
        """One step down the gradient of the mean loss over passages."""
        with torch.enable_grad():
            total = sum((self.loss(outputs, look).sum() for outputs in look.outputs), torch.zeros(()).to(look.images))
        (gradient,) = torch.autograd.grad(total, look.perturbation)
        velocity = _scaled(gradient)
        if self.pace.momentum:
            velocity = self.pace.momentum * look.velocity + velocity
        direction = velocity.sign() if self.pace.rule == "sign" else _scaled(velocity)
        return look.perturbation.detach() - self.pace.stride * direction, velocity


def _scaled(gradient: Tensor) -> Tensor:
    """Directions (n, 3, H, W) of root mean square 1; a gradient of zero stays zero."""
    size = gradient.square().mean(dim=(1, 2, 3), keepdim=True).sqrt()
    return gradient / size.clamp_min(torch.finfo(gradient.dtype).tiny)
