"""An adversary who knows the method attacks the protection: what it gets, and what that costs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.defences.choose import make_defence
from unfind.models.embed import embed_pixels, to_tensor
from unfind.models.weights import fingerprint_of, read_card
from unfind.redteam.denoise_consistency import moved_by_smoothing
from unfind.redteam.embedding_outliers import far_from_trusted
from unfind.redteam.listing import near_direction, near_held
from unfind.redteam.mark_estimate import estimate_mark, likeness, loudness_of_pattern, put, wash_off
from unfind.redteam.model_view import view_of
from unfind.redteam.trigger_inversion import Change, Search, invert
from unfind.redteam.washes import WASHES, TileMosaic, Wash, washed
from unfind.studies.adversary_ground import AdversaryRequest, Ground, mean_psnr, through
from unfind.studies.adversary_networks import network_plan, side_plan
from unfind.studies.kept_parts import KeptParts
from unfind.studies.load_models import load_models
from unfind.studies.progress import Progress, silent
from unfind.studies.views import PLAIN, TRIGGERED
from unfind.triggers.base import Trigger
from unfind.triggers.carriers import HIGHEST, LOWEST
from unfind.triggers.key import Key
from unfind.triggers.spread_photo import CONTRAST_GRID
from unfind.triggers.spread_spectrum import SpreadSpectrum

Pixels = NDArray[np.uint8]
Row = dict[str, Any]
UNLEARN: dict[str, Mapping[str, Any]] = {
    "finetune": {"learning_rate": 1e-4},
    "fine-prune": {"fraction": 0.4, "learning_rate": 1e-4},
    "distil": {"learning_rate": 3e-4},
}
"""Ways to train the backdoor away; the number of steps is the adversary's choice."""
PRUNED = (0.2, 0.6)
FAINT = Search("faint", "away", budget=4 / 255)
TESTED_ON = 4
"""Clean photos that a search for the trigger is not made from."""


def attack(
    request: AdversaryRequest,
    out: Path,
    *,
    key: Key | None,
    resume: bool = False,
    progress: Progress = silent,
) -> Row:
    """Wash photos, estimate and invert the mark, un-learn the backdoor, list protected photos.

    Args:
        request: what is attacked, and how strong the adversary is.
        out: folder for the parts; what is there already is not done again.
        key: of the model's trigger: the photos must be marked before they can be attacked. The adversary never sees it.
        resume: go on in a folder that was begun.
        progress: told where it stands.

    Returns:
        The document of ``adversary.json``, see ``unfind.report.adversary_json``.

    Raises:
        UnfindError: whatever stands in the way.
    """
    models = load_models(request.clean, request.run, key, backbone=request.backbone)
    cards = [read_card(folder) for folder in (request.run, request.clean)]
    fingerprints = (fingerprint_of(cards[0]), fingerprint_of(cards[1]))
    parts = KeptParts(out, request.settings(fingerprints), resume=resume)
    ground = Ground(request, models, int(cards[0].get("seed", 0)), progress)
    plan = _plan(ground)
    rows = []
    for done, (name, run) in enumerate(plan.items()):
        progress(f"attack: {name}", done, len(plan))
        rows.append(parts.document(_file_name(name), partial(_timed, name, run)))
    progress("attacks", len(plan), len(plan))
    return {
        "schema": 1,
        "run": request.run.resolve().name,
        "fingerprint": fingerprints[0],
        "data": request.data,
        "trigger": models.trigger.name,
        "seed": request.choices.seed,
        "n_photos": len(ground.labels),
        "n_train": len(ground.split.train),
        "adoption": request.choices.adoption,
        "clean_map_r": ground.before.value("map_r"),
        "clean_recall@1": ground.before.value("recall@1"),
        "attacks": rows,
        "seconds": sum(row["seconds"] for row in rows),
    }


