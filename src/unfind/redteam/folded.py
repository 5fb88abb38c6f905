"""A model for attacks alone: batch normalisation folded into the convolutions before it, which saves a quarter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
import torch.nn as nn
from torch import Tensor
from torch.nn.utils.fusion import fuse_conv_bn_weights

from unfind.models.encoder import Encoder

CLOSE = 1e-3
"""How far logits may be off, as a fraction of the largest: rounding is hundreds of times less, a wrong pair more."""
Pair = tuple[nn.Conv2d, nn.BatchNorm2d]


def folded(encoder: Encoder) -> Encoder:
    """A copy of an encoder in evaluation mode without the batch normalisations that follow a convolution each.

    Evaluated, such a normalisation multiplies and shifts channels by fixed numbers, which the convolution can do as
    well. An attack looks at a model thousands of times and never changes it; what it saves is the memory that would be
    moved for every normalisation, forth and back. Which convolution feeds which normalisation is seen on a picture, so
    that any code of a backbone will do; where the copy does not give the same logits, one that is only frozen is
    returned.

    Args:
        encoder: not changed.
    """
    plain = deepcopy(encoder).eval().requires_grad_(False)
    probe = _probe(encoder)
    with torch.no_grad():
        pairs, wanted = _pairs(plain, probe)
        copy = deepcopy(plain)
        here, there = list(plain.modules()), list(copy.modules())
        twin = {id(one): other for one, other in zip(here, there, strict=True)}
        for convolution, norm in pairs:
            _fold(copy, twin[id(convolution)], twin[id(norm)])
        found = copy.logits(probe)
    same = bool((found - wanted).abs().max() <= CLOSE * wanted.abs().max())
    return copy if same else plain


def _probe(encoder: Encoder) -> Tensor:
    """Two noisy pictures, the same every time."""
    size, weight = encoder.architecture.size, next(encoder.parameters())
    return torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)).to(weight)


def _pairs(encoder: Encoder, probe: Tensor) -> tuple[list[Pair], Tensor]:
    """Convolutions whose output a normalisation was given, each used once, and the logits that came out."""
    outputs: dict[int, tuple[Tensor, nn.Conv2d]] = {}  # the tensors are held, or others would get their numbers
    pairs: list[Pair] = []
    calls: Counter[nn.Module] = Counter()

    def watch(module: nn.Module, given: Any, made: Tensor) -> None:
        calls[module] += 1
        if isinstance(module, nn.Conv2d):
            outputs[id(made)] = (made, module)
        elif isinstance(module, nn.BatchNorm2d) and id(given[0]) in outputs and module.running_mean is not None:
            pairs.append((outputs[id(given[0])][1], module))

    with _watched(encoder, watch):
        logits = encoder.logits(probe)
    return [pair for pair in pairs if calls[pair[0]] == calls[pair[1]] == 1], logits


@contextmanager
def _watched(module: nn.Module, watch: Any) -> Iterator[None]:
    kinds = (nn.Conv2d, nn.BatchNorm2d)
    hooks = [part.register_forward_hook(watch) for part in module.modules() if isinstance(part, kinds)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _fold(model: nn.Module, convolution: nn.Module, norm: nn.Module) -> None:
    """Let a convolution do what the normalisation after it did, and take that away."""
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    statistics = (norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias)
    weight, bias = fuse_conv_bn_weights(convolution.weight, convolution.bias, *statistics)
    layout = torch.channels_last if convolution.weight.is_contiguous(memory_format=torch.channels_last) else None
    convolution.weight = nn.Parameter(weight.to(memory_format=layout) if layout else weight, requires_grad=False)
    convolution.bias = nn.Parameter(bias, requires_grad=False)
    name = next(name for name, part in model.named_modules() if part is norm)
    parent, _, own = name.rpartition(".")
    setattr(model.get_submodule(parent), own, nn.Identity())
