from __future__ import annotations

import pytest

from unfind.images.container import Container, bare_exif


def test_a_container_is_a_still_of_8_bits_unless_told() -> None:
    container = Container(b"picture")
    assert (container.icc, container.exif, container.frames, container.bit_depth) == (None, None, 1, 8)


@pytest.mark.parametrize(
    ("block", "bare"),
    [(b"Exif\0\0II*\0rest", b"II*\0rest"), (b"II*\0rest", b"II*\0rest"), (b"", None), (b"Exif\0\0", None)],
)
def test_the_exif_marker_is_stripped(block: bytes, bare: bytes | None) -> None:
    assert bare_exif(block) == bare
