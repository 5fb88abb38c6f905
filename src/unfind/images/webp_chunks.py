"""Take a WebP file apart into its chunks (RFC 9649, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

from unfind.errors import ImageError
from unfind.images.container import Container, bare_exif
from unfind.images.limits import Limits, check_size

_FIRST_CHUNK = 12
_VP8_START_CODE = b"\x9d\x01\x2a"


def split_webp(data: bytes, limits: Limits) -> Container:
    """Find a WebP's EXIF block and ICC profile, and check its size.

    The size is checked here, not after opening: libwebp allocates the whole canvas when a file is opened.

    Args:
        data: a file that begins like a WebP.
        limits: `max_side`, `max_pixels` and `max_icc_bytes` apply.

    Raises:
        ImageError: the header does not tell the size.
        ImageLimitError: the canvas is over a limit.
    """
    chunks = list(_chunks(data))
    check_size(*_canvas(chunks), limits)
    bodies = dict(reversed(chunks))
    profile = bodies.get(b"ICCP", b"")
    return Container(
        picture=data,
        icc=profile if 0 < len(profile) <= limits.max_icc_bytes else None,
        exif=bare_exif(bodies.get(b"EXIF", b"")),
        frames=max(1, sum(name == b"ANMF" for name, _ in chunks)),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (name, body) of the chunks at the top level; bodies are padded to an even length."""
    position = _FIRST_CHUNK
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body = position + 8
        yield data[position : position + 4], data[body : body + length]
        position = body + length + length % 2


def _canvas(chunks: list[tuple[bytes, bytes]]) -> tuple[int, int]:
    """Read (width, height) from the first chunk, whichever of the three kinds it is."""
    name, body = chunks[0] if chunks else (b"", b"")
    if name == b"VP8X" and len(body) >= 10:
        return int.from_bytes(body[4:7], "little") + 1, int.from_bytes(body[7:10], "little") + 1
    if name == b"VP8 " and body[3:6] == _VP8_START_CODE and len(body) >= 10:
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    if name == b"VP8L" and body[:1] == b"\x2f" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise ImageError("expected a WebP header that tells the picture's size, got a damaged one; take the original file")