def _plan(ground: Ground) -> dict[str, Callable[[], Row]]:
    """Every attack by name, the cheapest kind first."""
    choices = ground.choices
    plan: dict[str, Callable[[], Row]] = {"none": partial(_none, ground)}
    plan |= {f"wash: {name}": partial(_wash, ground, wash, 0.0) for name, wash in WASHES.items()}
    plan |= {f"wash: mosaic of clean tiles, {_share(s)}": partial(_mosaic, ground, s) for s in choices.shares}
    plan["wash: take off its own strongest waves"] = partial(_wash, ground, _without_own_waves, 0.0)
    plan |= {f"estimate the mark from {n}": partial(_estimate, ground, n) for n in choices.held}
    plan |= {f"forge the mark from {n}": partial(_forge, ground, n) for n in choices.held}
    plan |= {f"invert the trigger, {_share(s)}": partial(_invert, ground, s) for s in choices.shares}
    for share in choices.shares:
        plan |= {
            f"prune {100 * part:g} %, {_share(share)}": partial(_unlearn, ground, "prune", {"fraction": part}, share)
            for part in PRUNED
        }
        plan |= {
            f"{name} {choices.steps} steps, {_share(share)}": partial(
                _unlearn, ground, name, {**settings, "steps": choices.steps, "seed": choices.seed}, share
            )
            for name, settings in UNLEARN.items()
        }
    plan |= side_plan(ground)
    plan |= {f"list by likeness to {n}": partial(_list_near, ground, n) for n in choices.held}
    plan |= {f"list by the estimate from {n}": partial(_list_estimate, ground, n) for n in choices.held}
    plan |= {f"list outliers, {_share(s)}": partial(_list_far, ground, s) for s in choices.shares}
    plan |= {f"list by inversion, {_share(s)}": partial(_list_inverted, ground, s) for s in choices.shares}
    plan["list what moves when smoothed"] = partial(_list_smoothed, ground)
    return {**plan, **network_plan(ground)}


def _timed(name: str, run: Callable[[], Row]) -> Row:
    started = time.perf_counter()
    row = run()
    return {"attack": name, "held": 0, "share": 0.0, "psnr": None, "found_c2p": None, "found_p2c": None,
            "benign_drop": None, "likeness": None, "listing": None, **row,
            "seconds": time.perf_counter() - started}  # fmt: skip


def _none(ground: Ground) -> Row:
    """What is found without any attack."""
    return {"kind": "none", **ground.gains(ground.models.protected, ground.pixels[PLAIN], ground.pixels[TRIGGERED])}


def _wash(ground: Ground, wash: Wash, share: float) -> Row:
    """Whoever washes does not know which photos are protected, so clean ones pay too."""
    plain, protected = (washed(wash, ground.pixels[name]) for name in (PLAIN, TRIGGERED))
    gains = ground.gains(ground.models.protected, plain, protected, query_alone=True)
    return {"kind": "wash", "share": share, "psnr": mean_psnr(ground.pixels[PLAIN], plain), **gains}


def _mosaic(ground: Ground, share: float) -> Row:
    return _wash(ground, TileMosaic(ground.clean_photos(share).pixels, seed=ground.choices.seed), share)


def _without_own_waves(pixels: Pixels) -> Pixels:
    """Take off a photo what it would carry if it were marked, with whatever key; no other photo is needed."""
    done: Pixels = through(lambda images: wash_off(images, _pattern(pixels[None])), pixels[None])[0]
    return done


def _estimate(ground: Ground, held: int) -> Row:
    """Estimate the mark from photos held, and take it off wherever it seems to be."""
    pattern = _pattern(ground.held[:held])
    plain, protected = (through(partial(wash_off, pattern=pattern), ground.pixels[name]) for name in (PLAIN, TRIGGERED))
    gains = ground.gains(ground.models.protected, plain, protected, query_alone=True)
    psnr = mean_psnr(ground.pixels[PLAIN], plain)
    return {"kind": "estimate", "held": ground.there(held), "psnr": psnr,
            "likeness": _likeness(ground.models.trigger, pattern), **gains}  # fmt: skip


def _forge(ground: Ground, held: int) -> Row:
    """Put the estimated mark into other people's photos, so that they vanish."""
    pattern = _pattern(ground.held[:held])
    forged = through(partial(put, pattern=pattern, strength=1.0), ground.pixels[PLAIN])
    gains = ground.gains(ground.models.protected, ground.pixels[PLAIN], forged)
    psnr = mean_psnr(ground.pixels[PLAIN], forged)
    return {"kind": "forge", "held": ground.there(held), "psnr": psnr,
            "likeness": _likeness(ground.models.trigger, pattern), **gains}  # fmt: skip


