from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from unfind.errors import UsageError
from unfind.report.pictures import amplified_difference, bytes_uri, data_uri

PAIR = st.tuples(*(arrays(np.uint8, (3, 2, 3)) for _ in range(2)))


def opened(uri: str) -> Image.Image:
    head, _, body = uri.partition(",")
    assert head.endswith(";base64")
    return Image.open(io.BytesIO(base64.b64decode(body, validate=True)))


def test_bytes_come_back_from_their_address() -> None:
    uri = bytes_uri(b"\x00\xffabc", "image/png")
    assert uri.startswith("data:image/png;base64,")
    assert base64.b64decode(uri.partition(",")[2]) == b"\x00\xffabc"


def test_png_keeps_every_value(photo: np.ndarray) -> None:
    image = opened(data_uri(photo, format="png"))
    np.testing.assert_array_equal(np.asarray(image), photo)


def test_jpeg_stays_near(photo: np.ndarray) -> None:
    image = opened(data_uri(photo))
    assert image.format == "JPEG"
    assert np.abs(np.asarray(image, dtype=int) - photo).mean() < 4


@pytest.mark.parametrize(("size", "expected"), [(None, (64, 48)), (32, (32, 24)), (500, (64, 48)), (1, (1, 1))])
def test_size_is_the_longest_side(photo: np.ndarray, size: int | None, expected: tuple[int, int]) -> None:
    assert opened(data_uri(photo, size=size)).size == expected


def test_grey_pictures_work(photo: np.ndarray) -> None:
    assert opened(data_uri(photo[..., 0], format="png")).mode == "L"


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros(4, np.uint8)]
)
def test_what_is_no_picture_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(UsageError, match="a picture is uint8"):
        data_uri(pixels)


def test_unknown_formats_and_sizes_are_refused(photo: np.ndarray) -> None:
    with pytest.raises(UsageError, match="'gif' came"):
        data_uri(photo, format="gif")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least 1 pixel"):
        data_uri(photo, size=0)


@settings(deadline=None, max_examples=40)
@given(pair=PAIR, gain=st.floats(0.1, 300))
def test_difference_equals_a_slow_loop(pair: tuple[np.ndarray, np.ndarray], gain: float) -> None:
    a, b = pair
    shown = amplified_difference(a, b, gain)
    for place in np.ndindex(a.shape):
        expected = min(255.0, gain * abs(int(a[place]) - int(b[place])))
        assert abs(int(shown[place]) - expected) <= 0.501
    np.testing.assert_array_equal(shown, amplified_difference(b, a, gain))


def test_equal_pictures_are_black(photo: np.ndarray) -> None:
    assert amplified_difference(photo, photo).max() == 0


def test_difference_refuses_what_cannot_be_compared(photo: np.ndarray) -> None:
    with pytest.raises(UsageError, match="one size"):
        amplified_difference(photo, photo[1:])
    for gain in (0.0, -1.0, float("nan")):
        with pytest.raises(UsageError, match="gain must be above 0"):
            amplified_difference(photo, photo, gain)
