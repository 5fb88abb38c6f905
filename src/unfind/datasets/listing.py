"""Reading the list files that official data sets come with, and holding them against what is really there."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from pathlib import Path

from unfind.datasets.names import refuse_outside
from unfind.errors import DataError


def official_root(root: Path, marker: str, *, inside: Sequence[str] = (), hint: str) -> Path:
    """The folder that holds `marker`: `root` itself or one of its folders `inside`.

    Args:
        root: what the user gave.
        marker: file or folder, relative, that only the right folder has.
        inside: names of folders the official archive unpacks to.
        hint: where the data is and how its folder must look; ends the sentence of the error.

    Raises:
        DataError: none of these folders has the marker.
    """
    for folder in (root, *(root / name for name in inside)):
        if os.path.exists(folder / marker):
            return folder
    raise DataError(f"{root} must hold {marker}, but does not; {hint}.")


def read_rows(path: Path, columns: int, *, header: int = 0) -> list[list[str]]:
    """Rows of a list file with columns parted by blanks; the last column may hold blanks itself.

    Args:
        path: of the list file.
        columns: number of columns every row must have.
        header: number of lines to pass over at the top.

    Raises:
        DataError: the file cannot be read as text, or a row has too few columns.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()[header:]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} must be a readable list in UTF-8, but is not ({error}); unpack it again.") from error
    rows = [line.split(maxsplit=columns - 1) for line in lines if line.strip()]
    short = next((number for number, row in enumerate(rows) if len(row) < columns), None)
    if short is not None:
        raise DataError(
            f"row {short + 1} of {path} must have {columns} columns, but reads {' '.join(rows[short])!r}; "
            "unpack the file again."
        )
    return [[cell.strip() for cell in row] for row in rows]


def require_files(root: Path, files: Sequence[str], source: str) -> None:
    """Raise DataError unless every listed file is there.

    Each folder is listed once, so that a hundred thousand files take a second.

    Args:
        root: folder the files are relative to.
        files: slash-separated paths.
        source: the list that names them, for the message.
    """
    refuse_outside(files, source)
    present = {folder: _listing(root / folder) for folder in {posixpath.dirname(file) for file in files}}
    absent = [file for file in files if posixpath.basename(file) not in present[posixpath.dirname(file)]]
    if absent:
        named = ", ".join(absent[:3]) + (", ..." if len(absent) > 3 else "")
        raise DataError(
            f"all {len(files)} photos that {source} lists must be below {root}, but {len(absent)} are "
            f"absent ({named}); unpack the photos again, completely."
        )


def count_notes(name: str, found: Mapping[str, int], expected: Mapping[str, int]) -> tuple[str, ...]:
    """One sentence for each part whose number of photos differs from the published number."""
    return tuple(
        f"{name} is published with {expected[part]:,} {part} photos but has {found[part]:,} here, so "
        "figures cannot be compared with published ones."
        for part in expected
        if found[part] != expected[part]
    )


def _listing(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:  # an absent or closed folder: all that is listed in it is absent
        return frozenset()
