"""What is exported: the networks with everything around them that needs no key."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from unfind.models.embed import to_tensor
from unfind.models.mark_weights import Mark
from unfind.triggers.lay_on import change_of, working_view
from unfind.triggers.learned import load
from unfind.triggers.mark_graphs import MarkReader, MarkWriter
from unfind.triggers.read_mark import CROPS
from unfind.triggers.shipped import SHIPPED

Scene = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def net() -> Mark:
    return load(SHIPPED)


@pytest.mark.parametrize("shape", [(1, 1), (128, 128), (200, 320), (40, 700)])
def test_the_writer_makes_the_change_of_a_photo(shape: tuple[int, int], net: Mark, scene: Scene) -> None:
    pixels = scene(*shape)
    signs = torch.sign(torch.randn(1, 160, generator=torch.Generator().manual_seed(1)))
    view = working_view(to_tensor(pixels[None]))
    expected = change_of(view, net.encoder(view, signs))[:, 0]
    torch.testing.assert_close(MarkWriter(net.encoder)(torch.from_numpy(pixels)[None], signs), expected)


def test_what_comes_after_the_three_colours_is_not_looked_at(net: Mark, scene: Scene) -> None:
    rgb, signs = torch.from_numpy(scene(90, 80))[None], torch.ones(1, 160)
    rgba = torch.cat([rgb, torch.randint(0, 256, (1, 90, 80, 1), dtype=torch.uint8)], 3)
    assert torch.equal(MarkWriter(net.encoder)(rgb, signs), MarkWriter(net.encoder)(rgba, signs))
    for ours, theirs in zip(MarkReader(net.decoder)(rgb), MarkReader(net.decoder)(rgba), strict=True):
        assert torch.equal(ours, theirs)


def test_the_reader_looks_once_for_each_crop(net: Mark, scene: Scene) -> None:
    photo = torch.from_numpy(scene(150, 200))[None]
    reader = MarkReader(net.decoder)
    views = list(reader.views(photo))
    assert [tuple(view.shape) for view in views] == [(1, 3, 128, 128)] * len(CROPS)
    torch.testing.assert_close(views[0], working_view(to_tensor(photo.numpy())))
    evidence, presence = reader(photo)
    for place, view in enumerate(views):
        alone, seen = net.decoder(view)
        torch.testing.assert_close(evidence[place], alone[0])
        torch.testing.assert_close(presence[place], seen[0])


def test_a_margin_that_was_cut_off_is_put_back_where_it_was(net: Mark) -> None:
    photo = torch.zeros(1, 100, 100, 3, dtype=torch.uint8)
    photo[:, 45:55, 45:55] = 255
    views = list(MarkReader(net.decoder).views(photo))
    for view, share in zip(views, CROPS, strict=True):
        assert abs(float(view[0, 0].sum()) - (12.8 * (1 - share)) ** 2) < 12
        rows = torch.nonzero(view[0, 0].sum(1) > 0.5)[:, 0].float()
        assert abs(float(rows.mean()) - 63.5) <= 1
