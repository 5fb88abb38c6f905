"""One method tried on many photos at once, and kept: what it wrote, its way to the target, its time."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.cloaks.base import Cloak, Job
from unfind.cloaks.goal import Goal
from unfind.cloaks.hashstash import HashStash
from unfind.cloaks.scaling import stretched
from unfind.cloaks.state import CloakState
from unfind.cloaks.victim import Ensemble
from unfind.evaluation.hamming import hamming_to
from unfind.evaluation.stealth import stealth
from unfind.images.files import write_atomic
from unfind.images.photo import Pixels
from unfind.images.resize import to_square
from unfind.studies.hash_scene import HashScene, Way
from unfind.studies.stopwatch import now

Edit = Callable[[Pixels], Pixels]


@dataclass(frozen=True, eq=False)
class Trial:
    """What came of it.

    Attributes:
        pixels: uint8 (N, H, W, 3) as written: rounded to whole levels.
        curve: (T, N) distance from the target after 0, 1, 2 ... iterations, before rounding.
        finished_at: (N,) the iteration at which a photo had arrived; -1 where it has not.
        clock: (T,) seconds until then, by the stopwatch of one machine.
    """

    pixels: NDArray[np.uint8]
    curve: NDArray[np.float32]
    finished_at: NDArray[np.int64]
    clock: NDArray[np.float64]

    @property
    def best(self) -> NDArray[np.float64]:
        """(T,) mean over photos of the least distance so far."""
        least: NDArray[np.float64] = np.minimum.accumulate(self.curve, axis=0).mean(1, dtype=np.float64)
        return least

    def until(self, distance: float) -> tuple[int, float] | None:
        """Iterations and seconds until the mean distance is that; None where it never is."""
        reached = np.flatnonzero(self.best <= distance)
        return (int(reached[0]), float(self.clock[reached[0]])) if reached.size else None


class Trials:
    """Tries methods on a scene's queries, each once: what is in the folder is not done again.

    Args:
        scene: the model and its queries.
        folder: where trials are kept, under a name made of all that they depend on.
    """

    def __init__(self, scene: HashScene, folder: Path) -> None:
        self.scene = scene
        self.folder = folder

    def run(self, cloak: Cloak, way: Way, count: int, *, with_others: Sequence[HashScene] = ()) -> Trial:
        """Cloak the first ``count`` queries "towards" their targets or "away" from themselves.

        Args:
            cloak: the method.
            way: as above.
            count: of queries.
            with_others: further models to mislead at once, over the same ground.

        Raises:
            UnfindError: whatever stands in the way.
        """
        count = min(count, len(self.scene.images))
        file = self.folder / f"{self._digest(cloak, way, count, with_others)}.npz"
        if file.exists():
            return _read(file)
        scenes = [self.scene, *with_others]
        centres = cloak.name == HashStash.name
        goals = [scene.goal(way, cloak.aim, count, centres=centres) for scene in scenes]
        victim = Ensemble([scene.victim for scene in scenes]) if with_others else self.scene.victim
        goal = goals[0] if not with_others else _together(goals)
        job = Job(victim, self.scene.images[:count], goal)
        clock, started = [], now()

        def on_step(state: CloakState, total: int) -> None:
            clock.append(now() - started)
            self.scene.ground.progress(f"cloak with {cloak.name}", min(state.iteration, total), total)

        trial = self._taken(cloak, cloak.run(job, on_step=on_step), clock)
        _write(file, trial)
        return trial

    def _taken(self, cloak: Cloak, state: CloakState, clock: list[float]) -> Trial:
        budget = cloak.pace.budget if cloak.keeps_budget else 1.0
        photos = self.scene.ground.query.pixels
        written = [stretched(photos[place], one, budget) for place, one in enumerate(state.best.cpu())]
        curve, finished = state.curve.float().cpu().numpy(), state.finished_at.cpu().numpy()
        return Trial(np.stack(written), curve, finished, np.array(clock))

    def _digest(self, cloak: Cloak, way: Way, count: int, with_others: Sequence[HashScene]) -> str:
        """A name made of the method, the photos, the models and their databases, and the draw of the targets."""
        facts = {"cloak": cloak.settings(), "way": way, "seed": self.scene.ground.request.seed}
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
        digest.update(np.ascontiguousarray(self.scene.ground.query.pixels[:count]).data)
        for scene in (self.scene, *with_others):
            digest.update(scene.fingerprint.encode())
            digest.update(np.ascontiguousarray(scene.items).data)
        return digest.hexdigest()[:24]


def distance_of(scene: HashScene, pixels: Sequence[Pixels] | Pixels, goal: Goal) -> NDArray[np.float64]:
    """In how many bits pictures differ from their targets, as the model sees them, (n,)."""
    return hamming_to(scene.codes_of(pixels).cpu().numpy(), goal.target.cpu().numpy()).astype(np.float64)


def kept_effect(scene: HashScene, trial: Trial, goal: Goal, edit: Edit) -> float:
    """How much of a cloak's way to its target is left after an edit: 1 all of it, 0 none.

    Bits that the written photo came nearer to its target, summed over photos, and how many of them are left. Both
    photos, with and without the cloak, go through the edit, so that the edit's own effect does not count.
    """
    count = len(trial.pixels)
    plain = scene.ground.query.pixels[:count]
    before, written = distance_of(scene, plain, goal).sum(), distance_of(scene, trial.pixels, goal).sum()
    without, after = (distance_of(scene, edited(scene, photos, edit), goal).sum() for photos in (plain, trial.pixels))
    gained = before - written
    return float((without - after) / gained) if gained > 0 else 0.0


def edited(scene: HashScene, pixels: Sequence[Pixels] | Pixels, edit: Edit) -> list[Pixels]:
    """Pictures after an edit, at the model's size."""
    size = scene.encoder.architecture.size
    return [to_square(edit(photo), size) for photo in pixels]


def psnr(scene: HashScene, trial: Trial) -> float:
    """Mean PSNR in dB of the photos as written."""
    return stealth(zip(scene.ground.query.pixels, trial.pixels, strict=False))["psnr"]


def _together(goals: Sequence[Goal]) -> Goal:
    return Goal(torch.cat([goal.target for goal in goals], dim=1), away=goals[0].away)


def _write(file: Path, trial: Trial) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    data = io.BytesIO()
    np.savez_compressed(data, **vars(trial))
    write_atomic(file, data.getvalue())


def _read(file: Path) -> Trial:
    with np.load(file, allow_pickle=False) as found:
        return Trial(found["pixels"], found["curve"], found["finished_at"], found["clock"])
