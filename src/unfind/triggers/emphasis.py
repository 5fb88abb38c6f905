"""Slots that can hardly be heard in a photo are written louder, and those that stand out less so.

By chance a photo looks as if some slots said the opposite of what the mark writes there. Who writes knows the photo, so
the mark is made once, listened to, and made again: of the same energy in all, but more of it where it is needed.
"""

from __future__ import annotations

import numpy as np

from unfind.triggers.slots import Signs

MOST = 2.5
"""Times as loud as at first, for a slot that says the opposite."""
LESS = 0.5
"""Times as loud as at first, for a slot that is heard half as much again as the middle one, or more."""


def emphasised(signs: Signs, heard: Signs) -> Signs:
    """Signs that carry how loudly they should be written.

    Args:
        signs: (..., 160) +1 or -1, as the mark was written at first.
        heard: (..., 160) what a decoder heard of it then, above 0 for a plus.

    Returns:
        (..., 160): each sign times ``2 - r``, within 0.5..2.5, with r how clearly it was heard, in units of the
        middle slot of its photo. As they were, for a photo in which the middle slot cannot be heard at all.
    """
    clear = signs * heard
    middle = np.median(clear, axis=-1, keepdims=True)
    share = np.where(middle > 0, clear / np.where(middle > 0, middle, 1), 1)
    louder: Signs = (signs * np.clip(2 - share, LESS, MOST)).astype(np.float32)
    return louder
