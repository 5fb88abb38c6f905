"""What a table or figure of CIBA will fit and about how long that takes, said before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unfind.objectives.choose import make_objective
from unfind.studies.ciba_grid import CibaGrid
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.hash_scene import ModelName
from unfind.studies.mip_forecast import spoken
from unfind.studies.step_cost import seconds_per_embedding, step_seconds

VERSIONS = 2
"""How often each query is embedded for one model: as it is, and with the trigger."""


@dataclass(frozen=True)
class CibaForecast:
    """What lies ahead.

    Attributes:
        attacks: that are to be tried yet, a victim each.
        clean: surrogates and models without poison that are to be fitted for them.
        steps: of one fit.
        seconds: about how long all of it takes on this machine, as it is loaded now.
    """

    attacks: int
    clean: int
    steps: int
    seconds: float

    def __str__(self) -> str:
        if not self.attacks + self.clean:
            return "Nothing to fit: all is there."
        return (
            f"Attacks to try: {self.attacks}; fits ahead: {self.attacks + self.clean} of {self.steps} steps; about "
            f"{spoken(self.seconds)} on this machine."
        )


def ahead(grid: CibaGrid, attacks: Sequence[Mapping[str, Any]], *, fits: bool = True) -> CibaForecast:
    """Time a few steps and embeddings, and add up what is left.

    Args:
        grid: whose folder is looked into.
        attacks: changes of the usual attack, as ``CibaGrid.setting`` takes them.
        fits: whether victims are fitted; otherwise it is only poison that is made.

    Raises:
        UnfindError: no such data.
    """
    needed: set[Path] = set()
    tried: set[Path] = set()  # some tables have attacks in common
    for seed in grid.request.seeds:
        for changes in attacks:
            trials, setting = grid.trials(seed, changes.get("official")), grid.setting(seed, **changes)
            if not fits or not trials.place(setting).exists():
                needed |= set(trials.ground.paths(setting.victim if fits else None, setting.made_on))
                tried |= {trials.place(setting)} if fits else set()
    ground = grid.trials(grid.request.seeds[0]).ground
    victims, clean = len(tried), sum(not ground.fitted(path) for path in needed)
    steps = ground.fit_of(0).length
    seconds = cost(ground, grid.request.victim, victims + clean, victims) if victims + clean else 0.0
    return CibaForecast(victims, clean, steps, seconds)


def cost(ground: CibaGround, name: ModelName, fits: int, measured: int) -> float:
    """Seconds of some fits, and of measuring some of them."""
    wanted = replace(ground.request.architecture, head="hash", dimension=name.bits)
    ground.progress("time a few steps", 0, 1)
    settings, objective = ground.fit_of(0), make_objective(name.objective)
    step = step_seconds(ground.train, wanted, objective, None, settings=settings).whole
    photos = len(ground.database.labels) + VERSIONS * len(ground.query.labels)
    return fits * settings.length * step + measured * photos * seconds_per_embedding(wanted)
