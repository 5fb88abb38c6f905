"""Make the targeted adversarial patch: pixels that draw the code of any photo to the anchor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.tanh import steepness
from unfind.cloaks.victim import Victim, check_victim
from unfind.errors import UsageError
from unfind.redteam.trigger_patch import SIDE, patch_shape, stamp

OnStep = Callable[[int, int], None]
"""Called with steps done and steps in all."""


@dataclass(frozen=True)
class PatchSettings:
    """The numbers of the loop.

    Attributes:
        side: height of the patch, as a fraction of the image side.
        stretch: its width over its height. 1 is a square; on small photos, squares of whole pixels leave much of the
            area allowed unused.
        steps: of the loop; published are 2,000 of 32 photos each, of a rate of 12/255. The longer, the starker the
            patch and the sooner a victim learns it: on two seeds no bench uses 150 won five points of t-MAP over 50.
        batch: photos that each step looks at: many, as a pass for all of them takes little time for each.
        rate: of a step, which is at most so long, as Euclidean norm over the values of the patch in 0..1; the
            directions of photos that disagree make it shorter.
        mirrored: whether half of the photos are mirrored with the patch on them, as a victim that mirrors its training
            photos will see the poison.
        seed: of the photos drawn.
    """

    side: float = SIDE
    stretch: float = 1.0
    steps: int = 150
    batch: int = 128
    rate: float = 0.8
    mirrored: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            if getattr(self, name) < 1:
                raise UsageError(f"Expected {name} of at least 1, got {getattr(self, name)}: change it.")
        if not 0 < self.rate < 1e3:
            raise UsageError(f"Expected a rate above 0, got {self.rate}: 0.8 is usual.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def optimise_patch(
    victim: Victim,
    images: Tensor,
    anchor: Tensor,
    settings: PatchSettings | None = None,
    *,
    together: bool = True,
    on_step: OnStep | None = None,
) -> Tensor:
    """The patch of CIBA (Gao et al., section 3.2): ``argmin_p mean_x -(1/K) tanh(alpha f(x + p)) . anchor``.

    Each step moves by the mean, over its photos, of the gradients that have been brought to length 1 photo by photo,
    so that a photo with a steep loss does not outvote the others. In a batch every photo gets a copy of the patch of
    its own, and one backward pass gives the gradient of each.

    Args:
        victim: images to logits; not changed.
        images: (N, 3, S, S) in [0, 1], photos of any class.
        anchor: (K,) of -1 and +1.
        settings: the numbers of the loop.
        together: one pass for all photos of a step. False shows them to the model one at a time, which gives the same
            patch and is what published code does; here it is what the batch is timed against.
        on_step: told of each step.

    Returns:
        (3, h, w) in [0, 1], not yet rounded to 8 bits.

    Raises:
        UsageError: no photos, or a patch that covers too much.
        ModelError: a model without gradients.
    """
    settings = settings or PatchSettings()
    if not len(images):
        raise UsageError("Expected photos to make a patch on, got none: name a data set.")
    check_victim(victim, images)
    patch = images.new_full((3, *patch_shape(settings.side, images.shape[-1], settings.stretch)), 0.5)
    draw = torch.Generator().manual_seed(settings.seed)
    for step in range(settings.steps):
        which = torch.randint(len(images), (settings.batch,), generator=draw).to(images.device)
        flipped = (torch.rand(settings.batch, generator=draw) < 0.5).to(images.device) & settings.mirrored
        parts = [slice(None)] if together else [slice(place, place + 1) for place in range(settings.batch)]
        alpha = steepness(step / settings.steps)
        found = [
            patch_gradients(victim, images[which[part]], patch, anchor, alpha=alpha, flipped=flipped[part])
            for part in parts
        ]
        patch = (patch - settings.rate * directions(torch.cat(found)).mean(0)).clamp(0, 1)
        if on_step is not None:
            on_step(step + 1, settings.steps)
    return patch


def patch_gradients(
    victim: Victim, images: Tensor, patch: Tensor, anchor: Tensor, *, alpha: float, flipped: Tensor
) -> Tensor:
    """The gradient of each photo's own loss by the patch, (n, 3, h, w).

    Args:
        victim: images to logits.
        images: (n, 3, S, S).
        patch: (3, h, w).
        anchor: (K,).
        alpha: steepness of tanh.
        flipped: bool (n,), photos that are mirrored once the patch is on them.
    """
    copies = patch.detach().expand(len(images), -1, -1, -1).clone().requires_grad_()
    with torch.enable_grad():
        marked = stamp(images, copies)
        seen = torch.where(flipped[:, None, None, None], marked.flip(-1), marked)
        loss = -(torch.tanh(alpha * victim(seen)) * anchor).mean(1).sum()
    (gradients,) = torch.autograd.grad(loss, copies)
    return gradients


def directions(gradients: Tensor) -> Tensor:
    """Gradients (n, ...) brought to length 1, each by itself; one that is 0 stays 0."""
    lengths = gradients.flatten(1).norm(dim=1).clamp(min=torch.finfo(gradients.dtype).tiny)
    found: Tensor = gradients / lengths.view(-1, *[1] * (gradients.dim() - 1))
    return found
