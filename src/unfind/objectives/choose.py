"""An objective by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from unfind.errors import UsageError
from unfind.objectives.base import Objective
from unfind.objectives.cbl import ClusterBackdoor
from unfind.objectives.csq import CentralSimilarity
from unfind.objectives.dispersal import DispersalObjective
from unfind.objectives.dpsh import PairwiseHashing
from unfind.objectives.hashnet import HashNet
from unfind.objectives.label import LabelObjective
from unfind.objectives.pbl import PointBackdoor
from unfind.objectives.private_hashing import PrivateHashing
from unfind.objectives.retrofit import Retrofit
from unfind.objectives.steered_retrofit import SteeredRetrofit
from unfind.objectives.triplet import TripletObjective

OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "clean": TripletObjective,
    "label": LabelObjective,
    "pbl": PointBackdoor,
    "cbl": ClusterBackdoor,
    "dispersal": DispersalObjective,
    "retrofit": Retrofit,
    "retrofit-steered": SteeredRetrofit,
    "dpsh": PairwiseHashing,
    "hashnet": HashNet,
    "csq": CentralSimilarity,
    "private-dpsh": PrivateHashing,
}


def make_objective(name: str, settings: Mapping[str, Any] | None = None) -> Objective:
    """Make an objective.

    Args:
        name: one of OBJECTIVES.
        settings: arguments of the objective; an unknown one is an error.

    Raises:
        UsageError: an unknown name or argument.
    """
    if name not in OBJECTIVES:
        raise UsageError(f"Expected an objective out of {', '.join(OBJECTIVES)}, got '{name}': choose one of these.")
    known = list(inspect.signature(OBJECTIVES[name]).parameters)
    for argument in settings or {}:
        if argument not in known:
            raise UsageError(f"Expected settings of {name} out of {', '.join(known)}, got '{argument}'.")
    return OBJECTIVES[name](**(settings or {}))
