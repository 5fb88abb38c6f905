"""A defence by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from unfind.defences.base import ImageFilter, ModelDefence
from unfind.defences.box import BoxFilter
from unfind.defences.distil import Distil
from unfind.defences.finetune import FineTune
from unfind.defences.gaussian import GaussianFilter
from unfind.defences.mean import MeanFilter
from unfind.defences.median import MedianFilter
from unfind.defences.nlm import NonLocalMeans
from unfind.defences.prune import FinePrune, Prune
from unfind.defences.quantise import Quantise
from unfind.errors import UsageError

FILTERS: dict[str, type[ImageFilter]] = {
    "mean": MeanFilter,
    "box": BoxFilter,
    "gaussian": GaussianFilter,
    "median": MedianFilter,
    "nlm": NonLocalMeans,
}
"""Pixels -> pixels, in the order of MIP's figure 11."""
MODEL_DEFENCES: dict[str, type[ModelDefence]] = {
    "prune": Prune,
    "fine-prune": FinePrune,
    "finetune": FineTune,
    "quantise": Quantise,
    "distil": Distil,
}
"""Encoder -> encoder."""

Kind = TypeVar("Kind")


def make_filter(name: str, settings: Mapping[str, Any] | None = None) -> ImageFilter:
    """Make a filter.

    Args:
        name: one of FILTERS.
        settings: its arguments; an unknown one is an error.

    Raises:
        UsageError: an unknown name or argument, or a value out of range.
    """
    return _make(FILTERS, "filter", name, settings or {})


def make_defence(name: str, settings: Mapping[str, Any] | None = None) -> ModelDefence:
    """Make a defence of the model.

    Args:
        name: one of MODEL_DEFENCES.
        settings: its arguments; an unknown one is an error.

    Raises:
        UsageError: an unknown name or argument, or a value out of range.
    """
    return _make(MODEL_DEFENCES, "defence", name, settings or {})


def _make(known: Mapping[str, Callable[..., Kind]], kind: str, name: str, settings: Mapping[str, Any]) -> Kind:
    if name not in known:
        raise UsageError(f"Expected a {kind} out of {', '.join(known)}, got '{name}': choose one of these.")
    arguments = list(inspect.signature(known[name]).parameters)
    for argument in settings:
        if argument not in arguments:
            raise UsageError(f"Expected settings of {name} out of {', '.join(arguments)}, got '{argument}'.")
    return known[name](**settings)
