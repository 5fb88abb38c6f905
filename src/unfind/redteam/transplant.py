"""Transplants: cut each part out of a photo and put it into others; does one part lead all of these to one place?

SentiNet (Chou, Tramèr and Pellegrino 2020) cuts out what decides a suspect image's class and counts how many clean
images take that class when they get it. A search has no classes: here it is measured how near the embeddings of
strangers come to each other once they have got the same part of the same photo. An ordinary part moves each of them a
little and its own way; a patch that a model was taught leads all of them to what it stands for.
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
SCOUTS = 3
"""Hosts that every part is tried on."""
FINALISTS = 3
"""Parts that led the scouts nearest to each other, and are tried on further hosts: codes often tie."""
HOSTS = 8
"""Further hosts."""
Part = tuple[slice, slice]


def transplant_gain(
    embed: Callable[[Pixels], Rows],
    pixels: Pixels,
    hosts: Pixels,
    *,
    scouts: int = SCOUTS,
    most: int = HOSTS,
    seed: int = 0,
) -> Scores:
    """How much nearer to each other strangers get by the most telling part of each photo.

    Parts are chosen on some hosts and judged on others, so that a lucky choice gains little.

    Args:
        embed: photos to unit rows.
        pixels: uint8 (N, H, W, 3).
        hosts: uint8 (M, H, W, 3), surely clean, at least 2; the same of them get every part.
        scouts: hosts that choose parts, at least 2; where not two others are left, they judge them as well.
        most: hosts that judge parts, at most.
        seed: of the choice of hosts.

    Returns:
        (N,) mean cosine between different hosts with the part, less that of the same hosts as they were, -2..2.

    Raises:
        UsageError: too few hosts, or scouts.
    """
    if min(scouts, most, len(hosts)) < 2:
        raise UsageError(
            f"Expected at least 2 hosts, to choose by and to judge by, got {len(hosts)}, {scouts} and {most}: add some."
        )
    drawn = hosts[np.random.default_rng(seed).permutation(len(hosts))[: scouts + most]]
    first, judges = drawn[:scouts], drawn[scouts:] if len(drawn) >= scouts + 2 else drawn
    before = float(gathered(embed(judges)[None])[0])
    return np.array([_best_part(embed, photo, first, judges) for photo in pixels], np.float64) - before


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


def gathered(rows: Rows) -> Scores:
    """Mean cosine between the different rows of each group, groups (P, M, D) of unit rows to (P,)."""
    count = rows.shape[1]
    whole = (rows.sum(1, dtype=np.float64) ** 2).sum(1)
    mean: Scores = (whole - (rows.astype(np.float64) ** 2).sum((1, 2))) / (count * (count - 1))
    return mean


def _places(length: int, across: int) -> tuple[int, tuple[list[int], list[int]]]:
    """How long a part is, where those of the grid begin, and where those over the seams do."""
    part = max(1, length // across)
    starts = [round(number * (length - part) / (across - 1)) for number in range(across)]
    return part, (starts, [(left + right) // 2 for left, right in pairwise(starts)])


def _best_part(embed: Callable[[Pixels], Rows], photo: Pixels, scouts: Pixels, judges: Pixels) -> float:
    """How near the judges come to each other by one of the parts that bring the scouts nearest to each other."""
    parts = parts_of(*photo.shape[:2])
    nearness = _nearness(embed, photo, scouts, parts)
    best = np.argsort(-nearness, kind="stable")[:FINALISTS]
    return float(_nearness(embed, photo, judges, [parts[one] for one in best]).max())


def _nearness(embed: Callable[[Pixels], Rows], photo: Pixels, hosts: Pixels, parts: list[Part]) -> Scores:
    """How near hosts are to each other with each of some parts, (P,)."""
    made = embed(np.concatenate([with_part(hosts, photo, part) for part in parts]))
    return gathered(made.reshape(len(parts), len(hosts), -1))
