"""Finished runs of another folder taken over where they are the very fits that a grid needs."""

from __future__ import annotations

import os
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from unfind.errors import UsageError
from unfind.models.encoder import Architecture
from unfind.models.weights import fingerprint_of, read_card
from unfind.studies.mip_grid import CLEAN, FIRST, Cell, Grid, steps_done
from unfind.studies.train import TrainRequest, settled
from unfind.training.run_folder import SETTINGS
from unfind.training.settings import FitSettings
from unfind.triggers.key import FINGERPRINT

Settings = dict[str, Any]
_DEFAULTS = {"architecture": Architecture().as_dict(), "fit": FitSettings().as_dict()}
APART = "start"
"""The one setting that may differ: where the model lay that a run went on from. What it was is compared instead."""


def adopt_runs(grid: Grid, cells: Sequence[Cell], source: Path) -> list[tuple[int, str]]:
    """Copy every finished run that equals a missing fit of a grid into the grid's folder.

    A run equals a fit when all its settings do, seed, steps, rates, key and data among them, and when the model that
    it went on from has the same weights. Its name does not matter, so the runs of ``unfind bench protection`` and of
    other grids will do.

    Args:
        grid: what is to be fitted.
        cells: of which its fits are needed.
        source: a folder with run folders anywhere in it.

    Returns:
        Seed and name of each fit that was taken over.

    Raises:
        UsageError: the folder is not there, or holds no run.
    """
    runs = sorted(file.parent for file in source.rglob(SETTINGS) if steps_done(file.parent))
    if not runs:
        raise UsageError(f"Expected a folder with finished runs, got {source}: name the --runs of an earlier bench.")
    by_name: dict[str, Cell | None] = {CLEAN: None, **{cell.name: cell for cell in cells}}
    taken = []
    for seed, name in grid.missing(cells):
        if name == FIRST:
            found = _equal(runs, grid.wanted_first(seed), None)
        else:
            cell = by_name[name]
            wanted, key = grid.wanted(cell, seed), grid.key(cell, seed) if cell is not None else None
            if wanted.start is None or not (wanted.start / SETTINGS).exists():
                continue  # what it goes on from will be fitted anew
            found = _equal(runs, wanted, key.fingerprint if key is not None else None)
        if found is not None:
            _copy(found, grid.place(seed, name))
            taken.append((seed, name))
    return taken


def _equal(runs: Sequence[Path], request: TrainRequest, key: str | None) -> Path | None:
    """The first run that is this fit."""
    wanted = _comparable({**settled(request).as_dict(), FINGERPRINT: key})
    origin = fingerprint_of(read_card(request.start)) if request.start is not None else None
    for run in runs:
        kept = _comparable(tomllib.loads((run / SETTINGS).read_text()))
        if kept == wanted and steps_done(run) >= request.fit.length and _origin(run) == origin:
            return run
    return None


def _comparable(settings: Mapping[str, Any]) -> Settings:
    """Settings as TOML holds them, without ``APART``; what an earlier version did not know yet had its default."""
    tables = {name: {**defaults, **settings[name]} for name, defaults in _DEFAULTS.items() if settings.get(name)}
    return {name: one for name, one in _without_none({**settings, **tables}).items() if name != APART}


def _without_none(settings: Mapping[str, Any]) -> Settings:
    plain = {name: _without_none(one) if isinstance(one, Mapping) else one for name, one in settings.items()}
    return {name: one for name, one in plain.items() if one is not None}


def _origin(run: Path) -> str | None:
    """The fingerprint of the model that a run went on from."""
    started = read_card(run).get("started_from")
    return str(started["fingerprint"]) if started else None


def _copy(run: Path, place: Path) -> None:
    """All of a run or nothing of it, so that a copy that was stopped is never taken for a run."""
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)  # at most a fit that had not finished
    shutil.copytree(run, part)
    os.replace(part, place)
