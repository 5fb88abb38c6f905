"""What is asked of cloaks: do they arrive, how fast, unseen, through compression, and on models they do not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.cloaks.amortised import Amortised
from unfind.cloaks.base import Job
from unfind.cloaks.choose import make_cloak
from unfind.cloaks.fit_generator import GeneratorFit, fit_generator
from unfind.cloaks.generator import Design, Generator, load_generator, save_generator
from unfind.cloaks.goal import towards
from unfind.cloaks.pace import PAPER_BUDGET, Pace
from unfind.cloaks.rnm import RNM
from unfind.images.edits import jpeg
from unfind.images.resize import scale
from unfind.models.embed import to_tensor
from unfind.studies.cloak_paces import DIVERSE, MODES, PUBLISHED, QUICK_STEPS, STRONG
from unfind.studies.cloak_trial import Edit, Trials, distance_of, edited, kept_effect, psnr
from unfind.studies.hash_scene import HashScene, Way
from unfind.studies.material import prepare
from unfind.studies.stopwatch import now

Row = dict[str, Any]
TARGETED = ("noise", "tanh-p2p", "tanh-p2s", "rnm-p2p", "rnm-p2s")
UNTARGETED = ("noise", "rnm", "hag", "sdha", "hashstash")
EDITS: dict[str, Edit] = {
    "jpeg95": partial(jpeg, quality=95),
    "jpeg90": partial(jpeg, quality=90),
    "jpeg75": partial(jpeg, quality=75),
    "jpeg50": partial(jpeg, quality=50),
    "resize0.75": partial(scale, factor=0.75),
    "resize0.5": partial(scale, factor=0.5),
}
NEAR = 0.5
"""Bits: a photo in two is off by one."""
VOTES, VOTES_SEED = 8, 10**6
"""Target codes of each class that a generator learns; the seed is far from those of the queries' own targets."""
CUTOFF = 1000
"""Places of a ranking that count where a figure is named so; papers take 1,000 or 5,000 of a large database."""
SIDE = 64
"""Of the photos whose time is taken, in pixels."""
DIGITS = 4
"""Of the two thousand numbers of a curve, so that a document stays readable."""
NEVER = 1e6
"""A margin that no bit has, so that a loop runs to its end."""


def targeted(trials: Trials, count: int, methods: Sequence[str] = TARGETED, pace: Pace = QUICK_STEPS) -> list[Row]:
    """t-MAP and distance of each method, all with the same steps; of the written files."""
    return [_measured(trials, name, "towards", count, pace) for name in methods]


def untargeted(trials: Trials, count: int, methods: Sequence[str] = UNTARGETED, pace: Pace = QUICK_STEPS) -> list[Row]:
    """MAP that each method leaves, all with the same steps; of the written files."""
    return [_measured(trials, name, "away", count, pace) for name in methods]


def _measured(trials: Trials, name: str, way: Way, count: int, pace: Pace) -> Row:
    scene, cloak = trials.scene, make_cloak(name, pace)
    trial = trials.run(cloak, way, count)
    codes, goal = scene.codes_of(trial.pixels), scene.goal(way, cloak.aim, len(trial.pixels))
    score = (
        {"t_map": scene.t_map(codes)}
        if way == "towards"
        else {"map": scene.map(codes), f"map@{CUTOFF}": scene.map(codes, CUTOFF)}
    )
    return {
        "method": name,
        "way": way,
        "budget": pace.budget,
        "bits": codes.shape[1],
        **score,
        "distance": float(distance_of(scene, trial.pixels, goal).mean()),
        "arrived": float((trial.finished_at >= 0).mean()),
        "psnr": psnr(scene, trial),
        "seconds": float(trial.clock[-1]),
        "count": len(trial.pixels),
    }


