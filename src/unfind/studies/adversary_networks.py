"""What an adversary does who has the networks of a learned mark, or a model with a side network in plain sight."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import Tensor

from unfind.models.embed import to_tensor
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_weights import Mark, untrained_mark
from unfind.redteam.public_networks import (
    BUDGET,
    common_signs,
    likeness_of_signs,
    presence_heard,
    scramble_signs,
    write_signs,
)
from unfind.studies.adversary_ground import Ground, mean_psnr, through
from unfind.studies.views import PLAIN, TRIGGERED
from unfind.triggers.learned import Learned

Row = dict[str, Any]
BUDGETS = (BUDGET, 2 * BUDGET)
"""Of a wash: what is hardly seen, and twice that."""


def network_plan(ground: Ground) -> dict[str, Callable[[], Row]]:
    """Attacks with the mark's own networks by name; none where the mark has no networks."""
    trigger, held = ground.models.trigger, ground.choices.held
    if not isinstance(trigger, Learned):
        return {}
    plan: dict[str, Callable[[], Row]] = {
        f"wash: signs by lot, {255 * budget:g} levels": partial(_scramble, ground, trigger.net.decoder, budget)
        for budget in BUDGETS
    }
    untrained = untrained_mark(trigger.net.decoder.slots).decoder
    plan[f"wash: signs by lot, {255 * BUDGETS[-1]:g} levels, untrained decoder"] = lambda: {
        **_scramble(ground, untrained, BUDGETS[-1]),
        "networks": False,
    }
    plan |= {f"copy the signs of {count}": partial(_copy, ground, trigger.net, count) for count in held}
    plan["list what the mark's decoder sees"] = partial(_list_seen, ground, trigger.net)
    plan |= {f"list by the signs of {count}": partial(_list_signs, ground, trigger.net, count) for count in held}
    return plan


def side_plan(ground: Ground) -> dict[str, Callable[[], Row]]:
    """Leaving out a side network; nothing where the model has none."""
    return {} if ground.models.protected.side is None else {"cut off the side network": partial(_cut_off, ground)}


def _scramble(ground: Ground, decoder: MarkDecoder, budget: float) -> Row:
    """Write signs by lot over whatever a photo carries; whoever washes does not know which photos are protected.

    An untrained decoder is what there is to go by where a provider keeps its own.
    """
    wash = partial(scramble_signs, decoder, budget=budget, seed=ground.choices.seed)
    plain, protected = (through(wash, ground.pixels[name]) for name in (PLAIN, TRIGGERED))
    gains = ground.gains(ground.models.protected, plain, protected, query_alone=True)
    return {"kind": "wash", "networks": True, "psnr": mean_psnr(ground.pixels[PLAIN], plain), **gains}


def _copy(ground: Ground, mark: Mark, held: int) -> Row:
    """Write the signs of photos held into other people's photos, so that they vanish."""
    signs = _signs(ground, mark, held)
    forged = through(lambda images: write_signs(mark, images, signs), ground.pixels[PLAIN])
    gains = ground.gains(ground.models.protected, ground.pixels[PLAIN], forged)
    psnr = mean_psnr(ground.pixels[PLAIN], forged)
    return {"kind": "forge", "networks": True, "held": ground.there(held), "psnr": psnr, **gains}


def _list_seen(ground: Ground, mark: Mark) -> Row:
    """List what carries any mark at all; nothing is held, and no model is needed."""
    seen = presence_heard(mark.decoder, to_tensor(ground.gallery()[0]))
    return {"networks": True, **ground.listing(seen.double().numpy())}


def _list_signs(ground: Ground, mark: Mark, held: int) -> Row:
    """List what has signs like those of photos held: which photos are of one key."""
    alike = likeness_of_signs(mark.decoder, to_tensor(ground.gallery()[0]), _signs(ground, mark, held))
    return {"networks": True, **ground.listing(alike.double().numpy(), held=ground.there(held))}


def _cut_off(ground: Ground) -> Row:
    """Search with the backbone alone, as it was before."""
    alone = copy.deepcopy(ground.models.protected)
    alone.side = None
    return {"kind": "unlearn", **ground.gains(alone, ground.pixels[PLAIN], ground.pixels[TRIGGERED])}


def _signs(ground: Ground, mark: Mark, held: int) -> Tensor:
    return common_signs(mark.decoder, to_tensor(ground.held[:held]))
