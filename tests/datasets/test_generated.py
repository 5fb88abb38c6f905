"""Pictures that nobody took: repeatable, different, and of the kinds that marks find hard."""

from __future__ import annotations

import numpy as np
import pytest

from unfind.datasets.generated import KINDS, generated_pictures
from unfind.errors import UsageError


def test_the_same_seed_gives_the_same_pictures_whatever_the_count() -> None:
    few, many = generated_pictures(3, 40, seed=5), generated_pictures(6, 40, seed=5)
    assert few.shape == (3, 40, 40, 3)
    assert few.dtype == np.uint8
    np.testing.assert_array_equal(few, many[:3])
    assert not np.array_equal(few, generated_pictures(3, 40, seed=6))


def test_every_kind_is_there() -> None:
    leaves, gradient, both, plain = generated_pictures(KINDS, 96, seed=1).astype(float)
    steps = [float(np.abs(np.diff(picture, axis=0)).max()) for picture in (leaves, gradient, both, plain)]
    assert steps[0] > 60  # edges of leaves
    assert steps[1] <= 6  # a sky
    assert steps[2] > 60
    assert 0 < plain.std((0, 1)).max() < 3  # a wall


def test_leaves_come_in_many_sizes() -> None:
    """The variation that is left after averaging falls slowly: there is detail at every scale."""
    picture = generated_pictures(1, 128, seed=2)[0].mean(2)
    spreads = [picture.reshape(128 // b, b, 128 // b, b).mean((1, 3)).std() for b in (1, 4, 16)]
    assert spreads[0] > spreads[1] > spreads[2] > 0.2 * spreads[0]


def test_none_is_an_empty_array() -> None:
    assert generated_pictures(0, 32).shape == (0, 32, 32, 3)


@pytest.mark.parametrize(("count", "size"), [(-1, 32), (1, 7)])
def test_impossible_requests_are_refused(count: int, size: int) -> None:
    with pytest.raises(UsageError, match="Expected a count"):
        generated_pictures(count, size)
