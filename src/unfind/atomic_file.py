"""Files that are written at once or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write a file at once: afterwards it holds all of ``data``, or what it held before.

    The bytes go to a hidden file in the same folder, to the disk, and only then take the name. A file that is
    replaced hands on its permissions; a symbolic link is replaced, not followed.

    Args:
        path: where; its folder must exist.
        data: what.

    Raises:
        OSError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    part = path.with_name(f".unfind-{secrets.token_hex(8)}.part")
    try:
        _write_through(part, data, mode=_permissions(path))
        os.replace(part, path)
    finally:
        _remove(part)


def _write_through(part: Path, data: bytes, mode: int | None) -> None:
    with open(part, "xb") as file:
        if mode is not None:
            os.chmod(part, mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _permissions(path: Path) -> int | None:
    return path.stat().st_mode & 0o777 if path.is_file() else None


def _remove(part: Path) -> None:
    # Gone already after a success; after a failure there is nothing better to do than try.
    try:
        part.unlink(missing_ok=True)
    except OSError:
        return
