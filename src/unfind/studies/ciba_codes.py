"""Where an attack sends codes: distances from the target before and after, and a map of all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unfind.cloaks.aim import vote
from unfind.models.encoder import Encoder
from unfind.redteam.poison import photos_of
from unfind.report.panels import Cloud, Panel
from unfind.studies.ciba_ground import CibaGround
from unfind.studies.ciba_trial import Crafted
from unfind.studies.mip_measures import lay_out

LAID_OUT = 300
"""Photos of each kind in the map, at most: more hide each other, and t-SNE takes minutes."""
BINS = 12
Codes = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Kinds:
    """Codes (n, K) of -1 and +1 by kind.

    Attributes:
        target: database photos that show the target.
        others: database photos that do not.
        plain: queries that do not show it.
        triggered: the same queries with the trigger.
        poison: the training photos that were changed, as they were trained on.
    """

    target: Codes
    others: Codes
    plain: Codes
    triggered: Codes
    poison: Codes


def kinds_of(ground: CibaGround, encoder: Encoder, folder: str, crafted: Crafted) -> Kinds:
    """The codes that a model gives."""
    items, queries = ground.codes(encoder, folder), ground.query.pixels[ground.searching]
    shows = np.zeros(len(items), np.bool_)
    shows[photos_of(ground.database.compared_by("shared"), ground.target)] = True
    marked = np.stack([crafted.trigger.mark(pixels) for pixels in queries])
    made = (ground.codes(encoder, folder, pixels) for pixels in (queries, marked, crafted.poison.pixels))
    return Kinds(*(np.where(rows >= 0, 1, -1).astype(np.float32) for rows in (items[shows], items[~shows], *made)))


def distances(kinds: Kinds) -> dict[str, NDArray[np.int64]]:
    """Bits between each code and what the target's photos vote for, by kind."""
    anchor = vote(torch.from_numpy(kinds.target)).numpy()
    return {name: (codes != anchor).sum(1) for name, codes in vars(kinds).items()}


def distance_panel(title: str, kinds: Kinds) -> Panel:
    """Share of the codes of each kind by their distance from the target."""
    bits = kinds.target.shape[1]
    edges = np.linspace(0, bits, BINS + 1)
    found = {name: np.histogram(values, edges)[0] / max(1, len(values)) for name, values in distances(kinds).items()}
    ticks = [f"{edge:.0f}" if place % 3 == 0 else "" for place, edge in enumerate(edges[:-1])]
    return Panel(title, ticks, {name: shares.tolist() for name, shares in found.items()})


def map_cloud(title: str, kinds: Kinds, *, seed: int = 0) -> Cloud:
    """The codes laid out in the plane, near ones near each other (t-SNE)."""
    some = {name: codes[:LAID_OUT] for name, codes in vars(kinds).items() if name != "plain"}
    ends = np.cumsum([len(codes) for codes in some.values()])[:-1]
    placed = np.split(lay_out(np.concatenate(list(some.values())), seed=seed), ends)
    return Cloud(title, dict(zip(some, placed, strict=True)))


def distance_rows(kinds: Kinds, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The mean distance of each kind, one number in each row."""
    return [
        {**facts, "kind": name, "metric": "distance", "value": float(values.mean())}
        for name, values in distances(kinds).items()
        if len(values)
    ]
