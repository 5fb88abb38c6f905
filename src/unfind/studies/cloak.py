"""Cloak photo files: made at the model's size, put into the photo at its own, checked on what was written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from unfind.cloaks.base import Cloak, Job
from unfind.cloaks.goal import Kind
from unfind.cloaks.one_shot import OneShot
from unfind.cloaks.scaling import Scaling, check_size, stretched
from unfind.cloaks.state import CloakState
from unfind.errors import ImageError, UnfindError, UsageError
from unfind.evaluation.stealth import SMALLEST_WINDOW, pair_stealth
from unfind.images.decode import decode
from unfind.images.edits import Edit, jpeg
from unfind.images.encode import encode
from unfind.images.files import read_photo, write_atomic
from unfind.images.photo import Photo, Pixels
from unfind.images.resize import scale, to_square
from unfind.models.embed import to_tensor
from unfind.studies.cloak_target import goal_of
from unfind.studies.progress import Progress, silent
from unfind.studies.protect import places_for
from unfind.studies.seen_by import SeenBy

GROUP = 16
"""Photos that are cloaked together: more are no faster, and each is held in memory at its own size."""
SURVIVAL: dict[str, Edit] = {"jpeg90": partial(jpeg, quality=90), "resize0.5": partial(scale, factor=0.5)}
"""What the written file is sent through for the self-check."""


@dataclass(frozen=True)
class Cloaked:
    """What became of one photo. Distances are bits for codes and 1 - cosine for embeddings.

    Attributes:
        source: the photo.
        target: where the cloaked copy is; None when nothing was written.
        problem: why nothing was written, as a sentence.
        note: what to know of what was written, as a sentence; None when the target was reached.
        bits: length of the code; None for embeddings.
        before: distance of the photo from its target.
        found: the least distance in the loop.
        written: the distance of the written file, decoded and resized as the model does.
        after: the distance of the written file after edits, by their names.
        iterations: how many it took to the target; None where it was not reached.
        psnr, ssim: of the written file against the photo; None for photos too small to measure.
        curve: distance after each number of iterations.
    """

    source: Path
    target: Path | None = None
    problem: str | None = None
    note: str | None = None
    bits: int | None = None
    before: float | None = None
    found: float | None = None
    written: float | None = None
    after: dict[str, float] = field(default_factory=dict)
    iterations: int | None = None
    psnr: float | None = None
    ssim: float | None = None
    curve: tuple[float, ...] = ()


@dataclass(frozen=True)
class Outlet:
    """How copies are written.

    Attributes:
        keep_location: keep GPS data, which is removed otherwise.
        overwrite: whether a file of the same name may be replaced.
    """

    keep_location: bool = False
    overwrite: bool = False


@dataclass(frozen=True)
class _Ready:
    """A photo that has been read, and what the model sees of it."""

    source: Path
    target: Path
    photo: Photo
    square: Pixels


def kind_for(cloak: Cloak, model: SeenBy) -> Kind:
    """Whether a method works on codes or on embeddings of a model: on what the model gives, where it can."""
    if model.kind in cloak.kinds:
        return model.kind
    return "embedding" if model.hashes else "code"


def cloak_files(
    paths: Iterable[Path],
    out: Path,
    model: SeenBy,
    cloak: Cloak,
    target: Tensor | None = None,
    *,
    outlet: Outlet = Outlet(),
    progress: Progress = silent,
) -> list[Cloaked]:
    """Cloak photos and write them into a folder, group by group; one that fails does not stop the others.

    What has been written stays, whatever stops the rest.

    Args:
        paths: photos, or folders that are searched for them.
        out: where the copies go, under the same names; made where absent.
        model: what they are cloaked against.
        cloak: the method.
        target: (K,) what they should be taken for; None leads each away from itself.
        outlet: how copies are written.
        progress: told of iterations over all groups.

    Raises:
        UsageError: no photo, a photo that would be written over itself, a budget that 8 bits cannot hold, or a target
            the method or the model does not fit.
        ModelError: a model without gradients.
        ImageError: the folder cannot be made.
    """
    if cloak.keeps_budget and cloak.pace.budget < 1 / 255:
        raise UsageError(f"Expected a budget of at least 1/255 for photos, got {cloak.pace.budget:g}: 0.032 is usual.")
    if target is None and not cloak.away:
        raise UsageError(f"Expected a target for {cloak.name}, got none: name one with --target.")
    pairs = places_for(list(paths), out)
    groups = [pairs[start : start + GROUP] for start in range(0, len(pairs), GROUP)]
    done: list[Cloaked] = []
    for number, group in enumerate(groups):
        work = _Work(model, cloak, target, outlet)
        done += work.group(group, progress, number, len(groups))
    return done


@dataclass(frozen=True)
class _Work:
    """What is the same for every group."""

    model: SeenBy
    cloak: Cloak
    target: Tensor | None
    outlet: Outlet

    def group(self, pairs: list[tuple[Path, Path]], progress: Progress, number: int, groups: int) -> list[Cloaked]:
        """Cloak and write some photos together."""
        opened = [self._open(*pair) for pair in pairs]
        ready = [one for one in opened if isinstance(one, _Ready)]
        each = self.cloak.pace.iterations + 1

        def told(state: CloakState, total: int) -> None:
            progress("cloak photos", number * each + state.iteration, groups * each)

        written: list[Cloaked] = []
        if ready:
            job = self._job(ready)
            state = self.cloak.run(job, on_step=told)
            written = [self._write(one, job, state, place) for place, one in enumerate(ready)]
        progress("cloak photos", (number + 1) * each, groups * each)
        by_source = {one.source: one for one in written}
        return [one if isinstance(one, Cloaked) else by_source[one.source] for one in opened]

    def _open(self, source: Path, target: Path) -> _Ready | Cloaked:
        try:
            if target.exists() and not self.outlet.overwrite:
                raise UsageError(f"Expected no file at {target}, got one: add --overwrite or choose another folder.")
            photo = read_photo(source)
            _check_large_enough(source, photo, self.model.side)
            return _Ready(source, target, photo, to_square(photo.pixels, self.model.side))
        except UnfindError as error:
            return Cloaked(source, problem=str(error))

    def _job(self, ready: list[_Ready]) -> Job:
        images = to_tensor(np.stack([one.square for one in ready]))
        sizes = [(one.photo.pixels.shape[0], one.photo.pixels.shape[1]) for one in ready]
        goal = goal_of(self.target, images, self.model, kind_for(self.cloak, self.model))
        return Job(self.model.victim, images, goal, Scaling(sizes, self.model.side))

    def _write(self, ready: _Ready, job: Job, state: CloakState, place: int) -> Cloaked:
        """Put a perturbation into its photo, encode, look at what came out, and only then give it its name."""
        try:
            data = encode(
                dataclasses.replace(ready.photo, pixels=self._pixels(ready.photo.pixels, state.best[place])),
                keep_location=self.outlet.keep_location,
            )
            written = decode(data).pixels
            distances = self._distances(ready.square, written, job, place)
            write_atomic(ready.target, data)
        except UnfindError as error:
            return Cloaked(ready.source, problem=str(error))
        measured = pair_stealth(ready.photo.pixels, written) if min(written.shape[:2]) >= SMALLEST_WINDOW else {}
        finished, before = int(state.finished_at[place]), distances.pop("before")
        return Cloaked(
            ready.source,
            ready.target,
            note=self._note(ready.source, before, distances["written"], job),
            bits=job.goal.target.shape[1] if job.goal.kind == "code" else None,
            before=before,
            found=float(state.best_distance[place]),
            written=distances.pop("written"),
            after=distances,
            iterations=finished if finished >= 0 else None,
            psnr=measured.get("psnr"),
            ssim=measured.get("ssim"),
            curve=tuple(state.curve[:, place].tolist()),
        )

    def _pixels(self, pixels: Pixels, perturbation: Tensor) -> Pixels:
        budget = self.cloak.pace.budget if self.cloak.keeps_budget else 1.0
        if isinstance(self.cloak, OneShot):  # needs no model, so the photo itself can be changed
            whole = to_tensor(pixels[None])
            perturbation = self.cloak.project(self.cloak.change(whole) - whole, whole)[0]
        return stretched(pixels, perturbation, budget, seed=self.cloak.pace.seed)

    def _distances(self, square: Pixels, written: Pixels, job: Job, place: int) -> dict[str, float]:
        """The distance of photo and written file from the target, and of the latter after each edit."""
        looks = {"before": square, "written": written, **{name: edit(written) for name, edit in SURVIVAL.items()}}
        squares = to_tensor(np.stack([to_square(pixels, self.model.side) for pixels in looks.values()]))
        goal = job.goal.of(torch.full((len(looks),), place))
        with torch.no_grad():
            found = self.cloak.judge(self.model.victim(squares), goal).distance
        return dict(zip(looks, found.tolist(), strict=True))

    def _note(self, source: Path, before: float, after: float, job: Job) -> str | None:
        if after >= before > 0:
            return f"{source}: expected the cloak to change what the model sees, got no change: lower the PSNR."
        if job.goal.kind == "code" and not job.goal.away and after > self.cloak.pace.tolerance:
            return (
                f"{source}: expected to reach the target, got {after:.0f} of {job.goal.target.shape[1]} bits still "
                "wrong in the written file: lower the PSNR, raise the budget or the iterations; the best was written."
            )
        return None


def _check_large_enough(source: Path, photo: Photo, side: int) -> None:
    try:
        check_size(photo.pixels.shape[0], photo.pixels.shape[1], side)
    except ImageError as error:
        raise ImageError(f"{source}: {error}") from error
