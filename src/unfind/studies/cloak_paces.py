"""How cloaks are made in experiments: as the paper made them, and as ``unfind cloak`` makes them."""

from __future__ import annotations

from dataclasses import replace

from unfind.cloaks.pace import Pace
from unfind.cloaks.passages import ONCE_COMPRESSED, ROBUST, varied

USUAL = Pace(psnr=40.0, rule="rms", momentum=0.7, margin=0.2, passages=ONCE_COMPRESSED)
"""What ``unfind cloak`` does without options. Steps along the gradient under a limit on the PSNR: steps by sign
change everything alike, and most of that is fine detail that JPEG takes away."""
ROBUST_MODE = replace(USUAL, psnr=35.0, passages=ROBUST)
"""What ``unfind cloak --robust`` does."""
STRONG = Pace(momentum=0.7, margin=0.2)
"""By sign and with the whole budget of the paper, whatever the PSNR."""
QUICK_STEPS = Pace()
"""A hundred steps of an eighth of the paper's budget, by sign: what all methods are compared with."""
PUBLISHED_STEP = (3 * 224 * 224) ** -0.5
"""RNM's learning rate of 1 (section 5.3), read as a step of length 1 along the gradient of a photo of 224 pixels: the
PSNR that it prints, nearly the same for all budgets, only comes out of such steps. This is its root mean square."""
PUBLISHED = Pace(iterations=2000, rule="rms", step=PUBLISHED_STEP)
"""The published schedule of Tanh-P2P and Tanh-P2S."""
MODES = {"usual": USUAL, "robust": ROBUST_MODE, "strong": STRONG}
DIVERSE = replace(STRONG, passages=(*STRONG.passages, varied()))
