from __future__ import annotations

import signal
import threading
from types import FrameType

import pytest

from unfind.training.interrupt import held_interrupts


def test_an_interrupt_waits_until_it_is_asked_for() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_interrupts() as pass_on:  # noqa: PT012
        pass_on()
        signal.raise_signal(signal.SIGINT)
        done.append("finished the step")
        pass_on()
        done.append("not reached")
    assert done == ["finished the step"]


def test_a_second_interrupt_does_not_wait() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_interrupts():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        done.append("held")
        signal.raise_signal(signal.SIGINT)
        done.append("not reached")
    assert done == ["held"]


def test_without_an_interrupt_nothing_happens() -> None:
    with held_interrupts() as pass_on:
        pass_on()


def test_afterwards_ctrl_c_works_as_before() -> None:
    with held_interrupts():
        assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with pytest.raises(ValueError, match="out of the block"), held_interrupts():
        raise ValueError("out of the block")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_program_that_handles_ctrl_c_itself_goes_on_doing_so() -> None:
    heard: list[int] = []

    def own(number: int, frame: FrameType | None) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, own)
    try:
        with held_interrupts() as pass_on:
            signal.raise_signal(signal.SIGINT)
            pass_on()
        assert signal.getsignal(signal.SIGINT) is own
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]


def test_another_thread_leaves_ctrl_c_alone() -> None:
    problems: list[BaseException] = []

    def elsewhere() -> None:
        try:
            with held_interrupts() as pass_on:
                pass_on()
                assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert problems == []
