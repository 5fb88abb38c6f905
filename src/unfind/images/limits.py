"""How large a photo may be: checked before its pixels are decoded, each limit with its reason."""

from __future__ import annotations

from dataclasses import dataclass, fields

from unfind.errors import ImageLimitError, UsageError


@dataclass(frozen=True)
class Limits:
    """What a photo may cost to decode.

    Args:
        max_bytes: size of the file. 128 MiB: a 48-megapixel PNG of a noisy scene takes about 100 MB.
        max_pixels: width times height. 120 million: phones take 48, medium-format cameras 100;
            one decoded photo then holds 360 MB.
        max_side: width or height. 20,000: panoramas of phones stay below 16,400, and every later step
            may hold whole rows.
        max_frames: pictures in an animation. 1: a mark in the first frame alone would protect nothing.
        max_scans: passes of a progressive JPEG. 100: encoders write about ten, and each one, however few
            its bytes, costs a walk over all pixels.
        max_icc_bytes: size of an ICC profile; a larger one is left out. 4 MiB: press profiles reach about 3.

    Raises:
        UsageError: a limit is below 1.
    """

    max_bytes: int = 128 * 1024 * 1024
    max_pixels: int = 120_000_000
    max_side: int = 20_000
    max_frames: int = 1
    max_scans: int = 100
    max_icc_bytes: int = 4 * 1024 * 1024

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise UsageError(
                    f"expected {field.name} of at least 1, got {getattr(self, field.name)}; "
                    "leave it out for the usual limit"
                )


DEFAULT_LIMITS = Limits()


def check_bytes(size: int, limits: Limits) -> None:
    """Raise ImageLimitError when a file of `size` bytes is over `limits.max_bytes`."""
    if size > limits.max_bytes:
        raise ImageLimitError(
            f"expected a photo of at most {limits.max_bytes:,} bytes, got {size:,}; save it smaller or raise max_bytes"
        )


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise ImageLimitError when a picture of `width` x `height` pixels is over a limit."""
    if max(width, height) > limits.max_side:
        raise ImageLimitError(
            f"expected sides of at most {limits.max_side:,} pixels, got {width:,} x {height:,}; "
            "scale the photo down or raise max_side"
        )
    if width * height > limits.max_pixels:
        raise ImageLimitError(
            f"expected at most {limits.max_pixels:,} pixels, got {width:,} x {height:,}; "
            "scale the photo down or raise max_pixels"
        )


def check_frames(frames: int, limits: Limits) -> None:
    """Raise ImageLimitError when an animation has more than `limits.max_frames` pictures."""
    if frames > limits.max_frames:
        raise ImageLimitError(f"expected a still photo, got {frames:,} frames; save the one you want as a still")


def check_scans(scans: int, limits: Limits) -> None:
    """Raise ImageLimitError when a progressive JPEG has more than `limits.max_scans` scans."""
    if scans > limits.max_scans:
        raise ImageLimitError(
            f"expected a JPEG of at most {limits.max_scans:,} scans, got {scans:,}; save it again as an ordinary JPEG"
        )
