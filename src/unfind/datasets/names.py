"""Which names in a folder, an archive or a list are photos, and which must not be followed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from unfind.errors import DataError
from unfind.images.files import SUFFIXES


def is_photo(name: str) -> bool:
    """Whether a slash-separated name is a photo, neither hidden itself nor inside a hidden folder.

    `__MACOSX`, which macOS puts into zips for its own use, counts as hidden.
    """
    path = PurePosixPath(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not hidden and path.suffix.lower() in SUFFIXES


def leads_outside(name: str) -> bool:
    """Whether a name, taken as a path, could point outside the folder it is meant to be in."""
    return name.startswith("/") or "\\" in name or "\0" in name or ":" in name[:2] or ".." in name.split("/")


def refuse_outside(names: Iterable[str], source: str) -> None:
    """Raise DataError when a name leads outside its folder; `source` says where the names stand."""
    bad = next((name for name in names if leads_outside(name)), None)
    if bad is not None:
        raise DataError(
            f"{source} must only name files inside its own folder, but names {bad!r}; do not use it unless "
            "you trust where it came from and have removed that entry."
        )
