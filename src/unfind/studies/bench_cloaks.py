"""The claim of the cloaks: they arrive, fast, unseen, and it is said what compression and other models leave of them.

For each seed a hash model is fitted; its queries are cloaked against it by every method, and written, compressed and
searched with. All that was done is kept in the run folder, and a second run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.cloak_measures import (
    CUTOFF,
    NEAR,
    TARGETED,
    UNTARGETED,
    advantage,
    amortised,
    convergence,
    speed,
    survival,
    targeted,
    transfer,
    untargeted,
)
from unfind.studies.cloak_trial import Trials
from unfind.studies.hash_scene import Ground, GroundRequest, ModelName
from unfind.studies.progress import Progress, silent

HOME = ModelName()
ALLY = ModelName(objective="hashnet")
STRANGERS = (ModelName(bits=24), ModelName(backbone="small-vgg"))
"""Models that cloaks are shown to besides their own and another method's: another length, another architecture."""
CLAIMED_TARGETED, CLAIMED_AWAY = ("noise", "rnm-p2s"), ("noise", "rnm", "hag")
"""The methods that targets are about: on all queries and seeds. The others stand beside them on fewer photos of one."""
TRIALS = "trials"
CLEAN, LEFT, NOISE, KEPT, ROBUST, BATCH, AMORTISED, TIMES, PSNR = 0.75, 0.05, 0.05, 0.5, 0.8, 10.0, 50.0, 10.0, 40.0
"""The targets, in the order of the figures."""


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        queries: photos to cloak.
        database: photos searched in, at most.
        steps: of each fit; None for the usual ones.
        away: photos that are led away from themselves.
        compared: photos on which all methods are compared, with the first seed.
        slow: photos for the published schedule of 2,000 iterations.
        checked: photos for survival and transfer.
        timed: photos in the batch whose time is taken.
        generator: steps of the generator's fit.
        strangers: how many of STRANGERS cloaks are shown to.
    """

    queries: int
    database: int
    steps: int | None
    away: int
    compared: int
    slow: int
    checked: int
    timed: int
    generator: int
    strangers: int = 0

    def with_options(self, options: Mapping[str, Any]) -> Plan:
        """The plan with some of its numbers replaced.

        Raises:
            UsageError: a number it does not have, or one below 1 (for strangers, out of 0 to all of them).
        """
        known = {field.name for field in fields(self)}
        for name, value in options.items():
            if name not in known:
                raise UsageError(
                    f"Expected options out of {', '.join(sorted(known))}, got '{name}': choose among these."
                )
            least, most = (0, len(STRANGERS)) if name == "strangers" else (1, 10**9)
            if type(value) is not int or not least <= value <= most:
                raise UsageError(
                    f"Expected {name} to be a whole number of {least} to {most}, got {value!r}: change it."
                )
        return replace(self, **options)


FULL = Plan(500, 20_000, None, away=500, compared=200, slow=64, checked=100, timed=100, generator=1200, strangers=2)
QUICK = Plan(60, 4_000, 200, away=60, compared=24, slow=8, checked=16, timed=40, generator=150)


def bench_cloaks(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    plan: Plan | None = None,
) -> dict[str, Any]:
    """Fit, cloak and measure; returns the bench document.

    Args:
        data: see ``unfind.datasets.spec.load``; photos without a database are dealt anew, see ``hash:`` there.
        folder: where models and trials go; those that are there are not made again.
        architecture: of the hash models; codes have 48 bits, and 24 for one of the strangers.
        seeds: how many; what has no target takes the first one.
        quick: one seed and few photos; no claim.
        train_classes: must be None, as all classes are trained on.
        options: numbers of the plan to replace, such as ``{"slow": 16}``.
        progress: told where it stands.
        plan: how much is done; None for the full or the quick form.

    Raises:
        UnfindError: whatever stands in the way.
    """
    started = time.perf_counter()
    if train_classes is not None:
        raise UsageError(f"Expected no --train-classes for cloaks, got {train_classes}: all classes are trained on.")
    plan = (plan or (QUICK if quick else FULL)).with_options(options or {})
    used = list(range(1 if quick else seeds))
    found = []
    for seed in used:
        request = GroundRequest(data, architecture, seed, plan.queries, plan.database, plan.steps)
        found.append(measure(Ground(request, folder, progress=progress), plan, first=seed == used[0]))
    seconds = time.perf_counter() - started
    settings = {"plan": asdict(plan), "architecture": architecture.as_dict()}
    return bench_document("cloaks", data, used, seconds, figures(found), quick=quick, settings=settings, measured=found)


def measure(ground: Ground, plan: Plan, *, first: bool) -> dict[str, Any]:
    """All that is measured of one seed, as plain values; what has no target of the first one alone."""
    home = ground.scene(HOME)
    trials, count = Trials(home, ground.folder / TRIALS), len(home.images)
    ways = convergence(trials, plan.slow)
    facts = {
        "seed": ground.request.seed,
        "clean_map": home.map(home.own),
        "clean_t_map": home.t_map(home.own),
        "chance": home.chance(count),
        "floor": home.floor(min(count, plan.away)),
        "n_query": count,
        "n_gallery": len(home.items),
        "targeted": targeted(trials, count, CLAIMED_TARGETED),
        "untargeted": untargeted(trials, plan.away, CLAIMED_AWAY),
        "convergence": ways,
        "advantage": advantage(ways),
        "survival": survival(trials, plan.checked, ("usual", "robust")),
    }
    return {**facts, **_beside(ground, trials, plan)} if first else facts


def _beside(ground: Ground, trials: Trials, plan: Plan) -> dict[str, Any]:
    """What is measured of the first seed alone."""
    home = trials.scene
    generator_file = ground.folder / f"generator-{HOME.name}-{ground.request.seed}.safetensors"
    generator, made = amortised(trials, generator_file, plan.generator, plan.compared)
    taken = speed(home, generator, plan.timed, alone=max(2, plan.timed // 10))
    others = {name.name: ground.scene(name) for name in (ALLY, *STRANGERS[: plan.strangers])}
    return {
        "compared": targeted(trials, plan.compared, TARGETED) + untargeted(trials, plan.compared, UNTARGETED),
        "amortised": made,
        "speed": vars(taken),
        "survival_strong": survival(trials, plan.checked, ("strong",)),
        "survival_away": survival(trials, plan.checked, ("usual", "robust"), "away"),
        "transfer": transfer(trials, others, ALLY.name, plan.checked),
    }


def figures(found: Sequence[dict[str, Any]]) -> dict[str, Figure]:
    """What all seeds come to, beside the targets."""
    return {
        **_arriving(found),
        **_leaving(found),
        **_way(found),
        **_written(found),
        **_quickness(found[0]),
        **_elsewhere(found[0]),
    }


def _of(found: Sequence[dict[str, Any]], table: str, key: str, **facts: Any) -> list[float]:
    """A value of the one row of a table that shows some facts, for each seed."""
    return [
        float(row[key]) for one in found for row in one[table] if all(row.get(name) == x for name, x in facts.items())
    ]


def _less(values: Sequence[float], others: Sequence[float]) -> list[float]:
    return [value - other for value, other in zip(values, others, strict=True)]


def _arriving(found: Sequence[dict[str, Any]]) -> dict[str, Figure]:
    clean = [one["clean_map"] for one in found]
    best = _of(found, "targeted", "t_map", method="rnm-p2s")
    noise = _of(found, "targeted", "t_map", method="noise")
    chance = [one["chance"] for one in found]
    return {
        "clean_map": Figure(clean, "fraction", at_least=CLEAN),
        "rnm-p2s_t_map": Figure(best, "fraction"),
        "rnm-p2s_t_map_over_clean_map": Figure(_less(best, clean), "fraction", at_least=0.0),
        "noise_t_map": Figure(noise, "fraction"),
        "noise_t_map_over_chance": Figure(_less(noise, chance), "fraction", at_most=NOISE),
        "chance": Figure(chance, "fraction"),
        "rnm-p2s_distance_written": Figure(_of(found, "targeted", "distance", method="rnm-p2s"), "bits", at_most=NEAR),
        **_compared(found[0], "t_map"),
    }


def _compared(first: dict[str, Any], metric: str) -> dict[str, Figure]:
    """Every method on the same photos of one seed."""
    rows = [row for row in first["compared"] if metric in row]
    way = "t_map" if metric == "t_map" else "away_map"
    return {
        f"compared_{row['method']}_{way}": Figure([row[metric]], f"fraction, {row['count']} photos") for row in rows
    }


def _leaving(found: Sequence[dict[str, Any]]) -> dict[str, Figure]:
    left = {name: _of(found, "untargeted", "map", method=name) for name in CLAIMED_AWAY}
    places = {name: _of(found, "untargeted", f"map@{CUTOFF}", method=name) for name in CLAIMED_AWAY}
    aims = {name: LEFT if name in ("rnm", "hag") else None for name in left}
    floor = [one["floor"] for one in found]
    return {
        **{f"{name}_away_map": Figure(values, "fraction", at_most=aims[name]) for name, values in left.items()},
        **{
            f"{name}_away_map@{CUTOFF}": Figure(values, "fraction", at_most=aims[name])
            for name, values in places.items()
        },
        "lowest_possible_map": Figure(floor, "fraction"),
        "rnm_away_map_over_lowest": Figure(_less(left["rnm"], floor), "fraction"),
        "rnm_away_map_over_hag": Figure(_less(left["rnm"], left["hag"]), "fraction", at_most=0.0),
        **_compared(found[0], "map"),
    }


def _way(found: Sequence[dict[str, Any]]) -> dict[str, Figure]:
    """Tanh needs ten times the iterations or ten times the time: the larger of the two counts."""
    more = [one["advantage"] for one in found]
    names = {
        "rnm_published_steps": "rnm-p2s, published steps",
        "rnm_as_printed": "rnm-p2s, as printed",
        "tanh_same_steps": "tanh-p2s",
        "tanh_published": "tanh-p2s, published schedule",
    }
    ends = {key: [one[-1] for one in _curves(found, name)] for key, name in names.items()}
    return {
        "rnm_iterations": Figure([one["rnm_iterations"] for one in more], "until the distance below"),
        "tanh_iterations": Figure([one["tanh_iterations"] for one in more], "until the distance below, or in all"),
        "distance_compared_at": Figure([one["distance"] for one in more], "bits"),
        "tanh_got_there": Figure([one["reached"] for one in more], "1 where it did"),
        "tanh_over_rnm": Figure(
            [max(one["iterations"], one["seconds"]) for one in more], "times iterations or seconds", at_least=TIMES
        ),
        "tanh_seconds_over_rnm": Figure([one["seconds"] for one in more], "times"),
        "rnm_distance": Figure([one[-1] for one in _curves(found, "rnm-p2s")], "bits after 100", at_most=NEAR),
        **{f"{key}_distance": Figure(values, "bits at the end") for key, values in ends.items()},
    }


def _curves(found: Sequence[dict[str, Any]], method: str) -> list[list[float]]:
    return [row["curve"] for one in found for row in one["convergence"] if row["method"] == method]


def _written(found: Sequence[dict[str, Any]]) -> dict[str, Figure]:
    """What the written files look like, and what JPEG leaves; bits won towards a target, and MAP of what leads away."""
    made = {}
    for mode, least in (("usual", KEPT), ("robust", ROBUST)):

        def each(key: str, mode: str = mode) -> list[float]:
            return _of(found, "survival", key, mode=mode)

        [away] = [row for row in found[0]["survival_away"] if row["mode"] == mode]
        made[f"{mode}_psnr"] = Figure(each("psnr"), "dB, written", at_least=PSNR if mode == "usual" else None)
        made[f"{mode}_distance"] = Figure(each("distance"), "bits, written")
        made[f"{mode}_kept_after_jpeg90"] = Figure(each("jpeg90"), "of the bits won", at_least=least)
        made[f"{mode}_kept_after_jpeg75"] = Figure(each("jpeg75"), "of the bits won")
        made[f"{mode}_kept_at_half_size"] = Figure(each("resize0.5"), "of the bits won")
        made[f"{mode}_away_map"] = Figure([away["score"]], "fraction, written")
        made[f"{mode}_away_map_after_jpeg90"] = Figure([away["score_after"]["jpeg90"]], "fraction")
        made[f"{mode}_away_map_after_jpeg75"] = Figure([away["score_after"]["jpeg75"]], "fraction")
    return made


def _quickness(first: dict[str, Any]) -> dict[str, Figure]:
    took, made = first["speed"], first["amortised"]
    return {
        "batch_over_one_by_one": Figure(
            [took["alone"] / took["together"]], f"times as fast, {took['side']} px", at_least=BATCH
        ),
        "amortised_over_100_iterations": Figure(
            [took["whole"] / took["amortised"]], "times as fast", at_least=AMORTISED
        ),
        "amortised_seconds": Figure([took["amortised"]], f"for a photo of {took['side']} px"),
        "amortised_t_map": Figure([made["t_map"]], f"fraction, {made['count']} photos"),
        "amortised_away_map": Figure([made["map"]], f"fraction, {made['count']} photos"),
        "amortised_distance": Figure([made["distance"]], "bits, written"),
        "amortised_psnr": Figure([made["psnr"]], "dB, written"),
    }


def _elsewhere(first: dict[str, Any]) -> dict[str, Figure]:
    """MAP on models that cloaks were not made on; their clean MAP stands beside it."""
    rows = first["transfer"]
    clean = {row["seen_by"]: row["clean_map"] for row in rows}
    strange = [row["map"] / row["clean_map"] for row in rows if not row["known"] and row["made_on"] != "noise"]
    return {
        **{f"clean_map_{name}": Figure([value], "fraction") for name, value in clean.items()},
        **{f"map_{row['seen_by']}_of_{_joined(row['made_on'])}": Figure([row["map"]], "fraction") for row in rows},
        "left_on_unknown_models": Figure([float(np.mean(strange))], "of their clean MAP, mean"),
    }


def _joined(words: str) -> str:
    return words.replace(",", "").replace(" ", "_")
