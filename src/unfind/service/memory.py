"""Memory that was used once is given back: every erasure writes the whole gallery anew, and allocators keep it.

The threads of LanceDB, Arrow and torch each get an arena of their own from glibc, and keep in it what they have freed.
A service that erases every second grew to five times what it needs, and went on growing slowly.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

import pyarrow as pa

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
"""From glibc's malloc.h."""
ARENAS = 2
"""Arenas of a whole process; threads that allocate at the same moment wait for each other, which takes microseconds."""
LARGE = 16 * 2**20
"""Bytes from which a piece has pages of its own, which go back as soon as it is freed: the matrix of all vectors. Left
alone, glibc raises this to 32 MiB; from 2 MiB on, erasing took twice the processor time for pages that come and go."""


def settle() -> None:
    """Let threads share arenas; for a process that does nothing but serve, before its threads begin."""
    if (libc := _glibc()) is not None:
        libc.mallopt(M_ARENA_MAX, ARENAS)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)
    # Arrow's own allocator keeps what it has freed out of malloc_trim's reach.
    pa.set_memory_pool(pa.system_memory_pool())


def give_back() -> None:
    """Give what is free to the system; takes some milliseconds."""
    pa.default_memory_pool().release_unused()
    if (libc := _glibc()) is not None:
        libc.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library where it is glibc; None elsewhere."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "gnu_get_libc_version") else None
