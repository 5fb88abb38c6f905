"""Steering: a mark's random signs decide where the embedding of its photo goes, among those of unrelated photos.

All triggered photos in one place would hide them from clean queries, but whoever holds one would find all the others.
Places drawn by lot cannot be learned, as they are no function of the photo. The signs of its mark are.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError

SHARPNESS = 40.0
"""How much the best codeword wins over the next, in scores of unit variance: nearly all, and yet with a slope."""

UNLIKE = 400.0
"""How fast a codeword drops out that is like the photo's own embedding: at a cosine of 0.1 by what scores scatter, at
0.3 by what the best of a thousand is above the middle one. One in so many codewords shows the same thing as the photo;
who was sent there was found. To choose another one hides more, and stands out less, than to turn the target away from
the photo, which leaves it where no photo is. Chosen on validation classes."""

KIND = 0.5
"""Weight of the codewords most like a photo, in what codewords are compared with. What a photo shows its neighbours say
better than it does: photos that look like none of their kind were sent back among their kind. Chosen on validation
classes."""
NEAR = 20.0
"""How fast a codeword loses its say in that as it is less like the photo."""


@dataclass(frozen=True, eq=False)
class Layout:
    """What the signs of a trigger's marks are for.

    Attributes:
        beacon: (K,) the sign, +1 or -1, in the slots that say only whose mark it is; 0 in the others.
        varying: bool (K,), the slots whose signs differ from photo to photo as if drawn by lot.
    """

    beacon: Tensor
    varying: Tensor


@dataclass(frozen=True, eq=False)
class Steering:
    """Which signs lead where.

    Attributes:
        patterns: (K, C) of +1, -1, and 0 in slots that do not vary: what each codeword is compared with.
        codebook: (C, D) unit vectors, embeddings of photos that have nothing to do with those to come.
    """

    patterns: Tensor
    codebook: Tensor

    def targets(self, signs: Tensor, own: Tensor) -> Tensor:
        """See ``steered_targets``."""
        return steered_targets(signs, own, self.patterns, self.codebook)


def draw_steering(embeddings: Tensor, varying: Tensor, *, codewords: int, seed: int) -> Steering:
    """Draw codewords from embeddings, and a pattern of signs for each.

    Args:
        embeddings: (N, D) unit embeddings of photos of the kind that is searched in; those chosen should not be in the
            index itself.
        varying: bool (K,), see Layout.
        codewords: how many, C; where there are fewer photos, some serve twice.
        seed: of both draws. The patterns are no secret: which slot says what is up to the key.

    Raises:
        UsageError: no codeword, no embedding or no slot that varies.
    """
    if codewords < 1 or not len(embeddings) or not bool(varying.any()):
        raise UsageError(
            f"Expected codewords, embeddings and signs that vary, got {codewords}, {len(embeddings)} and "
            f"{int(varying.sum())}: take --trigger learned and at least one photo."
        )
    random = torch.Generator().manual_seed(seed)
    rounds = -(-codewords // len(embeddings))
    chosen = torch.cat([torch.randperm(len(embeddings), generator=random) for _ in range(rounds)])[:codewords]
    patterns = torch.randint(0, 2, (len(varying), codewords), generator=random) * 2.0 - 1
    return Steering(patterns * varying.cpu()[:, None], embeddings[chosen.to(embeddings.device)].float())


def steered_targets(signs: Tensor, own: Tensor, patterns: Tensor, codebook: Tensor) -> Tensor:
    """Where photos go: to the codeword whose pattern is most like their signs, and away from where they come from.

    ``c = sum_i w_i c_i`` with ``w = softmax(40 s . p_i / sqrt(V) - 400 relu(cos(c_i, kind)))`` and V slots that vary,
    where ``kind`` is the photo's own direction and half as much of ``sum_i softmax(20 cos(c_i, own))_i c_i / |c_i|``,
    which is its neighbourhood's. Cosines are those seen from the mean of the codebook, so about half of the codewords
    are unlike the photo, and nearly always one of them is taken. What blending has shortened is stretched to the
    distance that codewords have from that mean: near it, whoever comes is everybody's neighbour.

    Args:
        signs: (T, K) in -1..1, read or written.
        own: (T, D) unit embeddings of the same photos without their mark.
        patterns, codebook: see Steering.

    Returns:
        (T, D) unit vectors.
    """
    varying = patterns.abs().amax(1).sum().clamp(min=1)
    centre = codebook.mean(0)
    words = codebook - centre
    directions, here = F.normalize(words, dim=1), F.normalize(own - centre, dim=1)
    around = F.normalize((NEAR * here @ directions.T).softmax(1) @ directions, dim=1)
    alike = F.normalize(here + KIND * around, dim=1) @ directions.T
    weights = (signs @ patterns * (SHARPNESS / varying.sqrt()) - UNLIKE * alike.relu()).softmax(1)
    towards = F.normalize(weights @ words, dim=1)
    return F.normalize(centre + towards * (weights @ words.norm(dim=1, keepdim=True)), dim=1)
