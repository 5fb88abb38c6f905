from __future__ import annotations

import numpy as np
import pytest

from unfind.errors import EvaluationError
from unfind.evaluation.stealth import MAX_PSNR, pair_stealth, psnr_of, stealth


def photo(height=32, width=40, seed=0):
    return np.random.default_rng(seed).integers(0, 250, (height, width, 3), dtype=np.uint8)


def test_mse_and_psnr_by_a_loop():
    first, second = photo(6, 5), photo(6, 5, 1)
    differences = [
        (int(first[y, x, c]) - int(second[y, x, c])) ** 2 for y in range(6) for x in range(5) for c in range(3)
    ]
    mse = sum(differences) / len(differences)
    found = pair_stealth(first, second)
    assert found["mse"] == pytest.approx(mse)
    assert found["psnr"] == pytest.approx(10 * np.log10(255**2 / mse))


def test_mse_is_on_the_scale_of_pixels():
    # five levels everywhere: 25, not (5 / 255) ** 2
    assert pair_stealth(photo(), photo() + np.uint8(5))["mse"] == 25.0


def test_identical_photos_are_perfect_without_a_warning():
    assert pair_stealth(photo(), photo()) == {"mse": 0.0, "psnr": MAX_PSNR, "ssim": 1.0}


def test_the_least_change_of_a_large_photo_stays_below_the_ceiling():
    assert psnr_of(1 / (12_000_000 * 3)) < MAX_PSNR
    assert psnr_of(1e-30) == MAX_PSNR


def slow_ssim(first, second, window):
    """Mean structural similarity over all whole windows and the three channels."""
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    scores = []
    for channel in range(3):
        for y in range(first.shape[0] - window + 1):
            for x in range(first.shape[1] - window + 1):
                a = first[y : y + window, x : x + window, channel].astype(float).ravel()
                b = second[y : y + window, x : x + window, channel].astype(float).ravel()
                cov = np.cov(a, b)
                top = (2 * a.mean() * b.mean() + c1) * (2 * cov[0, 1] + c2)
                bottom = (a.mean() ** 2 + b.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2)
                scores.append(top / bottom)
    return np.mean(scores)


@pytest.mark.parametrize(("side", "window"), [(12, 7), (7, 7), (6, 5), (4, 3), (3, 3)])
def test_ssim_by_a_loop_with_a_window_that_fits(side, window):
    first = photo(side, side + 2)
    second = (first * 0.9 + photo(side, side + 2, 1) * 0.1).astype(np.uint8)
    assert pair_stealth(first, second)["ssim"] == pytest.approx(slow_ssim(first, second, window))


def test_more_noise_is_less_stealthy():
    noise = np.random.default_rng(2).standard_normal((32, 40, 3))
    changed = [np.clip(photo() + size * noise, 0, 255).astype(np.uint8) for size in (1, 5, 20)]
    found = [pair_stealth(photo(), one) for one in changed]
    assert [f["mse"] for f in found] == sorted(f["mse"] for f in found)
    assert [f["ssim"] for f in found] == sorted((f["ssim"] for f in found), reverse=True)
    assert [f["psnr"] for f in found] == sorted((f["psnr"] for f in found), reverse=True)


def test_the_mean_over_pairs_of_different_sizes():
    pairs = [(photo(), photo() + np.uint8(1)), (photo(20, 20), photo(20, 20) + np.uint8(4))]
    single = [pair_stealth(*pair) for pair in pairs]
    found = stealth(iter(pairs))
    assert found == pytest.approx({name: (single[0][name] + single[1][name]) / 2 for name in found})
    assert found["psnr"] != pytest.approx(psnr_of(found["mse"]))


@pytest.mark.parametrize(
    ("original", "changed", "said"),
    [
        (photo().astype(np.float32), photo(), "^original: .*float32"),
        (photo(), photo()[..., 0], "^changed: "),
        (photo(), np.dstack([photo(), photo()[..., :1]]), "^changed: .*shape"),
        (photo(), photo(32, 41), "^changed: expected shape"),
        (photo(2, 9), photo(2, 9), "^original: expected sides of at least 3"),
    ],
)
def test_what_cannot_be_compared_is_refused(original, changed, said):
    with pytest.raises(EvaluationError, match=said):
        pair_stealth(original, changed)


def test_no_pairs():
    with pytest.raises(EvaluationError, match=r"^pairs: expected at least one"):
        stealth([])
