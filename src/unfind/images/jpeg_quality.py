"""Estimate how strongly a JPEG was compressed, from its quantisation tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

# The example tables of ITU-T T.81, annex K.1, row by row; libjpeg scales them by quality.
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
).ravel()
_CHROMINANCE = np.pad(
    np.array([[17, 18, 24, 47], [18, 21, 26, 66], [24, 26, 56, 99], [47, 66, 99, 99]]),
    (0, 4),
    constant_values=99,
).ravel()

_STANDARD: NDArray[np.int64] = np.concatenate([_LUMINANCE, _CHROMINANCE])


def standard_tables(quality: int) -> NDArray[np.int64]:
    """Give libjpeg's baseline tables for a quality.

    Args:
        quality: 1..100.

    Returns:
        int64 (128,): luminance then chrominance, row by row, each step 1..255.
    """
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    steps: NDArray[np.int64] = np.clip((_STANDARD * percent + 50) // 100, 1, 255)
    return steps


_LOG_BY_QUALITY = np.log(np.stack([standard_tables(quality) for quality in range(1, 101)]))


def estimate_quality(tables: Mapping[int, Sequence[int]]) -> int:
    """Find the quality whose standard tables come nearest to a file's own.

    Nearest is meant in ratio, as the mean absolute difference of logarithms: a step of 2 instead of 1 changes
    a picture as much as 100 instead of 50. Of equally near qualities the higher one is taken.

    Args:
        tables: table number -> 64 steps, row by row; 0 is luminance, 1 chrominance. Others are not looked at.

    Returns:
        1..100; exact for files written by libjpeg with a quality setting, 100 when neither table is there.
    """
    known = {number: tables[number] for number in (0, 1) if len(tables.get(number, ())) == 64}
    distance = np.zeros(100)
    for number, steps in known.items():
        standard = _LOG_BY_QUALITY[:, 64 * number : 64 * (number + 1)]
        distance += np.abs(standard - np.log(np.maximum(steps, 1))).mean(axis=1)
    return 100 - int(np.argmin(distance[::-1]))
