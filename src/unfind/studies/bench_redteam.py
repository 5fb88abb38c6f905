"""The claim of the red team: how little poison a hash model takes in before it answers to a stranger's trigger.

For each seed a surrogate is fitted, a patch is made on it once, and every variant of the attack poisons a victim of its
own. All that was done is kept in the run folder, and a second run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.redteam.ciba import VARIANTS, Attack, Variant, anchor_of
from unfind.redteam.optimise_patch import PatchSettings, optimise_patch
from unfind.redteam.poison import photos_of
from unfind.redteam.trigger_patch import patch_side
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.ciba_artefacts import STRANGERS
from unfind.studies.ciba_grid import CibaExperiment, CibaGrid
from unfind.studies.ciba_ground import CibaGround, CibaRequest
from unfind.studies.ciba_trial import Trials, logits_of
from unfind.studies.hash_scene import ModelName
from unfind.studies.progress import Progress, silent

HOME = ModelName()
STEPS = 1200
"""Of each fit: each of 10,000 training photos is seen 14 times. After one pass poison has hardly been learned."""
SIDE = 5 / 32
"""Of the patch, as a fraction of the image side: 2.4 % of the pixels."""
REACHED, DROP, AREA, NOISE, TIMES, SECONDS = 0.6, 0.01, 0.035, 0.05, 5.0, 3600.0
"""The targets: t-MAP of CIBA, what clean MAP may lose, the patch's share of the pixels, what noise may add to the patch
alone, batch against one photo at a time, and the time of the whole bench on 2 cores."""
Measured = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        photos: training photos.
        queries: photos to search with.
        database: photos searched in, at most.
        steps: of each fit.
        variants: of the attack.
        attack: what all variants share.
        timed: steps of the patch whose time is taken, twice.
        strangers: victims unlike the surrogate, on the first seed.
    """

    photos: int = 10_000
    queries: int = 500
    database: int = 10_000
    steps: int = STEPS
    variants: tuple[Variant, ...] = VARIANTS
    attack: Attack = field(default_factory=lambda: Attack(patch=PatchSettings(side=SIDE)))
    timed: int = 20
    strangers: tuple[ModelName, ...] = STRANGERS


FULL = Plan()
QUICK = Plan(2_000, 100, 2_000, 100, ("tri", "ciba"), replace(FULL.attack, poisoned=20), 5, ())


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
    started = time.perf_counter()
    if train_classes is not None:
        raise UsageError(f"Expected no --train-classes for redteam, got {train_classes}: all classes are trained on.")
    plan = plan or (QUICK if quick else FULL)
    used = list(range(1 if quick else seeds))
    ground = CibaRequest(data, architecture, None, 0, plan.photos, plan.queries, plan.database, plan.steps)
    grid = CibaGrid(CibaExperiment(ground, used, plan.attack, HOME), folder, progress=progress)
    found = [measure(grid, plan, seed, first=seed == used[0]) for seed in used]
    seconds = time.perf_counter() - started
    figures = {name: figure for part in PARTS for name, figure in part(found).items()}
    figures["seconds_in_all"] = Figure([seconds], "s, less what was there before", at_most=SECONDS)
    settings = {"plan": asdict(plan), "architecture": architecture.as_dict()}
    return bench_document("redteam", data, used, seconds, figures, quick=quick, settings=settings, measured=found)


def measure(grid: CibaGrid, plan: Plan, seed: int, *, first: bool) -> Measured:
    """All that is measured of one seed, as plain values; strangers on the first one alone."""
    trials = grid.trials(seed)
    strangers = plan.strangers if first else ()
    count = affordable(trials.ground, plan.attack.poisoned)
    return {
        "seed": seed,
        "poisoned": count,
        "area": (patch_side(plan.attack.patch.side, grid.architecture.size) / grid.architecture.size) ** 2,
        "variants": {name: trials.run(grid.setting(seed, poisoned=count, variant=name)) for name in plan.variants},
        "transfer": {
            victim.name: trials.run(grid.setting(seed, poisoned=count, victim=victim, surrogate=HOME))
            for victim in strangers
        },
        "speed": patch_seconds(trials, replace(plan.attack.patch, steps=plan.timed)),
    }


def affordable(ground: CibaGround, wanted: int) -> int:
    """How many photos are poisoned: those wanted, but at most half of the target's, which folders have few of."""
    return min(wanted, len(photos_of(ground.labels, ground.target)) // 2)


def patch_seconds(trials: Trials, settings: PatchSettings) -> dict[str, float]:
    """How long some steps of the patch take with all photos of a step at once, and with one at a time."""
    victim, images = logits_of(trials.ground.surrogate(HOME)), trials.ground.shown
    anchor = anchor_of(victim, trials.ground.of_target)
    seconds = {}
    for name, together in (("together", True), ("alone", False)):
        started = time.perf_counter()
        optimise_patch(victim, images, anchor, settings, together=together)
        seconds[name] = time.perf_counter() - started
    return seconds


def attack_figures(found: Sequence[Measured]) -> dict[str, Figure]:
    """What each variant reaches, and what it costs clean search."""
    figures = {}
    for name in found[0]["variants"]:
        each = [one["variants"][name] for one in found]
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
    faster = [one["speed"]["alone"] / one["speed"]["together"] for one in found]
    return {
        "clean_map": Figure([one["clean_model_map"] for one in any_of], "fraction"),
        "t_map_chance": Figure([one["chance"] for one in any_of], "fraction"),
        "training_photos": Figure([one["n_train"] for one in any_of], "photos"),
        "poisoned_share": Figure(shares, "of the training photos"),
        "patch_area": Figure([one["area"] for one in found], "of the pixels", at_most=AREA),
        "batch_over_one_by_one": Figure(faster, "times as fast", at_least=TIMES),
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
