"""Every table and figure of CIBA: its rows and its plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from unfind.redteam.ciba import VARIANTS
from unfind.redteam.trigger_patch import patch_shape
from unfind.report.captioned import captioned
from unfind.report.figure_style import FigureFormat
from unfind.report.panels import Panel, clouds, panels
from unfind.report.pictures import amplified_difference
from unfind.studies.ciba_codes import distance_panel, distance_rows, kinds_of, map_cloud
from unfind.studies.ciba_grid import CibaGrid, Row
from unfind.studies.ciba_trial import psnr
from unfind.studies.hash_scene import ModelName

Draw = Callable[[FigureFormat], bytes]
COUNTS = (10, 20, 40, 60, 80, 100)
BITS = (16, 24, 32, 48)
SIDES = (1 / 16, 3 / 32, 1 / 8, 5 / 32)
"""As fractions of the image side; the largest covers 2.4 % of the pixels."""
LAMBDAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STRANGERS = (ModelName(bits=24), ModelName(backbone="small-resnet"))
"""Victims that the attacker's surrogate is not like: another length of code, another architecture."""
SHOWN = 10
"""Poisoned photos that are drawn."""
SERIES = {"t_map": "t-MAP", "t_map@1000_published": "t-MAP, published", "map": "MAP", "clean_model_t_map": "no poison"}


@dataclass(frozen=True)
class Artefact:
    """One table or figure.

    Attributes:
        title: what it shows.
        measure: rows and a way to draw them.
        keys: facts that tell the lines of its printed table apart.
        metrics: columns of the printed table.
    """

    title: str
    measure: Callable[[CibaGrid], tuple[list[Row], Draw]]
    keys: Sequence[str]
    metrics: Sequence[str] = (
        "t_map", "t_map@1000_of_hits", "t_map@1000_published", "clean_model_t_map", "map", "clean_model_map",
    )  # fmt: skip


def mean_of(rows: Sequence[Row], metric: str, **facts: Any) -> float | None:
    """The mean over seeds of what rows with these facts say; None where there is none."""
    found = [
        row["value"]
        for row in rows
        if row["metric"] == metric and all(row.get(name) == value for name, value in facts.items())
    ]
    return float(np.mean(found)) if found else None


def _lines(rows: list[Row], key: str, values: Sequence[Any]) -> Draw:
    """t-MAP and MAP over one fact."""
    series = {label: [mean_of(rows, metric, **{key: value}) for value in values] for metric, label in SERIES.items()}
    ticks = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    part = Panel("", ticks, series)
    return lambda format: panels([part], x=key, columns=1, format=format)


def _variants(grid: CibaGrid) -> tuple[list[Row], Draw]:
    rows = [row for variant in VARIANTS for row in grid.rows(variant=variant)]
    series = {
        label: [mean_of(rows, metric, variant=variant) for variant in VARIANTS] for metric, label in SERIES.items()
    }
    part = Panel("", list(VARIANTS), series)
    return rows, lambda format: panels([part], kind="bar", x="variant", columns=1, format=format)


def _bits(grid: CibaGrid) -> tuple[list[Row], Draw]:
    rows = [row for bits in BITS for row in grid.rows(victim=replace(grid.request.victim, bits=bits))]
    return rows, _lines(rows, "bits", BITS)


def _poisoned(grid: CibaGrid) -> tuple[list[Row], Draw]:
    rows = [row for count in COUNTS for row in grid.rows(poisoned=count)]
    return rows, _lines(rows, "poisoned", COUNTS)


def _patch(grid: CibaGrid) -> tuple[list[Row], Draw]:
    size = grid.architecture.size
    by_side = {patch_shape(side, size)[0]: side for side in SIDES}  # small images round several to the same
    rows = [row for side in by_side.values() for row in grid.rows(side=side)]
    return rows, _lines(rows, "patch", list(by_side))


def _lambda(grid: CibaGrid) -> tuple[list[Row], Draw]:
    rows = [row for weight in LAMBDAS for row in grid.rows(dispersion=weight)]
    return rows, _lines(rows, "lambda", LAMBDAS)