def convergence(trials: Trials, count: int) -> list[Row]:
    """The way to the target, iteration by iteration: RNM, RNM as printed, and Tanh with its published schedule."""
    contest = {
        "rnm-p2s": RNM(QUICK_STEPS),
        "rnm-p2s, published steps": RNM(replace(PUBLISHED, iterations=QUICK_STEPS.iterations)),
        "rnm-p2s, as printed": RNM(QUICK_STEPS, hold=None, norm="sum"),
        "tanh-p2s": make_cloak("tanh-p2s", QUICK_STEPS),
        "tanh-p2s, published schedule": make_cloak("tanh-p2s", PUBLISHED),
    }
    rows = []
    for name, cloak in contest.items():
        trial = trials.run(cloak, "towards", count)
        curve, clock = trial.best.round(DIGITS).tolist(), trial.clock.round(DIGITS).tolist()
        rows.append({"method": name, "curve": curve, "clock": clock, "count": count})
    return rows


def advantage(rows: Sequence[Row]) -> dict[str, float]:
    """How many times the iterations and the time of RNM the published Tanh needs for the same distance.

    The distance is `NEAR`, or what RNM comes to where that is more. Where Tanh never gets there, what it has used by
    its end stands for what it would need: the figure is then a lower bound.
    """
    curve, clock = {}, {}
    for row in rows:
        curve[row["method"]], clock[row["method"]] = np.array(row["curve"]), np.array(row["clock"])
    ours, theirs = "rnm-p2s", "tanh-p2s, published schedule"
    distance = max(NEAR, float(curve[ours][-1]))
    reached = np.flatnonzero(curve[theirs] <= distance)
    end = int(reached[0]) if reached.size else len(curve[theirs]) - 1
    first = int(np.flatnonzero(curve[ours] <= distance)[0])
    return {
        "distance": distance,
        "reached": float(reached.size > 0),
        "rnm_iterations": first,
        "tanh_iterations": end,
        "iterations": end / max(1, first),
        "seconds": float(clock[theirs][end] / clock[ours][first]),
    }


def survival(trials: Trials, count: int, modes: Sequence[str] = tuple(MODES), way: Way = "towards") -> list[Row]:
    """What compression and resizing leave of cloaks made in each mode.

    Each row has, by the edits' names, the share of the bits won that is left (see ``kept_effect``); "score", which is
    t-MAP towards a target and MAP away from oneself; and "score_after", the same after each edit.
    """
    scene, rows = trials.scene, []
    score = scene.t_map if way == "towards" else scene.map
    for mode in modes:
        cloak = RNM(MODES[mode])
        trial = trials.run(cloak, way, count)
        goal = scene.goal(way, cloak.aim, len(trial.pixels))
        written = {
            "psnr": psnr(scene, trial),
            "distance": float(distance_of(scene, trial.pixels, goal).mean()),
            "score": score(scene.codes_of(trial.pixels)),
            "score_after": {
                name: score(scene.codes_of(edited(scene, trial.pixels, edit))) for name, edit in EDITS.items()
            },
        }
        kept = {name: kept_effect(scene, trial, goal, edit) for name, edit in EDITS.items()}
        rows.append({"mode": mode, "way": way, **written, **kept, "count": len(trial.pixels)})
    return rows


def transfer(trials: Trials, others: dict[str, HashScene], ally: str, count: int) -> list[Row]:
    """MAP that non-targeted cloaks leave on models they were not made on.

    Args:
        trials: of the model that they are made on.
        others: further models by name, over the same ground.
        ally: which of them joins the ensemble.
        count: of queries.
    """
    home = trials.scene
    made = {
        "one model": trials.run(RNM(STRONG), "away", count),
        "one model, varied": trials.run(RNM(DIVERSE), "away", count),
        "two models, varied": trials.run(RNM(DIVERSE), "away", count, with_others=[others[ally]]),
        "noise": trials.run(make_cloak("noise", STRONG), "away", count),
    }
    rows = []
    for variant, trial in made.items():
        for name, scene in {"home": home, **others}.items():
            clean = scene.map(scene.own[: len(trial.pixels)])
            left = scene.map(scene.codes_of(trial.pixels))
            known = name == "home" or (name == ally and variant.startswith("two"))
            rows.append({"made_on": variant, "seen_by": name, "known": known, "clean_map": clean, "map": left,
                         "count": len(trial.pixels)})  # fmt: skip
    return rows


