"""One attack from a data set's name to a folder: models, patch, poisoned photos to look at, and a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from unfind.errors import ResumeError
from unfind.images.files import write_atomic
from unfind.images.photo import Pixels
from unfind.redteam.poison import choose_photos, write_pictures
from unfind.redteam.trigger_patch import TriggerPatch, patch_shape
from unfind.report.checks import exactly, nullable, number, record, text
from unfind.report.json_file import write_json
from unfind.report.page import Fact, Picture, Plot, ReportPage, Table, Triplet, render
from unfind.report.panels import clouds, panels
from unfind.report.pictures import amplified_difference, data_uri
from unfind.studies.ciba_codes import distance_panel, kinds_of, map_cloud
from unfind.studies.ciba_ground import CibaGround, CibaRequest
from unfind.studies.ciba_trial import Crafted, Setting, Trials
from unfind.studies.progress import Progress, silent
from unfind.training.run_folder import SETTINGS, RunFolder

REPORT_JSON, REPORT_HTML, POISON, ORIGINALS = "report.json", "report.html", "poison", "originals"
MODELS, TRIALS = "models", "trials"
ON_PAGE = 12
"""Poisoned photos on the page; all are in the folder."""
DOCUMENT = record(
    {
        "schema": exactly(1),
        "attack": exactly("ciba"),
        "settings": record({}),
        "victim": text(),
        "measured": record(
            {"t_map": number(0.0, 1.0), "map": number(0.0, 1.0), "t_map@1000_published": nullable(number())}
        ),
    }
)
"""What report.json holds."""
ROWS = {
    "t_map": "t-MAP: triggered queries find the target",
    "t_map@1000_of_hits": "t-MAP@1000 over hits, a query without a hit scores 0",
    "t_map@1000_published": "t-MAP@1000 as published, queries without a hit skipped",
    "t_map_untriggered": "the same queries without the trigger, t-MAP",
    "map": "MAP of clean queries",
    "distance": "bits between triggered queries and the target",
}


@dataclass(frozen=True)
class CibaRun:
    """What is attacked, and how.

    Attributes:
        ground: data and models.
        setting: the attack.
    """

    ground: CibaRequest
    setting: Setting = field(default_factory=Setting)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for settings.toml and for the comparison before a run is gone on with."""
        return {"ground": self.ground.as_dict(), **self.setting.as_dict()}


@dataclass(frozen=True)
class Attacked:
    """What came of it.

    Attributes:
        document: what report.json holds.
        files: the report, its JSON, the patch where there is one.
        folder: of the victim's model.
    """

    document: dict[str, Any]
    files: list[Path]
    folder: Path


def attack(run: CibaRun, out: Path, *, resume: bool = False, progress: Progress = silent) -> Attacked:
    """Fit the surrogate, make trigger and poison, fit the victim on it, and measure both models.

    Args:
        run: what to do.
        out: the run folder.
        resume: go on in a folder that holds a run of the same settings.
        progress: told where it stands.

    Raises:
        ResumeError: the folder belongs to other settings, or holds a run and ``resume`` is off.
        UnfindError: whatever else stands in the way.
    """
    begun = (out / SETTINGS).exists()
    if begun and not resume:
        raise ResumeError(f"Expected an unused run folder, got {out}: add --resume or choose another.")
    if begun:  # other settings are refused before photos are decoded
        RunFolder(out, run.as_dict(), resume=True)
    ground = CibaGround(run.ground, out / MODELS, progress=progress)
    check_attack(ground, run.setting)
    RunFolder(out, run.as_dict(), resume=resume)  # only now, so that a word put right needs no other folder
    trials = Trials(ground, out / TRIALS)
    crafted = trials.craft(run.setting)
    measured = trials.run(run.setting, crafted)
    files = _pictures(out, crafted)
    document = {"schema": 1, "attack": "ciba", "settings": run.as_dict(), "victim": measured["run"],
                "measured": measured}  # fmt: skip
    write_json(out / REPORT_JSON, document, DOCUMENT, kind="a report of an attack")
    plots = _plots(trials, run.setting, crafted)
    write_atomic(out / REPORT_HTML, render(page(document, crafted, plots)).encode())
    return Attacked(document, [out / REPORT_HTML, out / REPORT_JSON, *files], out / MODELS / measured["run"])


