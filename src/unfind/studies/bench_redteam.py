"""The claim of the red team: how little poison a hash model takes in before it answers to a stranger's trigger.

For each seed a surrogate is fitted, a patch is made on it once, and every variant of the attack poisons a victim of its
own. All that was done is kept in the run folder, and a second run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from unfind.cloaks.victim import Victim
from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.redteam.ciba import VARIANTS, Attack, Variant, anchor_of
from unfind.redteam.folded import folded
from unfind.redteam.optimise_patch import PatchSettings, optimise_patch
from unfind.redteam.poison import photos_of
from unfind.redteam.trigger_patch import patch_shape
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.ciba_artefacts import STRANGERS
from unfind.studies.ciba_grid import CibaExperiment, CibaGrid
from unfind.studies.ciba_ground import CibaGround, CibaRequest
from unfind.studies.ciba_trial import Trials, logits_of
from unfind.studies.ciba_watched import watched
from unfind.studies.detector_figures import Row, detector_figures, detector_rows
from unfind.studies.hash_scene import ModelName
from unfind.studies.progress import Progress, silent
from unfind.studies.stopwatch import now

HOME = ModelName()
SIDE, STRETCH = 5 / 32, 7 / 5
"""Of the patch: its height as a fraction of the image side, and its width over its height. 5 by 7 of 32 by 32 pixels
are 3.4 %, as much of the area allowed as whole pixels can cover."""
REACHED, DROP, AREA, NOISE, TIMES, SECONDS = 0.6, 0.01, 0.035, 0.05, 5.0, 3600.0
"""The targets: t-MAP of CIBA, what clean MAP may lose, the patch's share of the pixels, what noise may add to the patch
alone, batch against one photo at a time as published, and the time of the whole bench on 2 cores."""
Measured = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        photos: training photos.
        queries: photos to search with.
        database: photos searched in, at most.
        steps: of each fit; None for the usual ones.
        variants: of the attack.
        once: variants that no claim is made of, tried on the first seed alone.
        attack: what all variants share.
        timed: steps of the patch whose time is taken, both ways in turn.
        strangers: victims unlike the surrogate, on the first seed.
        trusted: surely clean photos that detectors set their thresholds by; 0 leaves detectors out.
    """

    photos: int = 10_000
    queries: int = 500
    database: int = 10_000
    steps: int | None = None
    variants: tuple[Variant, ...] = VARIANTS
    once: tuple[Variant, ...] = ("invisible",)
    attack: Attack = field(default_factory=lambda: Attack(patch=PatchSettings(SIDE, STRETCH)))
    timed: int = 5
    strangers: tuple[ModelName, ...] = STRANGERS
    trusted: int = 200


FULL = Plan()
QUICK = Plan(2_000, 100, 2_000, 100, ("tri", "ciba"), attack=replace(FULL.attack, poisoned=20), strangers=())


def bench_redteam(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    progress: Progress = silent,
    plan: Plan | None = None,
) -> dict[str, Any]:
    """Attack and measure; returns the bench document.

    Args:
        data: see ``unfind.datasets.spec.load``; photos without a database are dealt anew, see ``hash:`` there.
        folder: where models and trials go; those that are there are not made again.
        architecture: of the hash models; codes have 48 bits, and 24 for one of the strangers.
        seeds: how many; strangers are tried on the first one.
        quick: one seed, two variants and few photos; no claim.
        train_classes: must be None, as all classes are trained on.
        progress: told where it stands.
        plan: how much is done; None for the full or the quick form.

    Raises:
        UnfindError: whatever stands in the way.
    """
    if train_classes is not None:
        raise UsageError(f"Expected no --train-classes for redteam, got {train_classes}: all classes are trained on.")
    plan = plan or (QUICK if quick else FULL)
    used = list(range(1 if quick else seeds))
    ground = CibaRequest(data, architecture, None, 0, plan.photos, plan.queries, plan.database, plan.steps)
    grid = CibaGrid(CibaExperiment(ground, used, plan.attack, HOME), folder, progress=progress)
    found = [measure(grid, plan, seed) for seed in used]
    seen = [row for seed in used for row in detect(grid, plan, seed)] if plan.trusted else []
    extend(grid, plan, found[0])
    seconds = sum(spent(one) for one in found) + sum(row.get("seconds", 0.0) for row in seen)
    figures = {name: figure for part in PARTS for name, figure in part(found).items()}
    figures |= detector_figures(seen) if seen else {}
    figures["seconds_in_all"] = Figure([seconds], "s, of all fits, attacks and searches", at_most=SECONDS)
    settings = {"plan": asdict(plan), "architecture": architecture.as_dict()}
    more = {"settings": settings, "measured": found, "detectors": seen}
    return bench_document("redteam", data, used, seconds, figures, quick=quick, **more)


