"""What an experiment will fit and about how long that takes, said before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unfind.objectives.choose import make_objective
from unfind.studies.material import prepare
from unfind.studies.mip_grid import CLEAN, FIRST, REPORT, Cell, Grid
from unfind.studies.step_cost import seconds_per_embedding, seconds_per_step
from unfind.triggers.choose import make_trigger
from unfind.triggers.key import Key

VERSIONS = 5
"""How often each test photo is embedded for one cell: clean, protected twice, the codec control, and once to spare for
writing and reading JPEG."""
VALIDATIONS = 2
"""How often each validation photo is embedded for one validation."""


@dataclass(frozen=True)
class Forecast:
    """What lies ahead.

    Attributes:
        fits: fits that are left.
        done: fits that are finished.
        steps: steps that are left.
        evaluations: models that are to be measured yet.
        seconds: about how long all of it takes on this machine, as it is loaded now.
    """

    fits: int
    done: int
    steps: int
    evaluations: int
    seconds: float

    def __str__(self) -> str:
        if not self.fits and not self.evaluations:
            return f"Nothing to fit: {self.done} fits are done and measured."
        return (
            f"Fits ahead: {self.fits} ({self.steps} steps in all), evaluations ahead: {self.evaluations}, fits done: "
            f"{self.done}; about {spoken(self.seconds)} on this machine."
        )


def forecast(grid: Grid, cells: Sequence[Cell], also: Sequence[str] = ()) -> Forecast:
    """Time a few steps and embeddings, and add up what is left.

    Args:
        grid: whose folder is looked into.
        cells: that are to be fitted and measured.
        also: names of runs beside the cells, each with as many steps as a cell.

    Raises:
        UnfindError: whatever stands in the way of the fits.
    """
    missing = [*grid.missing(cells), *grid.unfinished(also)]
    request = grid.request
    needed = (2 + len({cell.name for cell in cells}) + len(also)) * len(request.seeds) if cells else 0
    clean = sum(grid.steps_of(name) for _, name in missing if name in (FIRST, CLEAN))
    private = sum(grid.steps_of(name) for _, name in missing if name not in (FIRST, CLEAN))
    unmeasured = [
        (cell, seed) for cell in cells for seed in request.seeds if not (grid.place(seed, cell.name) / REPORT).exists()
    ]
    seconds = 0.0
    if missing or unmeasured:
        paces = _paces(grid)
        split = grid.split(request.seeds[0])
        test = len(split.test) + (len(split.gallery) if split.gallery is not None else 0)
        every = grid.request.preset.then.validate_every or max(1, len(split.train) // 80)
        validated = (clean + private) / every * VALIDATIONS * len(split.validation)
        seconds = clean * paces[0] + private * paces[1] + (validated + len(unmeasured) * VERSIONS * test) * paces[2]
    return Forecast(len(missing), needed - len(missing), clean + private, len(unmeasured), seconds)


def _paces(grid: Grid) -> tuple[float, float, float]:
    """Seconds of a clean step, of a step with triggered photos, and of an embedding."""
    request = grid.request
    examples = prepare(grid.split(request.seeds[0]).train, request.architecture.size, progress=grid.progress).examples
    grid.progress("time a few steps", 0, 1)
    pbl = make_objective("pbl", {**request.preset.objectives["pbl"], "distillation_weight": 0.0})
    clean, mark = make_objective("clean"), make_trigger("spread-spectrum", Key.from_seed(0))
    return (
        seconds_per_step(examples, request.architecture, clean, None, settings=request.preset.then),
        seconds_per_step(examples, request.architecture, pbl, mark, settings=request.preset.then),
        seconds_per_embedding(request.architecture),
    )


def spoken(seconds: float) -> str:
    """A duration as people say it: "40 s", "12 min", "3 h 20 min"."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
