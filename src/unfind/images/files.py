"""Photos on disk: find them, read them, and write them so that a failure leaves the old file whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from unfind.atomic_file import replace_file
from unfind.errors import ImageError, UsageError
from unfind.images.decode import decode
from unfind.images.limits import DEFAULT_LIMITS, Limits, check_bytes
from unfind.images.photo import Photo

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


def read_photo(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> Photo:
    """Read and decode one photo.

    Args:
        path: a regular file; its name does not matter.
        limits: what the photo may cost; the size is checked before the file is read.

    Raises:
        ImageError: the file cannot be read or decoded; the message begins with its path.
        ImageLimitError: it is over a limit; likewise.
    """
    try:
        return decode(_bytes(path, limits), limits=limits)
    except ImageError as error:
        raise type(error)(f"{path}: {error}") from error


def _bytes(path: Path, limits: Limits) -> bytes:
    try:
        # A pipe or device would block or never end.
        if path.exists() and not path.is_file():
            raise ImageError("expected a photo file, got a folder or device; give the photo itself")
        check_bytes(path.stat().st_size, limits)
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"expected a photo that can be read, got {_reason(error)}; check the path") from error


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file at once: afterwards it holds all of `data`, or what it held before.

    Args:
        path: where; its folder must exist.
        data: what.

    Raises:
        ImageError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    try:
        replace_file(path, data)
    except OSError as error:
        raise ImageError(
            f"{path}: expected a place that can be written, got {_reason(error)}; "
            "free some space or choose another folder"
        ) from error


def find_photos(paths: Iterable[Path]) -> list[Path]:
    """List the photos among files and folders.

    Args:
        paths: files are taken as they are; folders are searched through and through for .jpg, .jpeg, .png and
            .webp in any case. Hidden files and folders, and links to folders, are passed over.

    Returns:
        Each path once, sorted.

    Raises:
        UsageError: a path does not exist.
        ImageError: a folder cannot be read.
    """
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found.update(_inside(path))
        elif path.exists():
            found.add(path)
        else:
            raise UsageError(f"{path}: expected a photo or a folder, got a path that does not exist; check the name")
    return sorted(found)


def _inside(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        candidates = (Path(parent, name) for name in names if not name.startswith("."))
        yield from (file for file in candidates if file.suffix.lower() in SUFFIXES and file.is_file())


def _unreadable(error: OSError) -> None:
    raise ImageError(
        f"{error.filename}: expected a folder that can be read, got {_reason(error)}; check its permissions"
    ) from error


def _reason(error: OSError) -> str:
    return f'"{error.strerror or error}"'
