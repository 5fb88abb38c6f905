"""The most memory that this process has held."""

from __future__ import annotations

import sys


def peak_bytes() -> int:
    """Peak resident memory of this program alone.

    ``ru_maxrss`` would not do on Linux: it carries over the peak of the process that started this one.
    """
    try:
        with open("/proc/self/status") as file:
            return 1024 * int(next(line for line in file if line.startswith("VmHWM")).split()[1])
    except (OSError, StopIteration):
        import resource  # not on Windows, where all else here still works

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
