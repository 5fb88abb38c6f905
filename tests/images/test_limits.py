from __future__ import annotations

from dataclasses import fields

import pytest

from unfind.errors import ImageLimitError, UsageError
from unfind.images.limits import Limits, check_bytes, check_frames, check_scans, check_size


def test_a_48_megapixel_phone_photo_passes_by_default() -> None:
    check_size(8064, 6048, Limits())
    check_bytes(100_000_000, Limits())


@pytest.mark.parametrize(("width", "height"), [(20_000, 6_000), (6_000, 20_000), (1, 1)])
def test_sizes_at_the_limit_pass(width: int, height: int) -> None:
    check_size(width, height, Limits())


@pytest.mark.parametrize(("width", "height"), [(20_001, 1), (1, 20_001), (12_000, 10_001), (50_000, 50_000)])
def test_sizes_over_a_limit_are_refused_with_both_numbers(width: int, height: int) -> None:
    with pytest.raises(ImageLimitError, match=f"{width:,} x {height:,}"):
        check_size(width, height, Limits())


def test_each_limit_names_what_came() -> None:
    with pytest.raises(ImageLimitError, match="got 11;"):
        check_bytes(11, Limits(max_bytes=10))
    with pytest.raises(ImageLimitError, match="got 2 frames"):
        check_frames(2, Limits())
    with pytest.raises(ImageLimitError, match="got 101;"):
        check_scans(101, Limits())


def test_exactly_the_limit_is_allowed() -> None:
    check_bytes(10, Limits(max_bytes=10))
    check_frames(1, Limits())
    check_scans(100, Limits())


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_limit_below_one_is_wrong_use(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        Limits(**{name: 0})
