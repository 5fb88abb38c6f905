"""How cloaks are made in experiments: as the paper made them, and as ``unfind cloak`` makes them."""

from __future__ import annotations

from dataclasses import replace

from unfind.cloaks.pace import PAPER_BUDGET, Pace
from unfind.cloaks.passages import ROBUST, varied

USUAL = Pace(budget=0.012, momentum=0.7, margin=0.2)
"""What ``unfind cloak`` does without options."""
STRONG = replace(USUAL, budget=PAPER_BUDGET)
"""The same with the budget of the paper."""
QUICK_STEPS = Pace()
"""A hundred steps of an eighth of the paper's budget, by sign: what all methods are compared with."""
PUBLISHED_STEP = (3 * 224 * 224) ** -0.5
"""RNM's learning rate of 1 (section 5.3), read as a step of length 1 along the gradient of a photo of 224 pixels: the
PSNR that it prints, nearly the same for all budgets, only comes out of such steps. This is its root mean square."""
PUBLISHED = Pace(iterations=2000, rule="rms", step=PUBLISHED_STEP)
"""The published schedule of Tanh-P2P and Tanh-P2S."""
MODES = {
    "usual": USUAL,
    "usual_robust": replace(USUAL, passages=ROBUST),
    "strong": STRONG,
    "strong_robust": replace(STRONG, passages=ROBUST),
}
DIVERSE = replace(STRONG, passages=(*STRONG.passages, varied()))
