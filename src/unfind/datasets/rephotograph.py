"""Another snapshot of the same place: other framing, other light, other camera, same scene."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from unfind.errors import UsageError

MIN_SIZE = 16  # below it the lens and the framing leave nothing of the scene

Floats = NDArray[np.float32]


def rephotograph(
    pixels: NDArray[np.uint8], seed: int | Sequence[int] | np.random.Generator, size: int
) -> NDArray[np.uint8]:
    """Take a new snapshot of what a photo shows.

    The photographer stands elsewhere (framing, tilt, perspective), at another hour (exposure, colour of the
    light, a side lit more than the other), with another camera (blur, vignette, noise). The ranges
    are chosen so that a person still sees the same place, while pixels no longer match.

    Args:
        pixels: uint8 (H, W, 3) scene, sRGB.
        seed: of the shot; the same seed gives the same shot.
        size: side of the square shot in pixels, at least 16.

    Returns:
        uint8 (size, size, 3).

    Raises:
        UsageError: pixels of another kind, or a size that is too small.
    """
    _refuse_other_than_a_scene(pixels)
    if size < MIN_SIZE:
        raise UsageError(f"the side of a shot must be at least {MIN_SIZE} pixels, not {size}; ask for more.")
    rng = np.random.default_rng(seed)
    scene = Image.fromarray(pixels)
    shot = scene.transform(
        (size, size),
        Image.Transform.PERSPECTIVE,
        _homography(_framing(scene.size, rng), size),
        Image.Resampling.BICUBIC,
    )
    light = _linear(np.asarray(shot, np.float32) / np.float32(255))
    return _encoded(_camera(_lighting(light, rng), rng))


def _refuse_other_than_a_scene(pixels: NDArray[np.uint8]) -> None:
    is_rgb = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    if not is_rgb or min(pixels.shape[:2]) < MIN_SIZE:
        raise UsageError(
            f"a scene must be uint8 (H, W, 3) with sides of at least {MIN_SIZE}, not {pixels.dtype} "
            f"{pixels.shape}; decode a larger photo."
        )


def _framing(scene: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Corners (4, 2) in the scene, clockwise from the top left, of what the shot will show."""
    width, height = scene
    side = min(width, height) * rng.uniform(0.45, 0.9)
    angle = np.deg2rad(rng.normal(0, 7.0))
    square = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = square @ turn.T + rng.uniform(-0.09, 0.09, (4, 2)) * side
    room = np.array([width, height]) - 1 - np.ptp(corners, axis=0)
    corners = corners - corners.min(axis=0) + rng.uniform(0, 1, 2) * np.maximum(room, 0)
    inside: NDArray[np.float64] = np.clip(corners, 0, [width - 1, height - 1])
    return inside


def _homography(corners: NDArray[np.float64], size: int) -> list[float]:
    """The eight numbers that take pixels of the shot to pixels of the scene, as Pillow wants them."""
    shot = np.array([[0, 0], [size, 0], [size, size], [0, size]], float)
    rows, wanted = [], []
    for (x, y), (u, v) in zip(shot, corners, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return [float(number) for number in np.linalg.solve(np.array(rows), np.array(wanted))]


def _lighting(light: Floats, rng: np.random.Generator) -> Floats:
    """Exposure within about a stop, warmer or cooler light, and one side brighter than the other."""
    exposure = 2 ** rng.uniform(-1.1, 0.6)
    warmth, tint = rng.normal(0, 0.16), rng.normal(0, 0.04)
    balance = np.exp([warmth, tint, -warmth])
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 0.45)
    x, y = _plane(light.shape[0])
    slope = 1 + strength * (np.cos(angle) * x + np.sin(angle) * y)
    lit: Floats = (light * slope[..., None] * balance * exposure).astype(np.float32)
    return lit


def _camera(light: Floats, rng: np.random.Generator) -> Floats:
    """Blur and vignette of the lens, then noise of the sensor, which grows with the light as photons do."""
    size = light.shape[0]
    blur = rng.uniform(0.1, 1.2) * size / 160
    sharp = gaussian_filter(light, (blur, blur, 0), mode="nearest")
    x, y = _plane(size)
    vignette = 1 - rng.uniform(0, 0.4) * (x**2 + y**2) / 2
    seen = sharp * vignette[..., None]
    noise = rng.uniform(0.003, 0.03)
    spread = noise * np.sqrt(np.clip(seen, 0, 1) + 0.01)
    noisy: Floats = (seen + rng.standard_normal(seen.shape) * spread).astype(np.float32)
    return noisy


def _plane(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x (1, size) and y (size, 1) of each pixel, from -1 to 1."""
    line = np.linspace(-1, 1, size)
    return line[None, :], line[:, None]


def _linear(srgb: Floats) -> Floats:
    """Light from sRGB values in 0..1 (IEC 61966-2-1)."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encoded(light: Floats) -> NDArray[np.uint8]:
    """sRGB bytes from light; what is too bright for the sensor is white."""
    light = np.clip(light, 0, 1)
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    pixels: NDArray[np.uint8] = np.rint(srgb * 255).astype(np.uint8)
    return pixels