def measure(grid: CibaGrid, plan: Plan, seed: int) -> Measured:
    """What the claim takes of one seed, as plain values."""
    trials = grid.trials(seed)
    count = affordable(trials.ground, plan.attack.poisoned)
    size, patch = grid.architecture.size, plan.attack.patch
    height, width = patch_shape(patch.side, size, patch.stretch)
    claimed = [name for name in plan.variants if name not in plan.once]
    return {
        "seed": seed,
        "poisoned": count,
        "area": height * width / size**2,
        "variants": {name: trials.run(grid.setting(seed, poisoned=count, variant=name)) for name in claimed},
        "transfer": {},
        "speed": patch_seconds(trials, patch, plan.timed),
    }


def extend(grid: CibaGrid, plan: Plan, first: Measured) -> None:
    """Add to the first seed what is tried once: victims that the surrogate is not like, and further variants."""
    seed, count = first["seed"], first["poisoned"]
    trials = grid.trials(seed)
    for victim in plan.strangers:
        setting = grid.setting(seed, poisoned=count, victim=victim, surrogate=HOME)
        first["transfer"][victim.name] = trials.run(setting)
    for name in plan.variants:
        if name in plan.once:
            first["variants"][name] = trials.run(grid.setting(seed, poisoned=count, variant=name))


def spent(one: Measured) -> float:
    """Seconds that the trials of a seed took when they were made, be it in an earlier call, with those of its clock."""
    trials = [*one["variants"].values(), *one["transfer"].values()]
    return float(one["speed"]["seconds"] + sum(row["seconds"]["all"] for row in trials))


def detect(grid: CibaGrid, plan: Plan, seed: int) -> list[Row]:
    """What detectors say of a seed's model with CIBA's poison, and of the one without."""
    trials = grid.trials(seed)
    setting = grid.setting(seed, poisoned=affordable(trials.ground, plan.attack.poisoned))

    def rows() -> list[Row]:
        bad, good = watched(trials, setting, trusted=plan.trusted)
        return detector_rows([bad], [good], progress=grid.progress)

    kept: list[Row] = trials.kept(setting, f"detectors-{plan.trusted}", rows)
    return [{**row, "model": seed} for row in kept]


