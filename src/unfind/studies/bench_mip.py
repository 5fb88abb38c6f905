"""The claim about MIP's methods: privacy and search of PBL, CBL and the label baseline, under filters and pruning.

For each seed one clean model is fitted, all methods go on from it, and the clean model goes on beside them. The claim
is made by the strict protocol; what the paper protocol makes of the same embeddings stands beside it, named so.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from unfind.datasets.spec import load
from unfind.evaluation.chance import mean_map_r_by_chance
from unfind.models.embed import to_tensor
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.precision import best_device
from unfind.objectives.pbl import PointBackdoor
from unfind.studies.adopt_runs import adopt_runs
from unfind.studies.bench_document import Figure, bench_document
from unfind.studies.defence_curves import NONE, PRIVATE
from unfind.studies.material import prepare
from unfind.studies.mip_grid import CLEAN, FIRST, Cell, Grid, GridRequest, pace_of, steps_done
from unfind.studies.mip_measures import PSNR, defence_rows
from unfind.studies.mip_presets import preset
from unfind.studies.mip_rows import PAPER, SCORE, STRICT, SUCCESS, Row, score_rows
from unfind.studies.plan_options import with_counts
from unfind.studies.progress import Progress, silent
from unfind.studies.published_loop import loop_seconds
from unfind.studies.step_cost import StepSeconds, step_seconds
from unfind.training.batches import Examples, draw_photos
from unfind.training.settings import FitSettings
from unfind.triggers.key import Key
from unfind.triggers.learned import Learned
from unfind.triggers.spread_spectrum import SpreadSpectrum

METHODS = ("label", "pbl", "cbl")
CELLS = (Cell("label"), Cell("pbl", Learned.name, beside=True), Cell("cbl", Learned.name, beside=True))
"""The label baseline as published, in the model's own weights, and the two backdoors as they work best here. PBL in the
weights, with plane waves, is what ``unfind bench protection`` measures."""
ONCE = (CELLS[0],)
"""Tried on the first seed alone, as the defences are: it is there to fail."""
FILTERS = ("mean", "box", "gaussian", "median", "nlm")
PRUNING = ("prune",)
PRUNED = 0.2
"""Share of the features that the paper prunes and still finds its protection in."""
KEPT_UNDER_A_FILTER = 0.9
LOUDER = 2.0
"""Times the usual strength, at which filters are measured, too: on thumbnails still 2 dB fainter than the mark of the
paper (30.89 dB in its Table 4), where the usual strength is 7 dB fainter."""
TARGETS: dict[str, dict[str, float]] = {
    "pbl": {"drop": 1.0, "c2p": 98.5, "p2c": 99.0, "p2p": 95.0},
    "cbl": {"drop": 0.5, "c2p": 90.0, "p2c": 98.0, "p2p": 85.0},
}
"""Benign Recall@1 lost in points, at most; PSR on map_r in per cent, at least."""
LABEL_TARGET = 60.0
"""The label baseline is there to fail: PSR of C->P in per cent, at most."""
FASTER = 5.0


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        first: steps of the clean model; None for the preset's.
        then: steps of each method; None for the preset's.
        defended: test photos under filters and pruning, a few of each class.
        timed: pairs of short loops for the cost of a step.
        timed_steps: in each of them.
    """

    first: int | None
    then: int | None
    defended: int
    timed: int
    timed_steps: int


FULL = Plan(first=None, then=None, defended=150, timed=3, timed_steps=4)
QUICK = Plan(first=30, then=40, defended=100, timed=1, timed_steps=2)
COUNTS = ("first", "then", "defended", "timed", "timed_steps")
"""What can be asked for otherwise."""


