"""One writer at a time: a second one is told who holds the gallery instead of waiting or doing damage."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from unfind.errors import GalleryError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK_NAME = "gallery.lock"

# Windows bars others from reading locked bytes, so the byte locked there lies far behind the pid.
_FAR_BYTE = 1 << 30


class WriteLock:
    """A lock that the operating system lets go of when its holder ends, however it ends.

    Threads that share one ``WriteLock`` wait for each other; another ``WriteLock`` on the same folder,
    in this process or another, is refused at once. The holder may take it again inside.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare a lock; nothing is locked yet.

        Args:
            folder: The gallery's folder, which exists.
        """
        self._path = folder / LOCK_NAME
        self._thread = threading.RLock()
        self._depth = 0
        self._file = -1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock inside a ``with`` block.

        Raises:
            GalleryError: When someone else holds it, or the lock file cannot be written.
        """
        with self._thread:
            if self._depth == 0:
                self._file = _take(self._path)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    os.close(self._file)


def _take(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise GalleryError(f"the gallery must be writable, but {error}; check the folder's access") from error
    try:
        _lock(file)
    except OSError as error:
        holder = os.pread(file, 20, 0).decode("ascii", "replace").strip() if hasattr(os, "pread") else ""
        os.close(file)
        raise GalleryError(
            f"a gallery has one writer at a time, but process {holder or 'unknown'} "
            f"is writing to {path.parent}; wait until it is done, or end it"
        ) from error
    os.ftruncate(file, 0)
    os.write(file, f"{os.getpid()}\n".encode())
    return file


def _lock(file: int) -> None:
    """Lock without waiting; OSError when another open file holds it. Closing the file lets go."""
    if sys.platform == "win32":
        os.lseek(file, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
