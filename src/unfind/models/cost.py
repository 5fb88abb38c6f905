"""What a network costs: multiplications of one pass, and bytes on disk."""

from __future__ import annotations

import torch
import torch.nn as nn
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode


def multiplications(net: nn.Module, *inputs: Tensor) -> int:
    """Multiply-accumulate operations of one forward pass, those of convolutions and matrix products."""
    counter = FlopCounterMode(display=False)
    with torch.inference_mode(), counter:
        net(*inputs)
    return int(counter.get_total_flops()) // 2


def weight_bytes(net: nn.Module) -> int:
    """Bytes of all weights and buffers as they are held."""
    return sum(tensor.numel() * tensor.element_size() for tensor in net.state_dict().values())
