"""A picture of what a cloak did to photos: before, after, and the difference made loud."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unfind.errors import UnfindError
from unfind.images.files import read_photo
from unfind.report.before_after import Pair, before_after
from unfind.report.figure_style import FigureFormat
from unfind.studies.cloak import Cloaked

MOST = 12
"""Photos in one picture: more rows do not fit a screen."""
LONGEST = 22
"""Characters of a name above a picture: more would run into the next one."""


def cloak_preview(done: Sequence[Cloaked], *, most: int = MOST, format: FigureFormat = "png") -> bytes | None:
    """Draw cloaked photos as they were written, beside what they were made of.

    Args:
        done: what became of the photos; those of which nothing was written are passed over.
        most: how many are drawn, the first ones.
        format: "png" or "svg".

    Returns:
        The file, or None when nothing was written.

    Raises:
        ImageError: a photo that can no longer be read.
    """
    pairs: dict[str, Pair] = {}
    for one in [one for one in done if one.target is not None][:most]:
        pairs[_name(one.source, pairs)] = _pair(one)
    return before_after(pairs, format=format) if pairs else None


def _pair(one: Cloaked) -> Pair:
    if one.target is None:
        raise UnfindError(f"Expected a cloaked copy of {one.source}, got none: cloak it first.")
    caption = "" if one.psnr is None else f"{one.psnr:.1f} dB"
    return Pair(read_photo(one.source).pixels, read_photo(one.target).pixels, caption)


def _name(source: Path, taken: dict[str, Pair]) -> str:
    """The file's name, its middle left out where it is long, with a number where another photo has the same."""
    name, half = source.name, LONGEST // 2 - 1
    short = name if len(name) <= LONGEST else f"{name[:half]}..{name[-half:]}"
    again = sum(other.partition(" #")[0] == short for other in taken)
    return f"{short} #{again + 1}" if again else short
