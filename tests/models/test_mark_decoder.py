"""The decoder: it reads a mark before anything is learned, and stays small."""

from __future__ import annotations

import torch

from unfind.models.cost import multiplications, weight_bytes
from unfind.models.mark_decoder import MarkDecoder, fine_detail
from unfind.models.mark_encoder import MarkEncoder
from unfind.models.mark_parts import WORKING_SIZE


def smooth(count: int = 4) -> torch.Tensor:
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    size = (WORKING_SIZE, WORKING_SIZE)
    return 0.2 + 0.6 * torch.nn.functional.interpolate(coarse, size, mode="bilinear", align_corners=False)


def signs(count: int = 4, slots: int = 160) -> torch.Tensor:
    return torch.randint(0, 2, (count, slots), generator=torch.Generator().manual_seed(1)) * 2.0 - 1


def test_gratings_are_read_from_the_first_step_on() -> None:
    encoder, decoder = MarkEncoder(160, seed=3), MarkDecoder(160, seed=3)
    photos, written = smooth(), signs()
    evidence, presence = decoder(photos + 0.02 * encoder(photos, written))
    assert (evidence.shape, presence.shape) == ((4, 160), (4,))
    assert float(((evidence > 0) == (written > 0)).float().mean()) > 0.97


def test_another_seed_reads_nothing() -> None:
    photos, written = smooth(), signs()
    evidence, _ = MarkDecoder(160, seed=4)(photos + 0.02 * MarkEncoder(160, seed=3)(photos, written))
    assert 0.4 < float(((evidence > 0) == (written > 0)).float().mean()) < 0.6


def test_both_networks_fit_into_eight_megabytes_and_two_gigamacs() -> None:
    encoder, decoder = MarkEncoder(160), MarkDecoder(160)
    assert weight_bytes(encoder) + weight_bytes(decoder) <= 8e6
    assert multiplications(decoder, smooth(1)) <= 2e9


def testfine_detail_is_what_local_means_leave_beside_a_loop() -> None:
    photo = torch.rand(1, 3, 12, 11, generator=torch.Generator().manual_seed(2))
    luma = (photo * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1)[0]
    found = fine_detail(photo)[0, 0]
    for row in range(12):
        for column in range(11):
            rows = [min(max(row + step, 0), 11) for step in range(-3, 4)]
            columns = [min(max(column + step, 0), 10) for step in range(-3, 4)]
            mean = sum(float(luma[r, c]) for r in rows for c in columns) / 49
            expected = torch.tanh(torch.tensor((float(luma[row, column]) - mean) / 0.04))
            assert abs(float(found[row, column]) - float(expected)) < 1e-4


def test_a_gradient_reaches_every_weight_that_is_in_use() -> None:
    decoder = MarkDecoder(16)
    with torch.no_grad():
        decoder.net.answer.weight.normal_(std=0.1)
        decoder.read.normal_(std=0.1)
    evidence, presence = decoder(torch.rand(2, 3, WORKING_SIZE, WORKING_SIZE))
    (evidence.square().sum() + presence.square().sum()).backward()
    assert all(weight.grad is not None and bool(weight.grad.any()) for weight in decoder.parameters())


def test_half_precision_hears_nearly_the_same() -> None:
    encoder, decoder = MarkEncoder(160, seed=3), MarkDecoder(160, seed=3)
    marked = smooth() + 0.005 * encoder(smooth(), signs())
    full, _ = decoder(marked)
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = decoder(marked)
    assert half.dtype == torch.float32
    assert float((half - full).detach().abs().mean()) < 0.05 * float(full.detach().abs().mean())
