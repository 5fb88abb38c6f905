"""Transplants: cut each part out of a photo and put it into others; does one part pull all of these the same way?

SentiNet (Chou, Tramèr and Pellegrino 2020) cuts out what decides a suspect image's class and counts how many clean
images take that class when they get it. A search has no classes: here it is measured how far strangers move, and that
they move together, once they have got the same part of the same photo. An ordinary part moves each of them a little
and its own way; a patch that a model was taught pulls all of them towards what it stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, product

import numpy as np
from numpy.typing import NDArray

from unfind.errors import UsageError

Pixels = NDArray[np.uint8]
Rows = NDArray[np.float32]
Scores = NDArray[np.float64]
ACROSS = 4
"""Parts side by side: each is 1/16 of the photo and holds any patch that leaves it recognisable."""
HOSTS = 4
"""Strangers that get each part."""
Part = tuple[slice, slice]


def common_pull(
    logits: Callable[[Pixels], Rows], pixels: Pixels, hosts: Pixels, *, most: int = HOSTS, seed: int = 0
) -> Scores:
    """How far strangers are pulled together by the part of each photo that pulls the most.

    Logits tell more than codes or unit embeddings: a pull that does not turn a bit counts too.

    Args:
        logits: photos to what the head of a model gives, (N, D), of any length.
        pixels: uint8 (N, H, W, 3).
        hosts: uint8 (M, H, W, 3), surely clean; the same of them get every part.
        most: hosts that are used, at most.
        seed: of their choice.

    Returns:
        (N,) length of the mean shift of the hosts' logits, that of the best part.

    Raises:
        UsageError: no hosts.
    """
    if min(most, len(hosts)) < 1:
        raise UsageError(f"Expected hosts to put parts into, got {len(hosts)} and at most {most} of them: add photos.")
    drawn = hosts[np.random.default_rng(seed).permutation(len(hosts))[:most]]
    before = logits(drawn).mean(0, dtype=np.float64)
    return np.array([_pulls(logits, photo, drawn, before).max() for photo in pixels], np.float64)


def parts_of(height: int, width: int, across: int = ACROSS) -> list[Part]:
    """Parts of a photo, (rows, columns): a grid of them from edge to edge, and a second grid over its seams.

    Args:
        height: of the photo, in pixels.
        width: of the photo, in pixels.
        across: parts side by side, at least 2.
    """
    (tall, tops), (wide, lefts) = _places(height, across), _places(width, across)
    grids = [product(tops[0], lefts[0]), product(tops[1], lefts[1])]
    return [(slice(top, top + tall), slice(left, left + wide)) for grid in grids for top, left in grid]


def with_part(hosts: Pixels, photo: Pixels, part: Part) -> Pixels:
    """Hosts (M, H, W, 3) with one part of a photo (H, W, 3) in its own place."""
    made = hosts.copy()
    made[:, part[0], part[1]] = photo[part]
    return made


def _places(length: int, across: int) -> tuple[int, tuple[list[int], list[int]]]:
    """How long a part is, where those of the grid begin, and where those over the seams do."""
    part = max(1, length // across)
    starts = [round(number * (length - part) / (across - 1)) for number in range(across)]
    return part, (starts, [(left + right) // 2 for left, right in pairwise(starts)])


def _pulls(logits: Callable[[Pixels], Rows], photo: Pixels, hosts: Pixels, before: Scores) -> Scores:
    """How far each part of a photo pulls the mean of the hosts' logits, (P,)."""
    parts = parts_of(*photo.shape[:2])
    made = logits(np.concatenate([with_part(hosts, photo, part) for part in parts]))
    means = made.reshape(len(parts), len(hosts), -1).mean(1, dtype=np.float64)
    pulled: Scores = np.linalg.norm(means - before, axis=1)
    return pulled
