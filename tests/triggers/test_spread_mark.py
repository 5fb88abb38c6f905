"""Plane waves without torch are those with torch."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from unfind.errors import UsageError
from unfind.triggers.find_mark import can_be_found
from unfind.triggers.key import Key
from unfind.triggers.spread_mark import SpreadMark
from unfind.triggers.spread_spectrum import SpreadSpectrum
from unfind.triggers.strength import MAXIMUM_STRENGTH

Scene = Callable[..., np.ndarray]


@pytest.mark.parametrize("shape", [(128, 128), (300, 201)])
def test_it_marks_and_reads_as_the_trigger_does(shape: tuple[int, int], key: Key, scene: Scene) -> None:
    photo, ours, trigger = scene(*shape), SpreadMark(key, strength=0.7), SpreadSpectrum(key, strength=0.7)
    marked = ours.mark(photo)
    assert np.array_equal(marked, trigger.mark(photo))
    assert ours.find(marked) == trigger.find(marked)
    assert ours.find(marked).marked
    assert not ours.find(photo).marked
    assert not SpreadMark(Key.from_seed(2), strength=0.7).find(marked).marked


def test_it_is_what_protect_asks_for(key: Key) -> None:
    mark = SpreadMark(key, strength=0.5)
    assert can_be_found(mark)
    assert mark.name == SpreadSpectrum.name
    assert mark.stronger(3).strength == 1.5
    assert mark.stronger(100).strength == MAXIMUM_STRENGTH
    assert mark.strength == 0.5


@pytest.mark.parametrize("strength", [0, -1, 8.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float, key: Key) -> None:
    with pytest.raises(UsageError, match="Expected a strength above 0"):
        SpreadMark(key, strength=strength)


def test_it_needs_no_torch() -> None:
    program = (
        "import sys, numpy as np\n"
        "from unfind.triggers.key import Key\n"
        "from unfind.triggers.open_mark import open_mark\n"
        "mark = open_mark(Key.from_seed(0), 'spread-spectrum')\n"
        "photo = np.random.default_rng(0).integers(100, 156, (150, 200, 3), dtype=np.uint8)\n"
        "assert mark.find(mark.mark(photo)).marked\n"
        "assert 'torch' not in sys.modules and 'scipy.optimize' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
