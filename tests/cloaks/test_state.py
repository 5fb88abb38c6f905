"""Where a loop stands, in memory and on disk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from unfind.cloaks.state import TENSORS, CloakState, Step, load_state
from unfind.errors import ImageError, ResumeError


def step(distance: list[float], *, unsure: list[float] | None = None, shortfall: float = 0.0, to: float = 0.0) -> Step:
    count = len(distance)
    moved = torch.full((count, 3, 2, 2), to)
    far = torch.tensor(distance)
    return Step(far, far if unsure is None else torch.tensor(unsure), torch.full((count,), shortfall), moved, moved)


@pytest.fixture
def state() -> CloakState:
    return CloakState.fresh(torch.full((3, 3, 2, 2), 0.5), "abc")


def everyone() -> Tensor:
    return torch.arange(3)


def test_a_fresh_state_has_reached_nothing(state: CloakState) -> None:
    assert state.iteration == 0
    assert state.active().tolist() == [0, 1, 2]
    assert state.best_distance.tolist() == [torch.inf] * 3
    assert not bool(state.best.any())


def test_the_best_is_where_the_image_stood_when_it_was_judged(state: CloakState) -> None:
    state.take(everyone(), step([3.0, 2.0, 1.0], to=0.7), tolerance=0)
    state.close()
    assert bool((state.best == 0.5).all())
    assert bool((state.perturbation == 0.7).all())
    state.take(everyone(), step([4.0, 2.0, 0.5], to=0.9), tolerance=0)
    state.close()
    assert state.best_distance.tolist() == [3, 2, 0.5]
    assert [float(best.mean()) for best in state.best] == pytest.approx([0.5, 0.5, 0.7])
    assert state.curve.tolist() == [[3, 2, 1], [4, 2, 0.5]]


def test_between_equal_distances_the_shortfall_decides(state: CloakState) -> None:
    state.take(everyone(), step([2.0] * 3, shortfall=0.4, to=0.7), tolerance=0)
    state.take(everyone(), step([2.0] * 3, shortfall=0.3), tolerance=0)
    assert bool((state.best == 0.7).all())
    state.take(everyone(), step([2.0] * 3, shortfall=0.35), tolerance=0)
    assert bool((state.best == 0.7).all())


def test_a_finished_image_leaves_and_its_curve_stays(state: CloakState) -> None:
    state.take(everyone(), step([3.0, 0.0, 5.0]), tolerance=0)
    state.close()
    assert state.active().tolist() == [0, 2]
    state.take(state.active(), step([1.0, 4.0]), tolerance=1)
    state.close()
    assert state.finished_at.tolist() == [1, 0, -1]
    assert state.curve.tolist() == [[3, 0, 5], [1, 0, 4]]


def test_a_bit_that_is_right_by_too_little_is_not_done(state: CloakState) -> None:
    state.take(everyone(), step([0.0] * 3, unsure=[0.0, 1.0, 2.0]), tolerance=0)
    assert state.active().tolist() == [1, 2]


def test_on_disk_and_back(state: CloakState, tmp_path: Path) -> None:
    state.take(everyone(), step([3.0, 0.0, 5.0], to=0.6), tolerance=0)
    state.close()
    state.save(tmp_path / "state.safetensors")
    again = load_state(tmp_path / "state.safetensors")
    assert again.digest == "abc"
    for name in TENSORS:
        assert torch.equal(getattr(again, name), getattr(state, name)), name
    for one in (state, again):
        one.take(one.active(), step([1.0, 1.0]), tolerance=0)
        one.close()
    assert torch.equal(again.curve, state.curve)


@pytest.mark.parametrize("content", [None, b"", b"not a state", b"\x08" + b"\x00" * 7 + b'{"a":1} '])
def test_what_is_no_state(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResumeError, match="start anew") as caught:
        load_state(path)
    assert str(path) in str(caught.value)


def test_a_disk_that_refuses(state: CloakState, tmp_path: Path) -> None:
    with pytest.raises(ImageError):
        state.save(tmp_path / "nowhere" / "state.safetensors")
