"""Decoded, resized photos kept on disk, so that a set is decoded once and not in every run."""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from unfind.datasets.photo_set import PhotoSet
from unfind.errors import DataError, UnfindError, UsageError
from unfind.images.colour import srgb
from unfind.images.decode import decode
from unfind.images.resize import to_square

FORMAT_VERSION = 1  # raise it when the file layout or the way to pixels changes; older files are then rebuilt
_MAGIC = b"unfindpx"
_TRAILER = len(_MAGIC) + 8  # the magic, and the length of the JSON before it
_BLOCK = 2**24  # bytes summed at a time
_CHUNK = 256  # photos decoded ahead of the writer: keeps the threads busy and the memory small

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class CachedPixels:
    """Photos of a set as a model sees them.

    Args:
        pixels: uint8 (M, size, size, 3), read-only; a memory map when it lies on disk.
        kept: int64 (M,), the index in the set of each row, rising.
        refused: (file, sentence) of each photo that could not be decoded; M plus their number is the set's
            size.
        warning: why nothing was cached, when it should have been.
    """

    pixels: NDArray[np.uint8]
    kept: NDArray[np.int64]
    refused: list[tuple[str, str]]
    warning: str | None = None


def cache_folder() -> Path:
    """Where decoded photos are kept: `$UNFIND_CACHE`, else `~/.cache/unfind`."""
    chosen = os.environ.get("UNFIND_CACHE")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "unfind"


def cached_pixels(
    photos: PhotoSet,
    size: int,
    *,
    folder: Path | None,
    on_progress: Progress | None = None,
    workers: int | None = None,
) -> CachedPixels:
    """Decode all photos, or take them from the cache.

    A cache file holds good for the same names, signatures and size. It is written beside its place and then
    moved there, so it is whole or not there at all; its checksum is compared each time, and a damaged one is
    rebuilt. It can be read by its owner alone. When it cannot be written, the pixels stay in memory and a
    warning says why.

    Args:
        photos: what to decode.
        size: side of the square a model sees, in pixels.
        folder: of the cache, made if need be; None keeps the pixels in memory only.
        on_progress: told (photos done, photos in all) now and then while decoding.
        workers: threads; one per core, at most 8, if None: Pillow does not hold the interpreter while it
            decodes.

    Raises:
        UsageError: a size or a number of workers below 1.
        DataError: not one photo could be decoded.
    """
    if size < 1 or (workers is not None and workers < 1):
        raise UsageError(f"size and workers must be at least 1, not {size} and {workers}; 224 is a usual size.")
    rows = partial(_decoded, photos, size, workers or min(8, os.cpu_count() or 1), on_progress)
    if folder is None:
        return _in_memory(photos, size, rows())
    path = folder / f"pixels-{_key(photos, size)}.bin"
    found = _load(path, size)
    if found is not None:
        return found
    try:
        _write(path, photos, size, rows())
    except OSError as error:
        warning = (
            f"{path} could not be written ({error.strerror or error}), so the pixels stay in memory and "
            "are decoded again next time; free some space or choose another cache folder."
        )
        return _in_memory(photos, size, rows(), warning)
    return _load(path, size) or _in_memory(photos, size, rows(), f"{path} was damaged while it was written.")


def _key(photos: PhotoSet, size: int) -> str:
    """Hash of all that the pixels depend on."""
    digest = hashlib.sha256(f"{FORMAT_VERSION}/{size}/{len(photos)}".encode())
    for i, file in enumerate(photos.files):
        digest.update(json.dumps([file, _signature(photos, i)]).encode())
    return digest.hexdigest()[:32]


def _signature(photos: PhotoSet, i: int) -> str:
    try:
        return photos.signature(i)
    except (
        UnfindError,
        OSError,
    ) as error:  # a photo that is refused when it is read, which is the time to say so
        return f"unreadable: {type(error).__name__}"


def _decoded(
    photos: PhotoSet, size: int, workers: int, on_progress: Progress | None
) -> Iterator[NDArray[np.uint8] | str]:
    """Each photo's pixels, or the sentence saying why there are none, in order."""

    def decode_one(i: int) -> NDArray[np.uint8] | str:
        try:
            return to_square(srgb(decode(photos.read(i))), size)
        except UnfindError as error:
            return str(error)

    with ThreadPoolExecutor(workers) as pool:
        for start in range(0, len(photos), _CHUNK):
            stop = min(start + _CHUNK, len(photos))
            yield from pool.map(decode_one, range(start, stop))
            if on_progress is not None:
                on_progress(stop, len(photos))


