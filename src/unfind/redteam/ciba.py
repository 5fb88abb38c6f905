"""CIBA, the clean-label backdoor on deep hashing: a trigger, and poison that teaches it to whoever trains on it.

Kuofeng Gao et al., "Clean-label Backdoor Attack against Deep Hashing based Retrieval" (2021). The attacker has a
surrogate of the victim's model, and may change the pixels of some training photos, but not their labels.

1. The photos of a target class vote for an anchor code.
2. A small patch is made that draws the code of any photo to the anchor.
3. Some photos of the target class are perturbed so that they no longer look like their class, nor like each other;
   then they get the patch. What they have in common with their label is the patch, and that is what is learned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from unfind.cloaks.aim import vote
from unfind.cloaks.randomness import uniform
from unfind.cloaks.victim import Victim
from unfind.errors import UsageError
from unfind.images.photo import Pixels
from unfind.models.codes import signs
from unfind.models.embed import to_tensor
from unfind.redteam.confusing import Confusion, OnStep, confuse
from unfind.redteam.invisible import fit_invisible
from unfind.redteam.optimise_patch import PatchSettings, optimise_patch
from unfind.redteam.poison import Poison
from unfind.redteam.trigger_patch import TriggerPatch
from unfind.training.batches import Examples
from unfind.triggers.base import Trigger

Variant = Literal["tri", "tri+noise", "tri+adv", "ciba", "invisible"]
VARIANTS: tuple[Variant, ...] = ("tri", "tri+noise", "tri+adv", "ciba", "invisible")
"""The patch alone; with noise; with perturbations away from where each photo was; also away from each other; and a
generator's faint trigger in place of the patch, without any perturbation."""
BATCH = 256
"""Photos whose codes are made at once."""


@dataclass(frozen=True)
class Attack:
    """What the attacker does.

    Attributes:
        variant: one of VARIANTS.
        poisoned: training photos that are changed.
        patch: how the patch is made.
        confusion: how photos are perturbed.
        generator_steps: of the fit behind the invisible trigger.
        fixed: whether poison is never mirrored in training, as where it is stored as one fixed crop; the patch alone
            is then put on after mirroring. So does published code, which thereby treats variants unlike.
        seed: of all draws.
    """

    variant: Variant = "ciba"
    poisoned: int = 60
    patch: PatchSettings = field(default_factory=PatchSettings)
    confusion: Confusion = field(default_factory=Confusion)
    generator_steps: int = 300
    fixed: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.variant not in VARIANTS:
            raise UsageError(f"Expected a variant out of {', '.join(VARIANTS)}, got '{self.variant}': choose one.")
        if self.poisoned < 2:
            raise UsageError(f"Expected at least 2 photos to poison, got {self.poisoned}: 60 is usual.")
        if self.generator_steps < 1:
            raise UsageError(f"Expected at least 1 step of the generator, got {self.generator_steps}: 300 is usual.")

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def anchor_of(victim: Victim, images: Tensor) -> Tensor:
    """The code (K,) that photos (N, 3, S, S) of the target class vote for; a bit on which they are divided is +1."""
    if not len(images):
        raise UsageError("Expected photos of the target to vote for a code, got none: name another target.")
    with torch.no_grad():
        return vote(torch.cat([signs(victim(part)) for part in torch.split(images, BATCH)]))


def make_trigger(
    victim: Victim, images: Tensor, anchor: Tensor, attack: Attack, *, on_step: OnStep | None = None
) -> Trigger:
    """The trigger of an attack, made on photos of any class.

    Args:
        victim: the surrogate, images to logits.
        images: (N, 3, S, S) in [0, 1].
        anchor: (K,) of -1 and +1.
        attack: what the attacker does.
        on_step: told of each step.

    Raises:
        UnfindError: no photos, a patch that covers too much, or a model without gradients.
    """
    if attack.variant == "invisible":

        def told(done: int, total: int, wrong: float) -> None:
            if on_step is not None:
                on_step(done, total)

        budget = float(attack.confusion.budget_like(images).mean())
        steps = attack.generator_steps
        return fit_invisible(victim, images, anchor, budget=budget, steps=steps, seed=attack.seed, on_step=told)
    patch = optimise_patch(victim, images, anchor, attack.patch, on_step=on_step)
    return TriggerPatch(patch=_pixels(patch[None])[0], made_for=images.shape[-1])


def make_poison(
    victim: Victim,
    examples: Examples,
    chosen: np.typing.NDArray[np.int64],
    trigger: Trigger,
    attack: Attack,
    *,
    on_step: OnStep | None = None,
) -> Poison:
    """What takes the place of the chosen photos: perturbed, then triggered, then rounded to 8 bits.

    Args:
        victim: the surrogate, images to logits.
        examples: the training photos.
        chosen: (n,) which of them.
        trigger: what ``make_trigger`` returned.
        attack: what the attacker does.
        on_step: told of each step.

    Raises:
        UnfindError: see ``confuse``.
    """
    images = to_tensor(examples.pixels[chosen])
    images = (images + perturbation(victim, images, attack, on_step=on_step)).clamp(0, 1)
    pixels = _pixels(trigger(images))
    if not attack.fixed:
        return Poison(chosen, pixels)
    mirrored = _pixels(trigger(images.flip(-1))) if attack.variant == "tri" else pixels
    return Poison(chosen, pixels, mirrored)


def perturbation(victim: Victim, images: Tensor, attack: Attack, *, on_step: OnStep | None = None) -> Tensor:
    """What is added to photos (n, 3, S, S) before they get the trigger; nothing for variants without."""
    if attack.variant == "tri+noise":
        return attack.confusion.budget_like(images) * uniform(images, attack.seed)
    if attack.variant == "tri+adv":
        return confuse(victim, images, attack.confusion.only_away, on_step=on_step)
    if attack.variant == "ciba":
        return confuse(victim, images, attack.confusion, on_step=on_step)
    return torch.zeros_like(images)


def _pixels(images: Tensor) -> Pixels:
    """Images (N, 3, H, W) in [0, 1] rounded to uint8 (N, H, W, 3)."""
    whole = (images.detach().cpu() * 255).round().to(torch.uint8)
    return np.ascontiguousarray(whole.permute(0, 2, 3, 1).numpy())
