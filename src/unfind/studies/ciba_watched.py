"""A poisoned model and the one without poison, as detectors are given them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.cloaks.aim import vote
from unfind.models.encoder import Encoder
from unfind.redteam.poison import photos_of, poisoned
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.ciba_trial import Setting, Trials
from unfind.studies.detector_figures import Watched

JUDGED = 100
"""Triggered queries, and again as many others: enough for an area to a few points."""


def watched(trials: Trials, setting: Setting, *, trusted: int) -> tuple[Watched, Watched]:
    """The victim of an attack and the clean model beside it, with the photos that both are judged by.

    Validation photos are trusted, as nothing was trained on them. Some queries that do not show the target get the
    trigger, some other queries of any kind are clean. A search for a trigger is not told the target: it is tried
    towards every class or tag.

    Args:
        trials: the attacks, over one ground; what was made before is not made again.
        setting: the attack.
        trusted: how many photos are trusted, at most.

    Raises:
        UnfindError: whatever stands in the way of the attack.
    """
    ground, crafted = trials.ground, trials.craft(setting)
    draw = np.random.default_rng([ground.request.seed, 7])
    some = draw.permutation(len(ground.validation.labels))[:trusted]
    marked = draw.permutation(ground.searching)[: min(JUDGED, len(ground.searching) // 2)]
    plain = draw.permutation(np.setdiff1d(np.arange(len(ground.query.labels)), marked))[:JUDGED]
    triggered = np.stack([crafted.trigger.mark(pixels) for pixels in ground.query.pixels[marked]])
    victim, path = trials.victim(setting, crafted)
    clean = ground.clean(setting.victim)
    models = ((victim, path.name, True), (clean, f"clean-{setting.victim.name}", False))
    bad, good = (
        Watched(
            encoder,
            ground.validation.pixels[np.sort(some)],
            ground.query.pixels[plain],
            triggered,
            places_of(ground, encoder, folder),
            poisoned(ground.train, crafted.poison).pixels if is_bad else ground.train.pixels,
            ground.train.labels,
            np.isin(np.arange(len(ground.train.labels)), crafted.poison.chosen) & is_bad,
        )
        for encoder, folder, is_bad in models
    )
    return bad, good


def places_of(ground: CibaGround, encoder: Encoder, folder: str) -> NDArray[np.float32]:
    """What the database photos of each class or tag vote for by a model, unit rows (P, K)."""
    items, shown = ground.codes(encoder, folder), ground.database.compared_by("shared")
    kinds = range(shown.shape[1]) if shown.ndim == 2 else np.unique(shown)
    groups = [photos_of(shown, int(kind)) for kind in kinds]
    votes = [vote(torch.from_numpy(np.where(items[group] >= 0, 1.0, -1.0))).numpy() for group in groups if len(group)]
    places: NDArray[np.float32] = (np.stack(votes) / items.shape[1] ** 0.5).astype(np.float32)
    return places
