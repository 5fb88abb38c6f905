"""Do signs sound as if somebody had written them? Nobody's key is needed to tell.

What a decoder hears where nothing was written is much like noise: now loud, now faint. A mark is written so that all
of its signs are heard about as clearly (``emphasis``). So how loudly they are heard differs little from sign to sign.

Of noise of a normal distribution the deviation is sqrt(pi / 2 - 1) = 0.76 of the mean. In 1,120 plain pictures and in
made-up ones (flat, black, ramps, stripes, checks, noise) it was never below 0.60; in 120 marked photos never above
0.42 as written, and after JPEG 75 below 0.5 in all but one. A network that was trained to say whether there is a mark
saw it in 45 of the 60 among them of native size.
"""

from __future__ import annotations

import numpy as np

from unfind.triggers.slots import Signs

EVEN = 0.5
"""Below this, a mark that cannot be read is spoken of."""


def unevenness(heard: Signs) -> float:
    """Standard deviation of how loudly signs are heard, as a share of the mean; infinite where nothing is heard.

    Args:
        heard: (160,) above 0 for a plus.
    """
    loud = np.abs(heard.astype(np.float64))
    mean = float(loud.mean())
    return float(loud.std()) / mean if mean > 0 else float("inf")