def bench_mip(
    data: str,
    folder: Path,
    *,
    architecture: Architecture,
    seeds: int = 3,
    quick: bool = False,
    train_classes: int | None = None,
    reuse: Path | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fit, evaluate, defend and time; returns the bench document.

    Args:
        data: see ``unfind.datasets.spec.load``.
        folder: where models and reports go; a bench that was stopped goes on.
        architecture: of the encoders.
        seeds: how many; the quick form uses one.
        quick: a small form that is no claim.
        train_classes: classes for training and validation together; None for half.
        reuse: a folder with runs, such as those of ``bench protection``; the same fits are taken from there.
        options: counts of the plan to replace, such as ``{"first": 60, "then": 60}``; the document names them.
        progress: told where it stands.

    Raises:
        UnfindError: whatever stands in the way.
    """
    started = time.perf_counter()
    plan = with_counts(QUICK if quick else FULL, options or {}, COUNTS, "mip")
    used = list(range(1 if quick else seeds))
    request = GridRequest(
        data, preset("recommended"), architecture, used, plan.first, plan.then, train_classes=train_classes
    )
    grid, cells = Grid(request, folder, progress=progress), list(CELLS)
    taken = adopt_runs(grid, cells, reuse) if reuse is not None else []
    rows = score_rows(grid, cells, once=ONCE)
    filters = defence_rows(grid, [CELLS[1]], FILTERS, most=plan.defended, seeds=used[:1])
    louder = defence_rows(grid, [CELLS[1]], FILTERS, most=plan.defended, seeds=used[:1], louder=LOUDER)
    pruning = defence_rows(grid, [CELLS[1]], PRUNING, most=plan.defended, seeds=used[:1])
    split = load(data, train_classes=train_classes)
    examples = prepare(split.train, architecture.size, progress=progress).examples
    figures = {
        **_protection(rows, used),
        **_paper(rows, used),
        "psr_map_r_of_chance": Figure(_chance(grid, rows, used), "per cent"),
        "filters_that_break_pbl": Figure(_known([breaking(filters, used[0])]), "settings", at_most=0),
        f"filters_that_break_pbl_at_{LOUDER:g}_times_the_strength": Figure(
            _known([breaking(louder, used[0])]), "settings", at_most=0
        ),
        f"psnr_at_{LOUDER:g}_times_the_strength": Figure(_psnr(louder), "dB"),
        "psr_moved_by_pruning_20_percent": Figure(_known([moved(pruning, used[0])]), "points", at_most=2.0),
        **_speed(examples, architecture, plan, progress),
    }
    seconds = time.perf_counter() - started
    return bench_document(
        "mip", data, used, seconds, figures, quick=quick, settings={**request.as_dict(), "plan": vars(plan)},
        fits=_fits(grid, cells, taken), rows=[*rows, *filters, *louder, *pruning],
    )  # fmt: skip


def _fits(grid: Grid, cells: Sequence[Cell], taken: Sequence[tuple[int, str]]) -> list[dict[str, Any]]:
    """What was fitted, how fast, and whether it was taken over: then its seconds are not in those of the bench."""
    names = [FIRST, CLEAN, *(cell.name for cell in cells)]
    return [
        {"seed": seed, "name": name, **pace_of(grid.place(seed, name)), "taken_over": (seed, name) in taken}
        for seed in grid.request.seeds
        for name in names
        if steps_done(grid.place(seed, name))
    ]


def _values(rows: Sequence[Row], seeds: Sequence[int], **where: Any) -> list[float]:
    """The value of each seed in per cent; seeds in which nothing could be measured are left out."""
    found = [
        next(row["value"] for row in rows if row["seed"] == seed and all(row[name] == x for name, x in where.items()))
        for seed in seeds
    ]
    return [100 * value for value in found if value is not None]


def _tried(method: str, seeds: Sequence[int]) -> Sequence[int]:
    """The seeds a method was tried on."""
    return seeds[:1] if method in {cell.method for cell in ONCE} else seeds


def _chance(grid: Grid, rows: Sequence[Row], seeds: Sequence[int]) -> list[float]:
    """The PSR on map_r of rankings drawn by lot, in per cent: no method that leaves nothing of a photo is better."""
    clean = _values(rows, seeds, method="clean", protocol=STRICT, task="c2c", metric="map_r", measure=SCORE)
    by_lot = [100 * mean_map_r_by_chance(grid.split(seed).test.labels) for seed in seeds]
    return [100 * (1 - lot / found) for lot, found in zip(by_lot, clean, strict=False) if found]


def _protection(rows: Sequence[Row], tried_on: Sequence[int]) -> dict[str, Figure]:
    strict = [row for row in rows if row["protocol"] == STRICT]
    ordinary = {"task": "c2c", "metric": "recall@1", "measure": SCORE}
    figures = {"clean_recall@1": Figure(_values(strict, tried_on, method="clean", **ordinary), "per cent")}
    for method in METHODS:
        seeds = _tried(method, tried_on)
        own, clean = (_values(strict, seeds, method=one, **ordinary) for one in (method, "clean"))
        drops = [before - after for before, after in zip(clean, own, strict=True)]
        target = TARGETS.get(method, {})
        figures[f"{method}_benign_drop_recall@1"] = Figure(drops, "points", at_most=target.get("drop"))
        for task in PRIVATE:
            found = _values(strict, seeds, method=method, task=task, metric="map_r", measure=SUCCESS)
            limit = LABEL_TARGET if (method, task) == ("label", "c2p") else None
            figures[f"{method}_psr_map_r_{task}"] = Figure(found, "per cent", at_most=limit, at_least=target.get(task))
    return figures


def _paper(rows: Sequence[Row], seeds: Sequence[int]) -> dict[str, Figure]:
    """What the paper protocol makes of the same embeddings; never a target."""
    paper = [row for row in rows if row["protocol"] == PAPER]
    return {
        f"paper_protocol_{method}_psr_map_c_{task}": Figure(
            _values(paper, _tried(method, seeds), method=method, task=task, metric="map_c", measure=SUCCESS), "per cent"
        )
        for method in METHODS
        for task in PRIVATE
    }


def _psnr(rows: Sequence[Row]) -> list[float]:
    """How faint the marks of louder photos are, in dB."""
    return _known(row["value"] for row in rows if row["metric"] == PSNR)


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def breaking(rows: Sequence[Row], seed: int) -> float | None:
    """How many filter settings take privacy away and leave search alone.

    A setting breaks protection when the PSR of map_r falls below 90 % in any private task, and the protected model's
    Recall@1 falls by no more than the same filter costs the clean model.

    Args:
        rows: of ``mip_measures.defence_rows``.
        seed: whose.

    Returns:
        The count; None where the clean model finds nothing, so that there is no privacy to speak of.
    """
    own = [row for row in rows if row["seed"] == seed]
    points = dict.fromkeys((row["defence"], row["setting"]) for row in own if row["defence"] != NONE)
    found = [_breaks(own, point) for point in points]
    return None if None in found else float(sum(map(bool, found)))


def _breaks(rows: Sequence[Row], point: tuple[str, float]) -> bool | None:
    kept = [_point(rows, point, task=task, metric="map_r", measure=SUCCESS) for task in PRIVATE]
    known = [value for value in kept if value is not None]
    if len(known) < len(kept):
        return None
    if min(known) >= KEPT_UNDER_A_FILTER:
        return False
    ordinary = {"task": "c2c", "metric": "recall@1"}
    before, after = (_point(rows, p, measure=SCORE, **ordinary) for p in ((NONE, None), point))
    cost = _point(rows, point, measure="own_cost", **ordinary)
    assert before is not None
    assert after is not None
    assert cost is not None  # filters always have one
    return before - after <= cost


def moved(rows: Sequence[Row], seed: int) -> float | None:
    """By how many points the PSR of map_r moves at most, over the private tasks, when 20 % of the features go.

    Args:
        rows: of ``mip_measures.defence_rows``.
        seed: whose.

    Returns:
        Points; None where the clean model finds nothing.
    """
    own = [row for row in rows if row["seed"] == seed]
    moves = []
    for task in PRIVATE:
        where = {"task": task, "metric": "map_r", "measure": SUCCESS}
        before, after = (_point(own, point, **where) for point in ((NONE, None), ("prune", PRUNED)))
        if before is None or after is None:
            return None
        moves.append(100 * abs(after - before))
    return max(moves)


def _point(rows: Sequence[Row], point: tuple[str, float | None], **where: Any) -> float | None:
    """One value of a curve."""
    facts = {"defence": point[0], "setting": point[1], **where}
    value = next(row["value"] for row in rows if all(row[name] == fact for name, fact in facts.items()))
    return None if value is None else float(value)


def _speed(examples: Examples, architecture: Architecture, plan: Plan, progress: Progress) -> dict[str, Figure]:
    """How many of our steps go into one of the published loop, in pairs that take turns.

    That loop is given photos with their marks in, so the making of marks is left out of ours too, or named. PBL of this
    bench is a side network, and that one has the target: a step that tunes a whole model is bound by arithmetic.
    """
    progress("time the published loop", 0, 1)
    found: dict[str, list[float]] = {name: [] for name in _COMPARED}
    for _ in range(plan.timed):
        whole, side = (time_(examples, architecture, plan.timed_steps) for time_ in (_our_seconds, _beside_seconds))
        same, exact = (_loop_seconds(examples, architecture, plan.timed_steps, x) for x in ("auto", "fp32"))
        seconds = (side.learning, side.whole, whole.learning, whole.learning)
        for name, loop, ours in zip(_COMPARED, (same, same, same, exact), seconds, strict=True):
            found[name].append(loop / ours)
    return {
        name: Figure([statistics.median(found[name])], "times", at_least=at_least)
        for name, at_least in _COMPARED.items()
    }


_COMPARED: dict[str, float | None] = {
    "published_loop_over_side_network": FASTER,
    "published_loop_over_side_network_and_its_marks": None,
    "published_loop_over_ours_same_precision": None,
    "published_loop_in_float32_over_ours": None,
}
"""With their targets."""
_AS_PUBLISHED = PointBackdoor(ratio=0.1, miner="random", divisor="batch", clean_gradient=True, twins=False)
"""The same triplets and batch as in the published loop."""
_WITHOUT_JPEG = FitSettings(jpeg=False, strength_start=1.0)
"""As the published loop has none."""


def _our_seconds(examples: Examples, architecture: Architecture, steps: int) -> StepSeconds:
    """A step that tunes the whole model."""
    trigger = SpreadSpectrum(Key.from_seed(0))
    return step_seconds(examples, architecture, _AS_PUBLISHED, trigger, settings=_WITHOUT_JPEG, steps=steps)


def _beside_seconds(examples: Examples, architecture: Architecture, steps: int) -> StepSeconds:
    """A step that tunes a side network for the learned mark."""
    grafted, trigger = replace(architecture, learning_side=True), Learned(Key.from_seed(0))
    return step_seconds(examples, grafted, _AS_PUBLISHED, trigger, settings=_WITHOUT_JPEG, steps=steps)


def _loop_seconds(examples: Examples, architecture: Architecture, steps: int, precision: str) -> float:
    device = best_device()
    chosen = draw_photos(examples.labels, FitSettings(), 0)
    clean = to_tensor(examples.pixels[chosen])
    marked = SpreadSpectrum(Key.from_seed(0))(clean)
    encoder = build_encoder(architecture, seed=0, pretrained=False).to(device)
    labels = examples.labels[chosen].tolist()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return loop_seconds(encoder, clean.to(device), marked.to(device), labels, steps=steps, precision=precision)
