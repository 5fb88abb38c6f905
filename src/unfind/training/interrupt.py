"""Ctrl-C that waits for the end of a step, so that what is stored then is a whole step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def held_interrupts() -> Iterator[Callable[[], None]]:
    """Hold back the first Ctrl-C within the block; a second one raises at once.

    Nothing is held back where Ctrl-C is not Python's to handle: outside the main thread, or where the program
    handles it in its own way.

    Yields:
        A function that raises KeyboardInterrupt if one is held back, to be called where it is safe to stop.
    """
    held = False

    def hold(number: int, frame: FrameType | None) -> None:
        nonlocal held
        if held:
            raise KeyboardInterrupt
        held = True

    def pass_on() -> None:
        if held:
            raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and before is signal.default_int_handler
    try:
        if ours:
            signal.signal(signal.SIGINT, hold)
        yield pass_on
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)
