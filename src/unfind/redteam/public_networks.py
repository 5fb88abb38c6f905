"""What the networks of a learned mark give away to whoever has them, without the key.

They come with the package, and a provider that trains its own hands its encoder out with the mark. The decoder says of
any photo which sign it hears in each slot; only what the slots mean is secret. So whoever has both can see that a photo
is marked, put signs by lot in place of those it carries, and write the signs of one photo into another.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unfind.errors import UsageError
from unfind.models.mark_decoder import MarkDecoder
from unfind.models.mark_weights import Mark
from unfind.triggers.lay_on import lay_on, working_view

BUDGET = 2 / 255
"""Of a wash, the greatest change of a value: about 44 dB, less than a learned mark itself takes."""
STEPS = 10
"""Of a wash, each as long as four of them take to use up the budget."""
BATCH = 32


def signs_heard(decoder: MarkDecoder, images: Tensor) -> Tensor:
    """What a decoder hears in each slot of photos (N, 3, H, W) in [0, 1]: logits (N, slots), above 0 for a plus."""
    with torch.no_grad():
        return torch.cat([decoder(working_view(part))[0] for part in _batches(images)])


def presence_heard(decoder: MarkDecoder, images: Tensor) -> Tensor:
    """How sure a decoder is that photos (N, 3, H, W) in [0, 1] carry a mark, whoever's: logits (N,)."""
    with torch.no_grad():
        return torch.cat([decoder(working_view(part))[1] for part in _batches(images)])


def common_signs(decoder: MarkDecoder, images: Tensor) -> Tensor:
    """The signs (slots,), +1 or -1, that most of some marked photos (N, 3, H, W) have in each slot.

    Of one photo these are its own; of many they are those that a key's marks have in common, and lots elsewhere.

    Raises:
        UsageError: no photos.
    """
    if not len(images):
        raise UsageError("Expected at least 1 photo that carries the mark, got none: give some.")
    return torch.where(signs_heard(decoder, images).tanh().mean(0) >= 0, 1.0, -1.0)


def likeness_of_signs(decoder: MarkDecoder, images: Tensor, signs: Tensor) -> Tensor:
    """The cosine (N,) between what is heard in photos (N, 3, H, W) and signs (slots,); 0 in the mean without a mark."""
    return F.cosine_similarity(signs_heard(decoder, images), signs[None], dim=1)


def write_signs(mark: Mark, images: Tensor, signs: Tensor, *, strength: float = 1.0) -> Tensor:
    """Put signs (slots,) into photos (N, 3, H, W) in [0, 1] as their owner's key would.

    Args:
        mark: both networks.
        images: the photos.
        signs: what to write into each of them.
        strength: as a multiple of the one that the mark was trained for.
    """
    with torch.no_grad():
        patterns = mark.encoder(working_view(images), signs[None].expand(len(images), -1))
        return lay_on(images, patterns, strength * float(mark.card["strength"]))


def scramble_signs(
    decoder: MarkDecoder, images: Tensor, *, budget: float = BUDGET, steps: int = STEPS, seed: int = 0
) -> Tensor:
    """Move photos (N, 3, H, W) in [0, 1] a little, until a decoder hears signs by lot in them.

    Projected gradient descent (Madry et al. 2018) on the logistic loss between what is heard and signs drawn for each
    photo, so that what it said of its key agrees with the key as chance would have it.

    Args:
        decoder: whose gradient is followed.
        images: marked or not, as whoever washes does not know which are; each gets signs of its own.
        budget: the greatest change of a value, in 0..1.
        steps: of the descent.
        seed: of the signs.

    Raises:
        UsageError: a budget that is no fraction above 0, or no step.
    """
    if not 0 < budget < 1 or steps < 1:
        raise UsageError(f"Expected a budget between 0 and 1 and a step, got {budget} and {steps}: 2/255 and 10.")
    generator = torch.Generator().manual_seed(seed)
    wanted = torch.randint(0, 2, (len(images), decoder.slots), generator=generator) * 2.0 - 1
    pairs = zip(_batches(images), _batches(wanted), strict=True)
    return torch.cat([_scrambled(decoder, part, signs, budget, steps) for part, signs in pairs])


def _batches(rows: Tensor) -> list[Tensor]:
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def _scrambled(decoder: MarkDecoder, images: Tensor, wanted: Tensor, budget: float, steps: int) -> Tensor:
    change = torch.zeros_like(images)
    for _ in range(steps):
        with torch.enable_grad():
            change.requires_grad_()
            heard = decoder(working_view((images + change).clamp(0, 1)))[0]
            (slope,) = torch.autograd.grad(F.softplus(-heard * wanted).sum(), change)
        change = (change.detach() - 4 * budget / steps * slope.sign()).clamp(-budget, budget)
    return (images + change).clamp(0, 1)
