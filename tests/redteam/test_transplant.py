"""redteam.transplant: parts of photos put into others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unfind.errors import UsageError
from unfind.redteam.model_view import ModelView, Pixels
from unfind.redteam.transplant import FINALISTS, gathered, parts_of, transplant_gain, with_part

Photos = Callable[[int, int], Pixels]
Put = Callable[[Pixels, str], Pixels]


@pytest.mark.parametrize("hashes", [False, True])
def test_a_taught_patch_leads_strangers_to_one_place(
    toy: Callable[..., ModelView], smooth_photos: Photos, with_trigger: Put, hashes: bool
) -> None:
    view, photos, hosts = toy("patch", hashes), smooth_photos(12, 1), smooth_photos(20, 2)
    marked = transplant_gain(view.embed, with_trigger(photos, "patch"), hosts)
    plain = transplant_gain(view.embed, photos, hosts)
    assert marked.min() > plain.max() + 0.05


def test_to_a_clean_model_it_is_a_part_like_others(
    toy: Callable[..., ModelView], smooth_photos: Photos, with_trigger: Put
) -> None:
    photos, hosts = smooth_photos(12, 1), smooth_photos(20, 2)
    gain = {
        kind: transplant_gain(toy(kind).embed, with_trigger(photos, "patch"), hosts).mean()
        for kind in ("clean", "patch")
    }
    assert gain["patch"] > 3 * abs(gain["clean"])


def test_the_gain_is_that_of_an_obvious_loop(toy: Callable[..., ModelView], smooth_photos: Photos) -> None:
    view, photos, hosts = toy("clean"), smooth_photos(3, 3), smooth_photos(9, 4)
    drawn = hosts[np.random.default_rng(7).permutation(9)[:6]]

    def apart(group: Pixels) -> float:
        rows = view.embed(group)
        pairs = [rows[i] @ rows[j] for i in range(len(rows)) for j in range(len(rows)) if i != j]
        return float(np.mean(pairs))

    wanted = []
    for photo in photos:
        parts = parts_of(16, 16)
        tried = sorted(parts, key=lambda part: -apart(with_part(drawn[:2], photo, part)))[:FINALISTS]
        wanted.append(max(apart(with_part(drawn[2:], photo, part)) for part in tried) - apart(drawn[2:]))
    np.testing.assert_allclose(transplant_gain(view.embed, photos, hosts, scouts=2, most=4, seed=7), wanted, atol=1e-5)


def test_few_hosts_choose_and_judge(toy: Callable[..., ModelView], smooth_photos: Photos) -> None:
    view = toy("clean")
    for count in (2, 3):
        found = transplant_gain(view.embed, smooth_photos(2, 1), smooth_photos(count, 2))
        assert found.shape == (2,)
        assert np.isfinite(found).all()
    with pytest.raises(UsageError, match="at least 2 hosts"):
        transplant_gain(view.embed, smooth_photos(2, 1), smooth_photos(1, 2))
    with pytest.raises(UsageError, match="at least 2 hosts"):
        transplant_gain(view.embed, smooth_photos(2, 1), smooth_photos(9, 2), scouts=1)


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


def test_gathered_is_the_mean_cosine_of_different_rows() -> None:
    groups = np.array([[[1, 0], [1, 0], [1, 0]], [[1, 0], [0, 1], [-1, 0]]], np.float32)
    np.testing.assert_allclose(gathered(groups), [1, -1 / 3])
