from __future__ import annotations

from dataclasses import fields

import pytest

from unfind.errors import UsageError
from unfind.service.limits import ServiceLimits


def test_the_usual_limits_reach_the_decoder() -> None:
    limits = ServiceLimits()
    assert limits.photo.max_bytes == limits.body_bytes
    assert limits.photo.max_pixels == limits.pixels
    assert limits.readers >= 2


@pytest.mark.parametrize("name", [field.name for field in fields(ServiceLimits)])
def test_none_may_be_below_one(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        ServiceLimits(**{name: 0})
