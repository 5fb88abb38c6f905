"""How long it takes to protect one photo: by each trigger, and by the kind of cloak MIP is compared with (Table 1)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unfind.cloaks.base import Job
from unfind.cloaks.goal import away_from, seen
from unfind.cloaks.hashstash import HashStash
from unfind.cloaks.pace import Pace
from unfind.errors import EvaluationError, UnfindError
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.resize import to_square
from unfind.models.embed import to_tensor
from unfind.models.encoder import Architecture, build_encoder
from unfind.models.precision import best_device
from unfind.studies.evaluate import sample_by_class
from unfind.studies.mip_grid import Grid
from unfind.studies.mip_rows import MEASURED, Row

Pixels = NDArray[np.uint8]
Craft = Callable[[Pixels], int | None]
"""Protects one photo and returns how many iterations that took; None for a single pass."""
PHOTOS = 10
"""Enough for a median; a cloak of one photo takes seconds."""
ITERATIONS = 100
"""Of the cloak, as in section 2.3.1."""
BITS, CENTRES = 48, 10
"""Of the codes that the cloak works on, and clusters that it keeps away from; they hardly change its time."""
CLOAK = HashStash.name


def crafting_rows(grid: Grid, triggers: Sequence[str]) -> list[Row]:
    """Milliseconds for one photo by each trigger and by HashStash (HDM), photo by photo in turn.

    All get the same photos, as squares of the model's size, on the same machine with the same threads; reading and
    writing files is left out. The cloak attacks a hash model of the grid's architecture with untrained weights: what
    weights a net has changes nothing in what a pass through it costs.

    Args:
        grid: whose first seed chooses photos and keys.
        triggers: which ones.

    Returns:
        For each method the median over photos of "milliseconds" by the clock, as the paper has it, and of
        "processor_milliseconds", which other work on the machine does not lengthen, with the fastest and slowest
        photo; for each trigger how many times as much the cloak takes, in processor time, or by the clock where an
        accelerator does the work.

    Raises:
        EvaluationError: not one photo could be decoded.
    """
    seed, size = grid.request.seeds[0], grid.request.architecture.size
    photos = _some_photos(grid, seed)
    methods: dict[str, Craft] = {name: _marking(grid, name, seed) for name in triggers}
    methods[CLOAK] = cloaking(grid.request.architecture, seed=seed, pretrained=grid.request.pretrained)
    times, iterations = in_turn(methods, photos, progress=grid.progress)
    rows: list[Row] = []
    for name, spent in times.items():
        facts = {"seed": seed, "method": name, "protocol": MEASURED, "photos": len(photos), "side": size}
        facts["iterations"] = iterations[name]
        for metric, found in (("milliseconds", spent.clock), ("processor_milliseconds", spent.processor)):
            between = {"lowest": min(found), "highest": max(found)}
            rows.append({**facts, "metric": metric, "value": statistics.median(found), **between})
        if name != CLOAK:
            rows.append({**facts, "metric": "cloak_takes_times", "value": times[CLOAK].cost / spent.cost})
    return rows


@dataclass
class Spent:
    """Milliseconds of one method, one entry for each photo.

    Attributes:
        clock: until it was done.
        processor: of all threads together.
    """

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """The median of what methods are compared by."""
        return statistics.median(self.clock if torch.cuda.is_available() else self.processor)


def in_turn(
    methods: dict[str, Craft], photos: Sequence[Pixels], *, progress: Callable[[str, int, int], None]
) -> tuple[dict[str, Spent], dict[str, int | None]]:
    """The time of every method for every photo, in alternation, and the iterations each takes.

    What else happens on the machine then falls on all methods alike. A first photo is done and not counted.

    Args:
        methods: by name.
        photos: uint8 (H, W, 3) each.
        progress: told where it stands.
    """
    times = {name: Spent() for name in methods}
    iterations = {name: craft(photos[0]) for name, craft in methods.items()}
    for done, photo in enumerate(photos):
        progress("protect photos", done, len(photos))
        for name, craft in methods.items():
            clock, processor = time.perf_counter(), time.process_time()
            craft(photo)
            _wait()
            times[name].processor.append(1000 * (time.process_time() - processor))
            times[name].clock.append(1000 * (time.perf_counter() - clock))
    progress("protect photos", len(photos), len(photos))
    return times, iterations


def cloaking(
    architecture: Architecture, *, seed: int = 0, pretrained: bool = True, iterations: int = ITERATIONS
) -> Craft:
    """A cloak by HashStash against a fresh hash model, which always takes all its iterations.

    Args:
        architecture: of the model, whose head becomes one for codes.
        seed: of its weights and of the centres.
        pretrained: whether published weights are loaded.
        iterations: of the cloak.
    """
    device = best_device()
    hashing = replace(architecture, head="hash", dimension=BITS)
    encoder = build_encoder(hashing, seed=seed, pretrained=pretrained).to(device).eval().requires_grad_(False)
    draw = torch.randint(2, (CENTRES, BITS), generator=torch.Generator().manual_seed(seed))
    centres: Tensor = (2.0 * draw - 1).to(device)
    cloak = HashStash(Pace(iterations=iterations, seed=seed))

    def craft(pixels: Pixels) -> int:
        image = to_tensor(pixels[None]).to(device)
        goal = away_from(seen(encoder.logits, image), others=centres)
        state = cloak.run(Job(encoder.logits, image, goal))
        return state.iteration - 1  # the state before the first is one of them

    return craft


def _marking(grid: Grid, name: str, seed: int) -> Craft:
    trigger = grid.trigger(name, seed)

    def craft(pixels: Pixels) -> None:
        trigger.mark(pixels)

    return craft


def _some_photos(grid: Grid, seed: int) -> list[Pixels]:
    photos, size = grid.split(seed).test, grid.request.architecture.size
    found = []
    for index in sample_by_class(photos.labels, PHOTOS, seed=seed)[:PHOTOS]:
        try:
            found.append(to_square(srgb(decode(photos.read(int(index)))), size))
        except UnfindError:
            continue
    if not found:
        raise EvaluationError(f"Expected photos that can be decoded in {photos.name}, got none: check the files.")
    return found


def _wait() -> None:
    """An accelerator answers before it is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
