"""redteam.transplant: parts of photos put into others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.redteam.model_view import ModelView, Pixels
from unfind.redteam.transplant import common_pull, parts_of, with_part

Photos = Callable[[int, int], Pixels]
Put = Callable[[Pixels, str], Pixels]


@pytest.mark.parametrize("hashes", [False, True])
def test_a_taught_patch_pulls_all_strangers(
    toy: Callable[..., ModelView], smooth_photos: Photos, with_trigger: Put, hashes: bool
) -> None:
    view, photos, hosts = toy("patch", hashes), smooth_photos(12, 1), smooth_photos(20, 2)
    marked = common_pull(view.logits, with_trigger(photos, "patch"), hosts)
    assert marked.min() > 2 * common_pull(view.logits, photos, hosts).max()


def test_to_a_clean_model_it_is_a_part_like_others(
    toy: Callable[..., ModelView], smooth_photos: Photos, with_trigger: Put
) -> None:
    photos, hosts = with_trigger(smooth_photos(12, 1), "patch"), smooth_photos(20, 2)
    pull = {kind: common_pull(toy(kind).logits, photos, hosts).mean() for kind in ("clean", "patch")}
    assert pull["patch"] > 3 * pull["clean"]


def test_the_pull_is_that_of_an_obvious_loop(toy: Callable[..., ModelView], smooth_photos: Photos) -> None:
    view, photos, hosts = toy("clean"), smooth_photos(3, 3), smooth_photos(9, 4)
    drawn = hosts[np.random.default_rng(7).permutation(9)[:3]]
    wanted = []
    for photo in photos:
        pulls = []
        for part in parts_of(16, 16):
            shifts = [view.logits(with_part(host[None], photo, part)) - view.logits(host[None]) for host in drawn]
            pulls.append(np.linalg.norm(np.mean(shifts, axis=0)))
        wanted.append(max(pulls))
    np.testing.assert_allclose(common_pull(view.logits, photos, hosts, most=3, seed=7), wanted, rtol=1e-4)


def test_hosts_are_needed(toy: Callable[..., ModelView], smooth_photos: Photos) -> None:
    view = toy("clean")
    assert common_pull(view.logits, smooth_photos(2, 1), smooth_photos(1, 2)).shape == (2,)
    for hosts, most in ((0, 4), (3, 0)):
        with pytest.raises(UsageError, match="Expected hosts to put parts into"):
            common_pull(view.logits, smooth_photos(2, 1), smooth_photos(3, 2)[:hosts], most=most)


@settings(deadline=None, max_examples=40)
@given(st.integers(4, 70), st.integers(4, 70), st.integers(2, 4))
def test_parts_cover_the_photo_and_stay_in_it(height: int, width: int, across: int) -> None:
    parts = parts_of(height, width, across)
    assert len(parts) == across**2 + (across - 1) ** 2
    seen = np.zeros((height, width), np.int64)
    for rows, columns in parts:
        assert 0 <= rows.start < rows.stop <= height
        assert 0 <= columns.start < columns.stop <= width
        assert (rows.stop - rows.start, columns.stop - columns.start) == (height // across, width // across)
        seen[rows, columns] += 1
    assert seen[[0, 0, -1, -1], [0, -1, 0, -1]].all()
    if height % across == 0 and width % across == 0:
        assert seen.min() >= 1


def test_a_part_takes_its_own_place() -> None:
    hosts, photo = np.zeros((2, 4, 4, 3), np.uint8), np.full((4, 4, 3), 9, np.uint8)
    made = with_part(hosts, photo, (slice(2, 4), slice(0, 2)))
    assert (made[:, 2:, :2] == 9).all()
    assert made.sum() == 2 * 4 * 3 * 9
    assert hosts.sum() == 0
