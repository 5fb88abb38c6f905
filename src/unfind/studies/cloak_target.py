"""What cloaked photos should be taken for: the code of other photos, a code in bits, or nothing but themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from unfind.cloaks.aim import Aim, aim_at
from unfind.cloaks.goal import Goal, Kind, away_from, seen, towards
from unfind.datasets.spec import load
from unfind.errors import UsageError
from unfind.images.decode import decode
from unfind.images.files import find_photos, read_photo
from unfind.images.photo import Pixels
from unfind.images.resize import to_square
from unfind.models.embed import to_tensor
from unfind.studies.seen_by import SeenBy

MOST_PHOTOS = 500
"""Photos of a target that are looked at; nine of them vote."""


@dataclass(frozen=True)
class Wish:
    """What photos should be taken for; nothing given means away from themselves.

    Attributes:
        photos: photos or folders that show it.
        bits: the code itself, as zeros and ones.
        label: the name of a class of ``data``.
        data: where the label is found, as for train.
    """

    photos: Sequence[Path] = ()
    bits: str | None = None
    label: str | None = None
    data: str | None = None

    def __post_init__(self) -> None:
        if sum(map(bool, (self.photos, self.bits, self.label))) > 1:
            raise UsageError("Expected one target at most, got several: give photos, a code or a label.")
        if bool(self.label) is not bool(self.data):
            raise UsageError("Expected a target label together with the data it is a class of, got one of the two.")

    @property
    def away(self) -> bool:
        """Whether photos should only be led away from themselves."""
        return not (self.photos or self.bits or self.label)


def target_of(wish: Wish, model: SeenBy, kind: Kind, aim: Aim, seed: int) -> Tensor | None:
    """The target (K,) of a wish, or None for photos that should only leave where they are.

    Args:
        wish: what is wanted.
        model: whose codes or embeddings are meant.
        kind: "code", or "embedding"; the target is then the mean of the embeddings.
        aim: how one code is taken from those of many photos.
        seed: draws the photos that vote.

    Raises:
        UsageError: a label or photo that does not exist, or a code that is none or of the wrong length.
    """
    if wish.away:
        return None
    if wish.bits:
        return _from_bits(wish.bits, model, kind)
    pixels = _of_label(wish) if wish.label else [read_photo(path).pixels for path in _few(find_photos(wish.photos))]
    if not pixels:
        raise UsageError(f"Expected photos in {', '.join(map(str, wish.photos))}, got none: name another target.")
    squares = to_tensor(np.stack([to_square(one, model.side) for one in pixels]))
    found = seen(model.victim, squares, kind=kind)
    return found.mean(0) if kind == "embedding" else aim_at(found, aim, seed=seed)


def goal_of(target: Tensor | None, images: Tensor, model: SeenBy, kind: Kind) -> Goal:
    """The goal of images (N, 3, side, side): the target, or away from what the model sees in each."""
    if target is None:
        return away_from(seen(model.victim, images, kind=kind), kind=kind)
    return towards(target, len(images), kind=kind)


def _from_bits(bits: str, model: SeenBy, kind: Kind) -> Tensor:
    if kind != "code" or not model.hashes:
        raise UsageError("Expected photos as the target for a model of embeddings, got a code: use --target PHOTO.")
    if set(bits) - {"0", "1"}:
        raise UsageError(f"Expected a target code of zeros and ones, got '{bits}': write for example 0110.")
    with torch.no_grad():
        wanted = model.victim(torch.full((1, 3, model.side, model.side), 0.5)).shape[1]
    if len(bits) != wanted:
        raise UsageError(f"Expected a target code of {wanted} bits, as the model has, got {len(bits)}: give {wanted}.")
    return torch.tensor([1.0 if bit == "1" else -1.0 for bit in bits])


def _of_label(wish: Wish) -> list[Pixels]:
    split = load(str(wish.data))
    for part in (split.gallery, split.train, split.validation, split.test):
        if part is not None and wish.label in part.classes:
            rows = np.flatnonzero(part.labels == part.classes.index(str(wish.label)))
            if len(rows):
                return [decode(part.read(int(row))).pixels for row in rows[:MOST_PHOTOS]]
    known = split.train.classes
    few = ", ".join(known[:8]) + (" ..." if len(known) > 8 else "")
    raise UsageError(f"Expected a class of {wish.data} as the target, got '{wish.label}': choose one of {few}.")


def _few(paths: list[Path]) -> list[Path]:
    return paths[:MOST_PHOTOS]