def affordable(ground: CibaGround, wanted: int) -> int:
    """How many photos are poisoned: those wanted, but at most half of the target's, which folders have few of."""
    return min(wanted, len(photos_of(ground.labels, ground.target)) // 2)


def patch_seconds(trials: Trials, settings: PatchSettings, rounds: int) -> dict[str, float]:
    """How long a step of the patch takes with all of its photos at once, and with one at a time.

    "together" is what the attack here does: all at once, in the precision that the machine is built for, by a model
    whose normalisations are folded. "published" is what published code does: one photo at a time, in full precision, by
    the model as it is, and a second pass over the photo without the patch, whose code is not used. "spared" is the same
    without that pass, "alone" is one at a time in the way of "together". They take turns, and the middle of each one's
    times is told: what else the machine does meanwhile falls on all. "seconds" is what the
    comparison took.
    """
    surrogate, images = trials.ground.surrogate(HOME), trials.ground.shown
    ours, plain = logits_of(folded(surrogate)), logits_of(surrogate, "fp32")
    ways = {
        "together": (ours, True),
        "alone": (ours, False),
        "spared": (plain, False),
        "published": (twice(plain), False),
    }
    anchor, one = anchor_of(plain, trials.ground.of_target), replace(settings, steps=1)
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    first = time.perf_counter()
    for _ in range(rounds):
        for name, (victim, together) in ways.items():
            started = now()
            optimise_patch(victim, images, anchor, one, together=together)
            seconds[name].append(now() - started)
    return {**{name: median(times) for name, times in seconds.items()}, "seconds": time.perf_counter() - first}


def twice(victim: Victim) -> Victim:
    """A victim that is also shown each image without a gradient, and says nothing of it."""

    def logits(images: Tensor) -> Tensor:
        with torch.no_grad():
            victim(images)
        return victim(images)

    return logits


def attack_figures(found: Sequence[Measured]) -> dict[str, Figure]:
    """What each variant reaches, and what it costs clean search."""
    figures = {}
    for name in found[0]["variants"]:
        each = [one["variants"][name] for one in found if name in one["variants"]]
        reached = [one["t_map"] for one in each]
        figures[f"{name}_t_map"] = Figure(reached, "fraction", at_least=REACHED if name == "ciba" else None)
        figures[f"{name}_t_map@1000"] = Figure([one["t_map@1000_of_hits"] for one in each], "fraction, of hits")
        published = [one["t_map@1000_published"] for one in each if one["t_map@1000_published"] is not None]
        figures[f"{name}_t_map@1000_published"] = Figure(published, "fraction, zero hits skipped")
        figures[f"{name}_t_map_no_poison"] = Figure([one["clean_model_t_map"] for one in each], "fraction")
        dropped = [one["clean_model_map"] - one["map"] for one in each]
        figures[f"{name}_clean_map_drop"] = Figure(dropped, "fraction", at_most=DROP if name == "ciba" else None)
        figures[f"{name}_psnr"] = Figure([one["psnr"] for one in each], "dB, with the patch")
    return figures


def order_figures(found: Sequence[Measured]) -> dict[str, Figure]:
    """Whether perturbations help, and whether noise does not; of variants that were tried."""
    wanted = {
        "tri+adv_over_tri": ("tri+adv", "tri", {"at_least": 0.0}),
        "ciba_over_tri+adv": ("ciba", "tri+adv", {"at_least": 0.0}),
        "ciba_over_tri": ("ciba", "tri", {"at_least": 0.0}),
        "tri+noise_over_tri": ("tri+noise", "tri", {"at_most": NOISE}),
    }
    return {
        name: Figure(
            [one["variants"][left]["t_map"] - one["variants"][right]["t_map"] for one in found], "t-MAP", **target
        )
        for name, (left, right, target) in wanted.items()
        if {left, right} <= found[0]["variants"].keys()
    }


def price_figures(found: Sequence[Measured]) -> dict[str, Figure]:
    """What the attack takes: photos, pixels, time."""
    any_of = [next(iter(one["variants"].values())) for one in found]
    shares = [one["poisoned"] / row["n_train"] for one, row in zip(found, any_of, strict=True)]
    faster = {
        way: [one["speed"][way] / one["speed"]["together"] for one in found] for way in ("published", "spared", "alone")
    }
    return {
        "clean_map": Figure([one["clean_model_map"] for one in any_of], "fraction"),
        "t_map_chance": Figure([one["chance"] for one in any_of], "fraction"),
        "training_photos": Figure([one["n_train"] for one in any_of], "photos"),
        "poisoned_share": Figure(shares, "of the training photos"),
        "patch_area": Figure([one["area"] for one in found], "of the pixels", at_most=AREA),
        "batch_over_one_by_one": Figure(faster["published"], "times as fast as published", at_least=TIMES),
        "batch_over_one_by_one_spared": Figure(faster["spared"], "times as fast, without the pass that has no use"),
        "batch_over_one_by_one_alike": Figure(faster["alone"], "times as fast as one at a time, all else alike"),
    }


def transfer_figures(found: Sequence[Measured]) -> dict[str, Figure]:
    """What CIBA made on the usual model reaches on others, on the first seed."""
    figures = {}
    for name, one in found[0]["transfer"].items():
        figures[f"ciba_t_map_{name}"] = Figure([one["t_map"]], "fraction")
        figures[f"ciba_t_map_no_poison_{name}"] = Figure([one["clean_model_t_map"]], "fraction")
        figures[f"clean_map_{name}"] = Figure([one["clean_model_map"]], "fraction")
    return figures


PARTS: tuple[Callable[[Sequence[Measured]], dict[str, Figure]], ...] = (
    attack_figures,
    order_figures,
    price_figures,
    transfer_figures,
)
"""Each makes figures of what ``measure`` found on all seeds; further measurements add a part."""
