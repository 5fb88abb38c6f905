"""A bench's plan with some of its counts replaced: smaller where time is short, larger where a claim needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from unfind.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Plan = TypeVar("Plan", bound="DataclassInstance")


def with_counts(plan: Plan, options: Mapping[str, Any], names: Sequence[str], bench: str) -> Plan:
    """The plan with other counts.

    Args:
        plan: a dataclass.
        options: counts by name.
        names: of those that may be replaced.
        bench: whose plan it is, for the message.

    Raises:
        UsageError: another name, or a count below 1.
    """
    for name, value in options.items():
        if name not in names or type(value) is not int or value < 1:
            raise UsageError(
                f"Expected options of {bench} out of {', '.join(names)}, each at least 1, got {name}={value!r}: "
                "change it."
            )
    return replace(plan, **options)