@dataclass(frozen=True)
class Speed:
    """How long cloaking takes, in seconds for one photo.

    Attributes:
        together: in a batch.
        alone: one by one.
        whole: in a batch, when every photo takes a hundred iterations.
        amortised: in a batch, with a generator.
        side: of the photos, in pixels.
    """

    together: float
    alone: float
    whole: float
    amortised: float
    side: int


def speed(scene: HashScene, generator: Generator, count: int, *, alone: int, side: int = SIDE) -> Speed:
    """Time RNM with a batch and photo by photo, and a generator.

    Args:
        scene: the model, which must take photos of that size.
        generator: fitted to it.
        count: photos in the batch; repeated where there are fewer.
        alone: how many of them are done one by one, and how many take all iterations.
        side: of the photos, in pixels.
    """
    which = torch.arange(count) % len(scene.images)
    images = F.interpolate(scene.images[which], (side, side), mode="bilinear", align_corners=False)
    targets = scene.anchors("p2s")[which]
    cloak = RNM(replace(QUICK_STEPS, batch=count))

    def one_by_one() -> None:
        for place in range(alone):
            cloak.run(Job(scene.victim, images[place : place + 1], towards(targets[place], 1)))

    endless, few = RNM(replace(QUICK_STEPS, batch=alone, margin=NEVER)), images[:alone]
    return Speed(
        together=_seconds(lambda: cloak.run(Job(scene.victim, images, towards(targets, count)))) / count,
        alone=_seconds(one_by_one) / alone,
        whole=_seconds(lambda: endless.run(Job(scene.victim, few, towards(targets[:alone], alone)))) / alone,
        amortised=min(_seconds(partial(_one_pass, generator, images, targets)) for _ in range(5)) / count,
        side=side,
    )


def _one_pass(generator: Generator, images: Tensor, targets: Tensor) -> None:
    with torch.no_grad():
        generator(images, targets)


def _seconds(work: Callable[[], Any]) -> float:
    started = now()
    work()
    return now() - started


def amortised(trials: Trials, file: Path, steps: int, count: int) -> tuple[Generator, Row]:
    """Fit a generator, or take the one that is there, and measure its cloaks."""
    scene = trials.scene
    generator = _generator(scene, file, steps).to(scene.images.device)
    row: Row = {"method": "amortised", "steps": steps, "count": count}
    cloak = Amortised(Pace(budget=PAPER_BUDGET), generator=generator)
    reached = trials.run(cloak, "towards", count)
    goal = scene.goal("towards", cloak.aim, len(reached.pixels))
    row["distance"] = float(distance_of(scene, reached.pixels, goal).mean())
    row["t_map"] = scene.t_map(scene.codes_of(reached.pixels))
    row["map"] = scene.map(scene.codes_of(trials.run(cloak, "away", count).pixels))
    row["psnr"] = psnr(scene, reached)
    return generator, row


def _generator(scene: HashScene, file: Path, steps: int) -> Generator:
    if file.exists():
        generator, card = load_generator(file)
        if card.get("model") == scene.fingerprint and card.get("steps") == steps:
            return generator
    ground = scene.ground
    # On photos that were trained on, and towards what other photos vote for: no query is seen.
    photos = prepare(ground.split.train, ground.request.architecture.size, progress=ground.progress).examples.pixels
    design = Design(scene.own.shape[1], PAPER_BUDGET)
    settings = GeneratorFit(steps=steps, seed=ground.request.seed)
    images = to_tensor(photos).to(scene.images.device)
    generator = fit_generator(
        scene.victim, images, scene.votes(VOTES, VOTES_SEED), design, settings,
        on_step=lambda done, total, wrong: ground.progress("fit the generator", done, total),
    )  # fmt: skip
    file.parent.mkdir(parents=True, exist_ok=True)
    save_generator(file, generator, {"model": scene.fingerprint, "steps": steps, "settings": settings.as_dict()})
    return generator
