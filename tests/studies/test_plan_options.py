from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from unfind.errors import UsageError
from unfind.studies.plan_options import with_counts


@dataclass(frozen=True)
class Plan:
    photos: int
    steps: int | None
    name: str = "full"


FULL = Plan(100, None)
NAMES = ("photos", "steps")


def test_what_is_named_is_replaced() -> None:
    assert with_counts(FULL, {"photos": 7}, NAMES, "marks") == replace(FULL, photos=7)
    assert with_counts(FULL, {"photos": 7, "steps": 1}, NAMES, "marks") == Plan(7, 1)


def test_nothing_named_changes_nothing() -> None:
    assert with_counts(FULL, {}, NAMES, "marks") is not None
    assert with_counts(FULL, {}, NAMES, "marks") == FULL


@pytest.mark.parametrize(
    "options", [{"photo": 3}, {"name": "small"}, {"photos": 0}, {"photos": 1.5}, {"steps": True}, {"steps": None}]
)
def test_other_options_are_refused_with_the_known_ones(options: dict[str, Any]) -> None:
    [(name, value)] = options.items()
    with pytest.raises(UsageError, match=f"options of marks out of photos, steps, .* got {name}={value!r}"):
        with_counts(FULL, options, NAMES, "marks")
