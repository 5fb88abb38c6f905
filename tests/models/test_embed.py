from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from unfind.images.resize import to_square
from unfind.models.embed import Embedder, embed_pixels, to_tensor
from unfind.models.encoder import Encoder

Build = Callable[..., Encoder]
Pictures = Callable[..., np.ndarray]


def test_pixels_become_numbers_from_0_to_1_with_the_channels_first(pictures: Pictures) -> None:
    pixels = pictures(2, 3, 4)
    tensor = to_tensor(pixels)
    assert tensor.shape == (2, 3, 3, 4)
    assert tensor.dtype == torch.float32
    for photo, y, x, channel in np.ndindex(pixels.shape):
        assert tensor[photo, channel, y, x].item() == pytest.approx(int(pixels[photo, y, x, channel]) / 255)
    assert to_tensor(np.full((1, 1, 1, 3), 255, np.uint8)).tolist() == [[[[1.0]], [[1.0]], [[1.0]]]]


def test_the_pixels_themselves_stay_and_may_be_read_only_or_flipped(pictures: Pictures) -> None:
    pixels = pictures(2)
    before = pixels.copy()
    pixels.setflags(write=False)
    to_tensor(pixels).zero_()
    np.testing.assert_array_equal(pixels, before)
    torch.testing.assert_close(to_tensor(pixels[:, :, ::-1]), to_tensor(pixels).flip(-1))


def test_embeddings_are_float32_unit_rows_in_order(encoder: Build, pictures: Pictures) -> None:
    model, pixels = encoder(), pictures(5)
    found = embed_pixels(model, pixels)
    assert found.shape == (5, 8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    with torch.no_grad():
        one_by_one = [model.eval()(to_tensor(pixels[i : i + 1]))[0].numpy() for i in range(5)]
    np.testing.assert_allclose(found, one_by_one, atol=1e-5)


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 100])
def test_the_batch_size_changes_nothing(encoder: Build, pictures: Pictures, batch: int) -> None:
    model, pixels = encoder(), pictures(7)
    np.testing.assert_allclose(embed_pixels(model, pixels, batch=batch), embed_pixels(model, pixels), atol=1e-5)


def test_the_same_call_gives_the_same_bits(encoder: Build, pictures: Pictures) -> None:
    model, pixels = encoder(), pictures(6)
    assert embed_pixels(model, pixels).tobytes() == embed_pixels(model, pixels).tobytes()


def test_a_list_of_pictures_is_as_good_as_an_array(encoder: Build, pictures: Pictures) -> None:
    model, pixels = encoder(), pictures(5)
    np.testing.assert_array_equal(embed_pixels(model, list(pixels), batch=2), embed_pixels(model, pixels, batch=2))


def test_no_pictures_give_no_rows(encoder: Build, pictures: Pictures) -> None:
    for nothing in ([], pictures(0)):
        found = embed_pixels(encoder(), nothing)
        assert found.shape == (0, 8)
        assert found.dtype == np.float32


def test_bf16_is_near_and_still_on_the_sphere(encoder: Build, pictures: Pictures) -> None:
    model, pixels = encoder(), pictures(5)
    rough = embed_pixels(model, pixels, precision="bf16")
    assert rough.dtype == np.float32
    np.testing.assert_allclose(rough, embed_pixels(model, pixels), atol=0.05)
    np.testing.assert_allclose(np.linalg.norm(rough, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_the_encoder_is_evaluated_and_left_in_its_mode(
    encoder: Build, pictures: Pictures, own: Callable[..., str], training: bool
) -> None:
    model = encoder(own(), freeze_batch_norm=False).train(training)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    first, again = embed_pixels(model, pictures(4)), embed_pixels(model, pictures(4))
    np.testing.assert_array_equal(first, again)
    assert model.training is training
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)


def test_progress_counts_the_pictures_done(encoder: Build, pictures: Pictures) -> None:
    seen: list[int] = []
    embed_pixels(encoder(), pictures(7), batch=3, on_progress=seen.append)
    assert seen == [3, 6, 7]


def test_an_embedder_resizes_the_one_way_a_model_sees_photos(encoder: Build, pictures: Pictures) -> None:
    model = encoder()
    photos = [pictures(1, 90, 40)[0], pictures(1, 32, 32)[0], pictures(1, 20, 61)[0]]
    expected = embed_pixels(model, np.stack([to_square(photo, 32) for photo in photos]))
    np.testing.assert_array_equal(Embedder(model, "f00d")(photos), expected)


def test_an_embedder_says_who_it_is(encoder: Build) -> None:
    embedder = Embedder(encoder(dimension=12), "0123456789abcdef")
    assert embedder.fingerprint == "0123456789abcdef"
    assert embedder.dimension == 12
    assert embedder([]).shape == (0, 12)


def test_an_embedder_embeds_in_the_precision_it_was_given(encoder: Build, pictures: Pictures) -> None:
    model, pixels = encoder(), pictures(3)
    rough = Embedder(model, "f00d", precision="bf16")(list(pixels))
    np.testing.assert_array_equal(rough, embed_pixels(model, pixels, precision="bf16"))
    assert np.abs(rough - Embedder(model, "f00d")(list(pixels))).max() > 0
