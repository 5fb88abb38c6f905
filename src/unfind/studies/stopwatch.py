"""A clock for comparing two ways of doing one thing, which other work on the machine does not falsify."""

from __future__ import annotations

import time

import torch


def now() -> float:
    """Seconds since some moment; only differences mean anything.

    One thread on a processor is timed by the processor's time: what else the machine does meanwhile does not count.
    With several threads or a graphics card that sum would be no duration, so the clock on the wall is taken, after
    all that the card was given is done.
    """
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()
