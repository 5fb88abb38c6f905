"""A number for each photo, drawn from what it shows: the same photo always gets the same one."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

from unfind.images.photo import Pixels
from unfind.triggers.key import Key

SAMPLES = 128
"""Pixels a side that are looked at. They are taken and not averaged: whole numbers, the same on every machine."""


def draw_nonce(key: Key, pixels: Pixels) -> int:
    """The first 32 bits of an HMAC-SHA256 over samples of a photo.

    Args:
        key: without it, nobody can tell which photo a nonce belongs to.
        pixels: uint8 (H, W, 3).
    """
    height, width = pixels.shape[:2]
    seen = pixels[sampled(height)][:, sampled(width)]
    digest = hmac.new(key.derive("mark nonce"), seen.tobytes(), hashlib.sha256).digest()
    return int.from_bytes(digest[:4], "big")


def sampled(side: int) -> NDArray[np.int64]:
    """The rows or columns, out of ``side``, that are looked at: the middle of each of 128 equal parts."""
    return (2 * np.arange(SAMPLES) + 1) * side // (2 * SAMPLES)