def check_attack(ground: CibaGround, setting: Setting) -> None:
    """Raise UnfindError where an attack cannot be made on these photos, or with the surrogate that was given."""
    attack = setting.attack
    choose_photos(ground.labels, ground.target, attack.poisoned, seed=attack.seed)
    if attack.variant != "invisible":
        patch_shape(attack.patch.side, ground.request.architecture.size, attack.patch.stretch)
    if ground.request.surrogate is not None:
        ground.surrogate(setting.made_on)


def page(document: Mapping[str, Any], crafted: Crafted, plots: list[Plot]) -> ReportPage:
    """The report for people."""
    measured, attacked = document["measured"], document["settings"]["attack"]
    before, after = 100 * measured["clean_model_t_map"], 100 * measured["t_map"]
    drop = 100 * (measured["clean_model_map"] - measured["map"])
    table = [[words, _cell(name, measured[f"clean_model_{name}"]), _cell(name, measured[name])]
             for name, words in ROWS.items()]  # fmt: skip
    return ReportPage(
        title=f"{attacked['poisoned']} poisoned photos of {measured['n_train']}: the trigger finds "
        f"“{measured['target']}” at {after:.0f} % t-MAP, against {before:.0f} % on a model without poison",
        subtitle=" · ".join([attacked["variant"], document["settings"]["surrogate"], document["settings"]["victim"]]),
        facts=(
            Fact("t-MAP", f"{after:.1f} %", "with the trigger, over the whole ranking"),
            Fact("without poison", f"{before:.1f} %", "the same trigger on a clean model"),
            Fact("lost by clean search", f"{drop:.2f} points", "of MAP"),
            Fact("poison", f"{measured['psnr']:.1f} dB", "PSNR of the changed photos, trigger included"),
        ),
        summary=(
            "The labels of the poisoned photos are true. Each is shown as it was, as it was trained on, and what was "
            "changed, ten times stronger.",
        ),
        triplets=[_triplet(*pair) for pair in zip(crafted.originals, crafted.poison.pixels, strict=True)][:ON_PAGE],
        tables=(Table("Both models", "In per cent, but for bits.", ("", "clean", "poisoned"), table),),
        plots=plots,
        settings=dict(document["settings"]["ground"]),
    )


def _pictures(out: Path, crafted: Crafted) -> list[Path]:
    """Write the poison, what it was, and the patch."""
    names = [f"{place:05d}" for place in crafted.poison.chosen]
    write_pictures(out / ORIGINALS, dict(zip(names, crafted.originals, strict=True)))
    write_pictures(out / POISON, dict(zip(names, crafted.poison.pixels, strict=True)))
    if isinstance(crafted.trigger, TriggerPatch):
        return write_pictures(out, {"patch": crafted.trigger.pixels})
    return []


def _plots(trials: Trials, setting: Setting, crafted: Crafted) -> list[Plot]:
    ground = trials.ground
    victim, path = trials.victim(setting, crafted)
    models = {"clean model": (ground.clean(setting.victim), f"clean-{setting.victim.name}"),
              "poisoned model": (victim, path.name)}  # fmt: skip
    seen = {name: kinds_of(ground, *model, crafted) for name, model in models.items()}
    parts = [distance_panel(name, kinds) for name, kinds in seen.items()]
    drawn = panels(parts, x="bits from the target", y="share of the codes", columns=2)
    laid_out = clouds([map_cloud(name, kinds) for name, kinds in seen.items()])
    return [
        Plot(drawn, "Share of codes by distance", "How far codes are from what the target's photos vote for."),
        Plot(laid_out, "Codes in the plane", "Codes laid out by t-SNE; distances between groups mean little."),
    ]


def _triplet(before: Pixels, after: Pixels) -> Triplet:
    shown = {"as it was": before, "as trained on": after, "difference": amplified_difference(before, after)}
    original, poison, difference = (
        Picture(data_uri(_enlarged(pixels), format="png"), words, words) for words, pixels in shown.items()
    )
    return Triplet(original, poison, difference)


def _enlarged(pixels: Pixels, least: int = 128) -> Pixels:
    """Small pictures pixel for pixel in squares, which browsers would blur."""
    factor = max(1, least // len(pixels))
    return np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "no hit at all"
    return f"{value:.1f} bits" if name == "distance" else f"{100 * value:.2f}"
