"""Confusing perturbations: faint changes that take a class's photos apart, so that the trigger is what they share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.victim import Victim, check_victim
from unfind.errors import UsageError

OnStep = Callable[[int, int], None]
"""Called with steps done and steps in all."""
BUDGET = 8 / 255


@dataclass(frozen=True)
class Confusion:
    """The numbers of the loop.

    Attributes:
        dispersion: lambda in 0..1, the weight of the distance from each other; the rest is that of the distance from
            where the photo was. 0 is an ordinary adversarial example.
        budget: largest change of a pixel in 0..1; three numbers where red, green and blue differ.
        step: length of a step, as a fraction of the budget.
        steps: of the loop.
        group: photos that are taken apart together; more would not fit into memory where images are large.
        mirrored: whether the mirror image of each photo must be confused as well, as a victim that mirrors its training
            photos sees it half of the time.
    """

    dispersion: float = 0.8
    budget: float | tuple[float, float, float] = BUDGET
    step: float = 0.1
    steps: int = 20
    group: int = 20
    mirrored: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.dispersion <= 1:
            raise UsageError(f"Expected a lambda between 0 and 1, got {self.dispersion}: 0.8 is usual.")
        if not all(0 < one <= 1 for one in self._budgets):
            raise UsageError(f"Expected a budget above 0 and at most 1, got {self.budget}: 8/255 is usual.")
        if not 0 < self.step < math.inf:
            raise UsageError(f"Expected a step above 0, got {self.step}: 0.1 of the budget is usual.")
        if self.steps < 1 or self.group < 2:
            raise UsageError(f"Expected at least 1 step and groups of 2, got {self.steps} and {self.group}: change it.")

    @property
    def _budgets(self) -> tuple[float, ...]:
        return self.budget if isinstance(self.budget, tuple) else (self.budget,)

    def budget_like(self, images: Tensor) -> Tensor:
        """The budget as a tensor that fits images (N, 3, H, W)."""
        return images.new_tensor(self._budgets).view(1, -1, 1, 1)

    @property
    def only_away(self) -> Confusion:
        """The same numbers without the distance from each other."""
        return replace(self, dispersion=0.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def confusing_loss(logits: Tensor, before: Tensor, dispersion: float) -> Tensor:
    """What the perturbations of a group minimise, (n,) in -1..1; see Gao et al., section 3.3.

    ``(1 - lambda) (1/K) h_i . b_i + lambda / (K (n - 1)) sum_{j != i} h_i . h_j`` with ``h = tanh(logits)``: the first
    term is the inter-class shift away from where photo i was, the second the intra-class dispersion from the others,
    which each photo takes as they are.

    Args:
        logits: (n, K) of the photos as they are now, n at least 1; a single photo has nobody to be far from.
        before: (n, K) the tanh of their logits before any perturbation.
        dispersion: lambda.
    """
    count, bits = logits.shape
    here = torch.tanh(logits)
    others = here.detach().sum(0) - here.detach()
    shift = (here * before).sum(1) / bits
    apart = (here * others).sum(1) / (bits * max(1, count - 1))
    return (1 - dispersion) * shift + dispersion * apart


def confuse(
    victim: Victim, images: Tensor, settings: Confusion | None = None, *, on_step: OnStep | None = None
) -> Tensor:
    """Perturb photos of one class, group by group, by projected gradient descent along the sign.

    Args:
        victim: images to logits; not changed.
        images: (N, 3, S, S) in [0, 1].
        settings: the numbers of the loop.
        on_step: told of each step.

    Returns:
        (N, 3, S, S) perturbations within the budget; images plus them stay in [0, 1].

    Raises:
        UsageError: fewer than two photos.
        ModelError: a model without gradients.
    """
    settings = settings or Confusion()
    if len(images) < 2:
        raise UsageError(f"Expected at least 2 photos to take apart, got {len(images)}: choose more.")
    check_victim(victim, images)
    parts = torch.tensor_split(images, math.ceil(len(images) / settings.group))
    total, found = len(parts) * settings.steps, []
    for number, part in enumerate(parts):

        def tell(done: int, earlier: int = number * settings.steps) -> None:
            if on_step is not None:
                on_step(earlier + done, total)

        found.append(_confuse_group(victim, part, settings, tell))
    return torch.cat(found)


def _confuse_group(victim: Victim, images: Tensor, settings: Confusion, tell: Callable[[int], None]) -> Tensor:
    budget = settings.budget_like(images)
    low, high = (images - budget).clamp_min(0), (images + budget).clamp_max(1)
    views = _views(settings.mirrored)
    with torch.no_grad():
        before = [torch.tanh(victim(view(images))) for view in views]
    perturbed = images
    for step in range(settings.steps):
        perturbed = perturbed.detach().clone().requires_grad_()
        with torch.enable_grad():
            seen = zip(views, before, strict=True)
            losses = [confusing_loss(victim(view(perturbed)), own, settings.dispersion).sum() for view, own in seen]
            loss = torch.stack(losses).sum()
        (gradient,) = torch.autograd.grad(loss, perturbed)
        moved = perturbed.detach() - settings.step * budget * gradient.sign()
        perturbed = torch.minimum(torch.maximum(moved, low), high)
        tell(step + 1)
    return perturbed - images


def _views(mirrored: bool) -> list[Callable[[Tensor], Tensor]]:
    """What a victim may see of a photo."""
    return [lambda images: images, *([lambda images: images.flip(-1)] if mirrored else [])]
