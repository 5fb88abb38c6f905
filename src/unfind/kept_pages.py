"""Memory that was used once is kept: every step of a fit needs the same hundreds of megabytes again, and so does every
pass over a large photo.

Left alone, glibc gives large arrays back to the system as soon as they are freed, and the kernel then clears the same
pages anew for the next one. That took half of the processor's time in a fit, and a fifth where a photo of 12 megapixels
is protected.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
"""From glibc's malloc.h."""
NEVER = -1
"""Of M_TRIM_THRESHOLD: nothing that is free at the end of the heap goes back."""
AT_ONCE = 64 * 2**20
"""Bytes by which the heap grows."""


@cache
def keep_pages() -> bool:
    """Keep what is freed, from now on and for the whole process; once is enough.

    Returns:
        Whether the C library is glibc and did so; others are left as they are.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False
    wanted = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, NEVER), (M_TOP_PAD, AT_ONCE))
    done = [libc.mallopt(name, value) == 1 for name, value in wanted]
    return all(done)