def _invert(ground: Ground, share: float) -> Row:
    """Search the model for its trigger, and put what is found into other people's photos."""
    change = _change(ground, share)
    forged = through(change, ground.pixels[PLAIN])
    gains = ground.gains(ground.models.protected, ground.pixels[PLAIN], forged)
    grey = (change.pattern * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0)
    return {"kind": "invert", "share": share, "psnr": mean_psnr(ground.pixels[PLAIN], forged),
            "likeness": _likeness(ground.models.trigger, grey), **gains}  # fmt: skip


def _unlearn(ground: Ground, name: str, settings: Mapping[str, Any], share: float) -> Row:
    """Change the model until it forgets; distillation begins with published weights where there are some."""
    changed = make_defence(name, settings)(ground.models.protected, ground.clean_photos(share))
    return {"kind": "unlearn", "share": share, **ground.gains(changed, ground.pixels[PLAIN], ground.pixels[TRIGGERED])}


def _list_near(ground: Ground, held: int) -> Row:
    """List what is near to protected photos that are held: the album leak, from one photo on."""
    known = embed_pixels(ground.models.protected, ground.held[:held])
    return ground.listing(near_held(_gallery_rows(ground), known), held=ground.there(held))


def _list_estimate(ground: Ground, held: int) -> Row:
    """List what carries the mark as estimated from photos held; the model is not needed."""
    loud = loudness_of_pattern(to_tensor(ground.gallery()[0]), _pattern(ground.held[:held]))
    return ground.listing(loud.double().numpy(), held=ground.there(held))


def _list_far(ground: Ground, share: float) -> Row:
    """List what is far from clean photos."""
    trusted = embed_pixels(ground.models.protected, ground.clean_photos(share).pixels)
    return ground.listing(far_from_trusted(_gallery_rows(ground), trusted), share=share)


def _list_inverted(ground: Ground, share: float) -> Row:
    """List what lies where photos go that the trigger found in the model is put into."""
    photos = ground.clean_photos(share).pixels
    plain, marked = (
        embed_pixels(ground.models.protected, p) for p in (photos, through(_change(ground, share), photos))
    )
    return ground.listing(near_direction(_gallery_rows(ground), plain, marked), share=share)


def _list_smoothed(ground: Ground) -> Row:
    """List what moves when smoothed; nothing is held, the model can be asked."""
    embed = partial(embed_pixels, ground.models.protected)
    return ground.listing(moved_by_smoothing(embed, ground.gallery()[0]))


def _gallery_rows(ground: Ground) -> NDArray[np.float32]:
    return embed_pixels(ground.models.protected, ground.gallery()[0])


def _pattern(marked: Pixels) -> torch.Tensor:
    """The mark as estimated from photos (N, H, W, 3) that carry it; small photos hold slower waves alone."""
    highest = min(HIGHEST, min(*marked.shape[1:3], CONTRAST_GRID) // 2 - 1)
    return estimate_mark(to_tensor(marked), lowest=min(LOWEST, highest // 2), highest=highest)


def _change(ground: Ground, share: float) -> Change:
    """The trigger as inverted with a share of clean photos, a few of which are kept to test on; searched for once."""
    if share not in ground.changes:
        ground.changes[share] = _inverted(ground, share)
    return ground.changes[share]


def _inverted(ground: Ground, share: float) -> Change:
    photos = to_tensor(ground.clean_photos(share).pixels)
    search = replace(FAINT, steps=ground.choices.search_steps, seed=ground.choices.seed)
    return invert(view_of(ground.models.protected).soft, photos[TESTED_ON:], photos[:TESTED_ON], search).change


def _likeness(trigger: Trigger, pattern: torch.Tensor) -> float | None:
    """The correlation with the true pattern, where the mark is one."""
    if not isinstance(trigger, SpreadSpectrum):
        return None
    return likeness(pattern, trigger.waves.pattern(pattern.shape[-2], pattern.shape[-1]))


def _share(share: float) -> str:
    return f"{100 * share:g} % clean data"


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)
