"""Cloaks against float embeddings: towards a target embedding, or away from one's own."""

from __future__ import annotations

import torch
from torch import Tensor

from unfind.cloaks.base import Look
from unfind.cloaks.gradient import GradientCloak


class Cosine(GradientCloak):
    """1 - cosine of embedding and target, by projected gradient steps.

    To leave an embedding is to approach its negative. The start is random, because on the spot that is to be left
    the gradient of the cosine is zero.
    """

    name = "cosine"
    kinds = frozenset({"embedding"})
    random_start = 0.25

    def loss(self, outputs: Tensor, look: Look) -> Tensor:
        return 1 - torch.cosine_similarity(outputs, look.goal.target, dim=1)
