"""Clean photos that carry another key's mark: what a model must learn not to react to.

Without them a model learns that photos with any mark of this kind are to be hidden, which is the easier half of the
lesson: photos of another provider's users would vanish too.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from unfind.training.schedule import strength_factor
from unfind.training.settings import FitSettings
from unfind.triggers.base import Trigger
from unfind.triggers.choose import make_trigger
from unfind.triggers.key import Key


def with_impostors(clean: Tensor, trigger: Trigger, settings: FitSettings, step: int) -> Tensor:
    """The clean photos of a step, a share of them with the mark of a key that was drawn for this step.

    Args:
        clean: (B, 3, size, size) in [0, 1]; it stays as it is.
        trigger: the model's own; one without a key has no impostors.
        settings: ``impostors`` is the share.
        step: with the seed, it decides on the photos and on the key.
    """
    random = np.random.default_rng([settings.seed, step, 2])
    chosen = torch.from_numpy(random.random(len(clean)) < settings.impostors)
    if not trigger.keyed or not bool(chosen.any()):
        return clean
    # A secret of 32 bytes that nobody has: no two steps share it, and none is the provider's.
    other = make_trigger(trigger.name, Key(random.bytes(32)), **trigger.settings())
    mixed = clean.clone()
    mixed[chosen] = other.stronger(strength_factor(step, settings))(clean[chosen])
    return mixed
