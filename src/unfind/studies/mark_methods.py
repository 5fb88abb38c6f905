"""Ways to mark a photo, ours and others', behind one interface, so that they can be measured side by side."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unfind.images.photo import Pixels
from unfind.triggers.key import Key
from unfind.triggers.keyed_mark import KeyedMark
from unfind.triggers.open_mark import open_mark
from unfind.triggers.read_mark import read_mark
from unfind.triggers.shipped import SPREAD_SPECTRUM

PEER_BITS = 32
"""As many as all peers can carry."""
PEER_LEAST = 256
"""Photos with a shorter side are too small for the peers. Two of them refuse to read what has fewer than 256 x 256
pixels."""


@dataclass(frozen=True)
class Seen:
    """What is read in a photo.

    Attributes:
        bits: share of the bits that are right, before any repair; None for marks without bits.
        verified: whether the reader would say that this is the mark: ours by its false-alarm bound, a peer's when
            every bit is right.
    """

    bits: float | None
    verified: bool


@dataclass(frozen=True)
class Method:
    """One way to mark photos.

    Attributes:
        name: as figures are called.
        least: shortest side of a photo it takes.
        write: a photo and its number to the marked photo.
        read: a photo that may be marked, the photo it was made from and its number, to what is seen.
    """

    name: str
    least: int
    write: Callable[[Pixels, int], Pixels]
    read: Callable[[Pixels, Pixels, int], Seen]


def own_methods(key: Key, marks: tuple[str, ...]) -> list[Method]:
    """Our marks, by name as ``open_mark`` takes them."""
    return [_own(key, name) for name in marks]


def _own(key: Key, name: str) -> Method:
    mark = open_mark(key, name)
    keyed: KeyedMark | None = mark if isinstance(mark, KeyedMark) else getattr(mark, "photos", None)

    def read(pixels: Pixels, original: Pixels, number: int) -> Seen:
        if keyed is None:
            return Seen(None, mark.find(pixels).marked)
        looks = list(keyed.looks(pixels))  # once for both: they are what reading costs
        return Seen(keyed.share_in(looks, keyed.payload(original)), read_mark(looks, keyed.slots).marked)

    title = "spread" if name == SPREAD_SPECTRUM else "ours"
    return Method(title, 1, lambda pixels, number: mark.mark(pixels), read)


def peers() -> tuple[list[Method], dict[str, str]]:
    """The peers that are installed, and why each of the others is not there."""
    found: list[Method] = []
    absent: dict[str, str] = {}
    for name, make in {"blind_watermark": _blind, "dwt_dct_svd": _dwt_dct_svd, "rivagan": _rivagan}.items():
        try:
            found.append(make(name))
        except ImportError as error:
            absent[name] = f"not installed ({error})"
    return found, absent


def _blind(name: str) -> Method:
    """blind-watermark (Guo Fei): a DWT, a DCT and a singular value of each block of 4 x 4."""
    with contextlib.redirect_stdout(io.StringIO()), _any_start_method():  # it greets, and wants to choose for all
        from blind_watermark import WaterMark

    def coder() -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            return WaterMark(password_img=1, password_wm=1)

    def write(pixels: Pixels, number: int) -> Pixels:
        one = coder()
        one.read_img(img=np.ascontiguousarray(pixels[..., ::-1]))
        one.read_wm(bits_of(number).astype(bool).tolist(), mode="bit")
        return _eight_bits(one.embed())

    def read(pixels: Pixels) -> NDArray[np.bool_]:
        levels = coder().extract(embed_img=np.ascontiguousarray(pixels[..., ::-1]), wm_shape=PEER_BITS, mode="bit")
        return np.asarray(levels) > 0.5

    return _peer(name, write, read, fewest_pixels=0)


@contextlib.contextmanager
def _any_start_method() -> Iterator[None]:
    """Let an import choose how processes are started, and undo its choice: where one was made before, it would fail."""
    chosen = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(None, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method(chosen, force=True)


def _dwt_dct_svd(name: str) -> Method:
    """invisible-watermark's dwtDctSvd (ShieldMnt)."""
    return _invisible(name, "dwtDctSvd")


def _rivagan(name: str) -> Method:
    """invisible-watermark's RivaGAN (Zhang et al. 2019), whose networks come with that package."""
    from imwatermark import WatermarkEncoder

    WatermarkEncoder.loadModel()
    return _invisible(name, "rivaGan")


def _invisible(name: str, way: str) -> Method:
    from imwatermark import WatermarkDecoder, WatermarkEncoder

    def write(pixels: Pixels, number: int) -> Pixels:
        encoder = WatermarkEncoder()
        encoder.set_watermark("bits", bits_of(number).tolist())
        return _eight_bits(encoder.encode(np.ascontiguousarray(pixels[..., ::-1]), way))

    def read(pixels: Pixels) -> NDArray[np.bool_]:
        decoder = WatermarkDecoder("bits", PEER_BITS)
        return np.asarray(decoder.decode(np.ascontiguousarray(pixels[..., ::-1]), way)) > 0.5

    return _peer(name, write, read, fewest_pixels=PEER_LEAST**2)


def _peer(
    name: str,
    write: Callable[[Pixels, int], Pixels],
    read: Callable[[Pixels], NDArray[np.bool_]],
    *,
    fewest_pixels: int,
) -> Method:
    def seen(pixels: Pixels, original: Pixels, number: int) -> Seen:
        if pixels.shape[0] * pixels.shape[1] < fewest_pixels:
            return Seen(0.5, False)  # it refuses to read
        right = read(pixels) == bits_of(number)
        return Seen(float(right.mean()), bool(right.all()))

    return Method(name, PEER_LEAST, write, seen)


def bits_of(number: int) -> NDArray[np.bool_]:
    """The bits (32,) that a peer writes into the photo of a number: drawn, and always the same."""
    return np.random.default_rng([number, PEER_BITS]).random(PEER_BITS) < 0.5


def _eight_bits(bgr: NDArray[Any]) -> Pixels:
    levels: Pixels = np.clip(np.rint(bgr), 0, 255).astype(np.uint8)[..., ::-1]
    return np.ascontiguousarray(levels)