def _transfer(grid: CibaGrid) -> tuple[list[Row], Draw]:
    home = grid.request.victim
    rows = grid.rows(victim=home)
    for victim in STRANGERS:
        rows += grid.rows(victim=victim, surrogate=home)
    names = [home.name, *(victim.name for victim in STRANGERS)]
    series = {label: [mean_of(rows, metric, victim=name) for name in names] for metric, label in SERIES.items()}
    return rows, lambda format: panels([Panel("", names, series)], kind="bar", x="victim", columns=1, format=format)


def _codes(grid: CibaGrid) -> tuple[list[Row], Draw]:
    seed = grid.request.seeds[0]
    trials, setting = grid.trials(seed), grid.setting(seed)
    crafted = trials.craft(setting)
    victim, path = trials.victim(setting, crafted)
    clean = trials.ground.clean(setting.victim)
    models = {"clean model": (clean, f"clean-{setting.victim.name}"), "poisoned model": (victim, path.name)}
    seen = {name: kinds_of(trials.ground, *model, crafted) for name, model in models.items()}
    rows = [row for name, kinds in seen.items() for row in distance_rows(kinds, {"seed": seed, "model": name})]
    parts = [distance_panel(name, kinds) for name, kinds in seen.items()]
    return rows, lambda format: panels(parts, x="bits from the target", y="share", columns=2, format=format)


def _map(grid: CibaGrid) -> tuple[list[Row], Draw]:
    seed = grid.request.seeds[0]
    trials, setting = grid.trials(seed), grid.setting(seed)
    crafted = trials.craft(setting)
    victim, path = trials.victim(setting, crafted)
    cloud = map_cloud("codes of the poisoned model", kinds_of(trials.ground, victim, path.name, crafted), seed=seed)
    rows = [
        {"seed": seed, "kind": kind, "point": place, "metric": axis, "value": float(value)}
        for kind, points in cloud.groups.items()
        for place, point in enumerate(points)
        for axis, value in zip(("x", "y"), point, strict=True)
    ]
    return rows, lambda format: clouds([cloud], format=format)


def _pictures(grid: CibaGrid) -> tuple[list[Row], Draw]:
    seed = grid.request.seeds[0]
    pictures, rows = {}, []
    for variant in VARIANTS:
        trials, setting = grid.trials(seed), grid.setting(seed, variant=variant)
        crafted = trials.craft(setting)
        pairs = list(zip(crafted.originals, crafted.poison.pixels, strict=True))[: SHOWN // 2]
        for place, (before, after) in enumerate(pairs):
            value = psnr(before[None], after[None])
            rows.append({"seed": seed, "variant": variant, "photo": place, "metric": "psnr", "value": value})
            pictures[f"{variant}\nphoto {place + 1}"] = after
            pictures[f"times 10\nof {variant}, {place + 1}"] = amplified_difference(before, after)
    return rows, lambda format: captioned(pictures, columns=SHOWN, format=format)


ARTEFACTS: dict[str, Artefact] = {
    "variants": Artefact("t-MAP and MAP by variant of the attack", _variants, ("variant",)),
    "bits": Artefact("t-MAP and MAP by length of the codes", _bits, ("bits",)),
    "poisoned": Artefact("t-MAP and MAP by number of poisoned photos", _poisoned, ("poisoned",)),
    "patch": Artefact("t-MAP and MAP by side of the patch in pixels", _patch, ("patch",)),
    "lambda": Artefact("t-MAP and MAP by weight of the dispersion", _lambda, ("lambda",)),
    "transfer": Artefact("t-MAP on victims unlike the surrogate", _transfer, ("surrogate", "victim")),
    "codes": Artefact("Distance of codes from the target", _codes, ("model", "kind"), ("distance",)),
    "map": Artefact("Codes laid out in the plane (t-SNE)", _map, (), ()),
    "pictures": Artefact("Poisoned photos", _pictures, ("variant",), ("psnr",)),
}
"""By what they vary or show."""
