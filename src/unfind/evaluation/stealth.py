"""How much a photo's pixels were changed, by the three measures of the papers' tables.

MSE is on the 0..255 scale, squared, as the MIP paper's table prints it: 65.025 there is 0.001 on the 0..1
scale. PSNR and SSIM (Wang et al. 2004) come from scikit-image. Each is taken per pair of photos and then
averaged, which for PSNR is not the PSNR of the averaged MSE.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import mean_squared_error, structural_similarity

from unfind.errors import EvaluationError

Pixels = NDArray[np.uint8]

PEAK = 255.0
# PSNR of identical photos is infinite, which neither a mean nor JSON can hold; one level in one colour of one
# pixel of a 12-megapixel photo is 124 dB.
MAX_PSNR = 130.0
SSIM_WINDOW = 7  # pixels, scikit-image's default
SMALLEST_WINDOW = 3  # the smallest odd window in which a variance means anything


def pair_stealth(original: NDArray[Any], changed: NDArray[Any]) -> dict[str, float]:
    """Compare one photo with its changed copy.

    Args:
        original: (H, W, 3) uint8.
        changed: (H, W, 3) uint8; H and W at least 3.

    Returns:
        {"mse": 0..65025, "psnr": dB up to `MAX_PSNR`, "ssim": -1..1}.

    Raises:
        EvaluationError: not uint8 RGB of one size, or too small for SSIM.
    """
    _check_photos(original, changed)
    mse = float(mean_squared_error(original, changed))
    return {"mse": mse, "psnr": psnr_of(mse), "ssim": _ssim(original, changed)}


def stealth(pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, float]:
    """The mean of each measure over pairs of photos, which may differ in size from pair to pair.

    Args:
        pairs: (original, changed) as in `pair_stealth`; taken one by one, so that a generator needs little
            memory.

    Raises:
        EvaluationError: no pair, or a pair that cannot be compared.
    """
    measured = [pair_stealth(original, changed) for original, changed in pairs]
    if not measured:
        raise EvaluationError("pairs: expected at least one pair of photos, got none; pass some.")
    return {name: float(np.mean([pair[name] for pair in measured])) for name in measured[0]}


def psnr_of(mse: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error on the 0..255 scale, at most `MAX_PSNR`."""
    return MAX_PSNR if mse == 0 else min(MAX_PSNR, float(10 * np.log10(PEAK**2 / mse)))


def _ssim(original: Pixels, changed: Pixels) -> float:
    side = min(original.shape[:2])
    window = min(SSIM_WINDOW, side - (side + 1) % 2)  # odd and no larger than the photo
    similarity = structural_similarity(  # type: ignore[no-untyped-call]  # scikit-image leaves it unannotated
        original, changed, win_size=window, data_range=PEAK, channel_axis=2
    )
    return float(similarity)


def _check_photos(original: NDArray[Any], changed: NDArray[Any]) -> None:
    for name, photo in (("original", original), ("changed", changed)):
        if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3:
            raise EvaluationError(
                f"{name}: expected (H, W, 3) uint8 pixels, got {photo.dtype} of shape {photo.shape}; "
                "convert it to 8-bit RGB."
            )
    if original.shape != changed.shape:
        raise EvaluationError(
            f"changed: expected shape {original.shape} like original, got {changed.shape}; compare before resizing."
        )
    if min(original.shape[:2]) < SMALLEST_WINDOW:
        raise EvaluationError(
            f"original: expected sides of at least {SMALLEST_WINDOW} pixels for SSIM, "
            f"got {original.shape[:2]}; use a larger photo."
        )
