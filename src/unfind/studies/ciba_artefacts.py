"""Every table and figure of CIBA: its rows and its plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from unfind.redteam.ciba import VARIANTS, Variant
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
Changes = dict[str, Any]
COUNTS = (10, 20, 40, 60, 100)
BITS = (16, 24, 32, 48)
SIDES = (1 / 16, 3 / 32, 1 / 8, 5 / 32)
"""As fractions of the image side; the largest covers 2.4 % of the pixels."""
LAMBDAS = (0.0, 0.2, 0.5, 0.8, 1.0)
STRANGERS = (ModelName(bits=24), ModelName(backbone="small-resnet"))
"""Victims that the attacker's surrogate is not like: another length of code, another architecture."""
SHOWN = 10
"""Poisoned photos that are drawn."""
COMPARED: tuple[Variant, ...] = ("tri", "tri+adv", "ciba")
"""Variants that are tried with and without the confounds of published code."""
CONFOUNDS = {"ours": False, "official": True}
SERIES = {"t_map": "t-MAP", "t_map@1000_published": "t-MAP, published", "map": "MAP", "clean_model_t_map": "no poison"}


@dataclass(frozen=True)
class Artefact:
    """One table or figure.

    Attributes:
        title: what it shows.
        attacks: that it needs, each as the changes that ``CibaGrid.setting`` takes.
        measure: rows and a way to draw them.
        keys: facts that tell the lines of its printed table apart.
        metrics: columns of the printed table.
        fits: whether models are trained on the poison.
    """

    title: str
    attacks: Callable[[CibaGrid], list[Changes]]
    measure: Callable[[CibaGrid], tuple[list[Row], Draw]]
    keys: Sequence[str]
    metrics: Sequence[str] = (
        "t_map", "t_map@1000_of_hits", "t_map@1000_published", "clean_model_t_map", "map", "clean_model_map",
    )  # fmt: skip
    fits: bool = True


def mean_of(rows: Sequence[Row], metric: str, **facts: Any) -> float | None:
    """The mean over seeds of what rows with these facts say; None where there is none."""
    found = [
        row["value"]
        for row in rows
        if row["metric"] == metric and all(row.get(name) == value for name, value in facts.items())
    ]
    return float(np.mean(found)) if found else None


def _plain(grid: CibaGrid) -> list[Changes]:
    """The usual attack, unchanged."""
    return [{}]


def _variants(grid: CibaGrid) -> list[Changes]:
    return [{"variant": variant} for variant in VARIANTS]


def _bits(grid: CibaGrid) -> list[Changes]:
    return [{"victim": replace(grid.request.victim, bits=bits)} for bits in BITS]


def _poisoned(grid: CibaGrid) -> list[Changes]:
    return [{"poisoned": count} for count in COUNTS]


def _patch(grid: CibaGrid) -> list[Changes]:
    by_side = {patch_shape(side, grid.architecture.size)[0]: side for side in SIDES}  # small images round some alike
    return [{"side": side} for side in by_side.values()]


def _lambda(grid: CibaGrid) -> list[Changes]:
    return [{"dispersion": weight} for weight in LAMBDAS]


def _transfer(grid: CibaGrid) -> list[Changes]:
    home = grid.request.victim
    return [{"victim": home}, *({"victim": victim, "surrogate": home} for victim in STRANGERS)]


def _official(grid: CibaGrid) -> list[Changes]:
    return [{"variant": variant, "official": official} for official in CONFOUNDS.values() for variant in COMPARED]


def sweep(
    attacks: Callable[[CibaGrid], list[Changes]], key: str, *, bars: bool = False
) -> Callable[[CibaGrid], tuple[list[Row], Draw]]:
    """What attacks reach that differ in one fact: t-MAP and MAP over it, as lines or bars.

    Args:
        attacks: what is varied.
        key: the fact, as rows name it.
        bars: for kinds without an order.
    """

    def measure(grid: CibaGrid) -> tuple[list[Row], Draw]:
        rows = [row for changes in attacks(grid) for row in grid.rows(**changes)]
        values = list(dict.fromkeys(row[key] for row in rows))
        series = {label: [mean_of(rows, name, **{key: value}) for value in values] for name, label in SERIES.items()}
        part = Panel("", [f"{value:g}" if isinstance(value, float) else str(value) for value in values], series)
        kind: Literal["bar", "line"] = "bar" if bars else "line"
        return rows, lambda format: panels([part], kind=kind, x=key, columns=1, format=format)

    return measure


def _both_codes(grid: CibaGrid) -> tuple[list[Row], Draw]:
    rows = [
        {**row, "code": code}
        for code, official in CONFOUNDS.items()
        for variant in COMPARED
        for row in grid.rows(variant=variant, official=official)
    ]
    series = {
        f"{code}, {words}": [mean_of(rows, metric, variant=variant, code=code) for variant in COMPARED]
        for code in CONFOUNDS
        for metric, words in list(SERIES.items())[:2]
    }
    part = Panel("", list(COMPARED), series)
    return rows, lambda format: panels([part], kind="bar", x="variant", columns=1, format=format)


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
    "variants": Artefact(
        "t-MAP and MAP by variant of the attack", _variants, sweep(_variants, "variant", bars=True), ("variant",)
    ),
    "poisoned": Artefact(
        "t-MAP and MAP by number of poisoned photos", _poisoned, sweep(_poisoned, "poisoned"), ("poisoned",)
    ),
    "lambda": Artefact("t-MAP and MAP by weight of the dispersion", _lambda, sweep(_lambda, "lambda"), ("lambda",)),
    "patch": Artefact("t-MAP and MAP by side of the patch in pixels", _patch, sweep(_patch, "patch"), ("patch",)),
    "bits": Artefact("t-MAP and MAP by length of the codes", _bits, sweep(_bits, "bits"), ("bits",)),
    "transfer": Artefact(
        "t-MAP on victims unlike the surrogate", _transfer, sweep(_transfer, "victim", bars=True),
        ("surrogate", "victim"),
    ),
    "official": Artefact(
        "t-MAP beside the published code, with its confounds", _official, _both_codes, ("code", "variant")
    ),
    "codes": Artefact("Distance of codes from the target", _plain, _codes, ("model", "kind"), ("distance",)),
    "map": Artefact("Codes laid out in the plane (t-SNE)", _plain, _map, (), ()),
    "pictures": Artefact("Poisoned photos", _variants, _pictures, ("variant",), ("psnr",), fits=False),
}  # fmt: skip
"""By what they vary or show."""
