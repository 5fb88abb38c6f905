"""The clock of comparisons."""

from __future__ import annotations

import time

import pytest
import torch

from unfind.studies import stopwatch as module
from unfind.studies.stopwatch import now


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clocks that tell which was read."""
    monkeypatch.setattr(module.time, "process_time", lambda: 1.0)
    monkeypatch.setattr(module.time, "perf_counter", lambda: 2.0)


@pytest.mark.parametrize(("threads", "card", "read"), [(1, False, 1.0), (4, False, 2.0), (1, True, 2.0)])
def test_which_clock_is_read(
    clocks: None, monkeypatch: pytest.MonkeyPatch, threads: int, card: bool, read: float
) -> None:
    waited: list[bool] = []
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: card)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waited.append(True))
    assert now() == read
    assert waited == [True] * card


def test_sleep_costs_one_thread_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    started = now()
    time.sleep(0.05)
    assert now() - started < 0.04


def test_work_costs_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    started = now()
    while now() - started < 0.01:
        pass
    assert now() > started
