"""Costs beside counting by hand."""

from __future__ import annotations

import torch
import torch.nn as nn

from unfind.models.cost import multiplications, weight_bytes


def test_a_convolution_multiplies_once_for_each_weight_and_place() -> None:
    net = nn.Conv2d(3, 8, 5, stride=2, padding=2)
    assert multiplications(net, torch.rand(2, 3, 16, 16)) == 2 * 8 * 8 * (8 * 3 * 25)


def test_a_linear_layer_multiplies_once_for_each_weight() -> None:
    assert multiplications(nn.Linear(30, 7), torch.rand(4, 30)) == 4 * 30 * 7


def test_parts_add_up() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 4 * 4, 5))
    assert multiplications(net, torch.rand(1, 1, 6, 6)) == 2 * 9 * 16 + 32 * 5


def test_weights_and_buffers_are_weighed() -> None:
    net = nn.Sequential(nn.Linear(10, 4), nn.BatchNorm1d(4))
    assert weight_bytes(net) == 4 * (40 + 4 + 4 * 4) + 8  # the count of batches is a 64-bit number
    assert weight_bytes(net.half()) < weight_bytes(nn.Linear(10, 4)) + 200