def _in_memory(
    photos: PhotoSet, size: int, rows: Iterator[NDArray[np.uint8] | str], warning: str | None = None
) -> CachedPixels:
    pixels = np.empty((len(photos), size, size, 3), np.uint8)
    kept: list[int] = []
    refused: list[tuple[str, str]] = []
    for i, row in enumerate(rows):
        if isinstance(row, str):
            refused.append((photos.files[i], row))
        else:
            pixels[len(kept)] = row
            kept.append(i)
    _require_some(photos, len(kept), refused)
    pixels = pixels[: len(kept)]
    pixels.flags.writeable = False
    return CachedPixels(pixels, np.array(kept, np.int64), refused, warning)


def _write(path: Path, photos: PhotoSet, size: int, rows: Iterator[NDArray[np.uint8] | str]) -> None:
    """Write a cache file: the pixels, then JSON saying what they are, then where that begins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with NamedTemporaryFile(dir=path.parent, prefix=".pixels-", suffix=".part", delete=False) as file:
        part = Path(file.name)
        try:
            _fill(file.file, photos, size, rows)
            file.flush()
            os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:  # an interrupt too must leave nothing half-written behind
            part.unlink(missing_ok=True)
            raise


def _fill(file: Any, photos: PhotoSet, size: int, rows: Iterator[NDArray[np.uint8] | str]) -> None:
    kept: list[int] = []
    refused: list[tuple[str, str]] = []
    checksum = 0
    for i, row in enumerate(rows):
        if isinstance(row, str):
            refused.append((photos.files[i], row))
            continue
        data = row.tobytes()
        checksum = zlib.crc32(data, checksum)
        file.write(data)
        kept.append(i)
    _require_some(photos, len(kept), refused)
    footer = json.dumps({"size": size, "kept": kept, "refused": refused}).encode()
    footer += zlib.crc32(footer, checksum).to_bytes(4, "little")
    file.write(footer + len(footer).to_bytes(8, "little") + _MAGIC)


def _load(path: Path, size: int) -> CachedPixels | None:
    """What a cache file holds; None when it is absent, cut short or damaged."""
    try:
        with path.open("rb") as file:
            footer = _footer(file, path.stat().st_size, size)
        shape = (len(footer["kept"]), size, size, 3)
        pixels = np.memmap(path, np.uint8, "r", shape=shape)
        refused = [(str(name), str(sentence)) for name, sentence in footer["refused"]]
        return CachedPixels(pixels, np.array(footer["kept"], np.int64), refused)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _footer(file: BinaryIO, length: int, size: int) -> dict[str, Any]:
    """The JSON of a cache file, once its own sum and that of the pixels are found right; else ValueError."""
    file.seek(max(0, length - _TRAILER))
    trailer = file.read()
    footer_length = int.from_bytes(trailer[:8], "little")
    start = length - _TRAILER - footer_length
    if trailer[8:] != _MAGIC or start <= 0 or footer_length < 4:
        raise ValueError("cut short")
    file.seek(start)
    raw = file.read(footer_length)
    footer: dict[str, Any] = json.loads(raw[:-4])
    if footer["size"] != size or len(footer["kept"]) * size * size * 3 != start:
        raise ValueError("other pixels")
    if zlib.crc32(raw[:-4], _checksum(file, start)) != int.from_bytes(raw[-4:], "little"):
        raise ValueError("damaged")
    return footer


def _checksum(file: BinaryIO, length: int) -> int:
    file.seek(0)
    checksum = 0
    for start in range(0, length, _BLOCK):
        checksum = zlib.crc32(file.read(min(_BLOCK, length - start)), checksum)
    return checksum


def _require_some(photos: PhotoSet, kept: int, refused: list[tuple[str, str]]) -> None:
    if not kept:
        first = f", beginning with {refused[0][0]} ({refused[0][1]})" if refused else ""
        raise DataError(
            f"{photos.name} must have photos that can be decoded, but none of its {len(photos)} can "
            f"be{first}; check that they are JPEG, PNG or WebP photos."
        )
