from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import Future

import pytest

from unfind.service.waiting import answered, in_thread


def test_work_gives_its_result_or_its_error() -> None:
    assert asyncio.run(in_thread(pow, 2, 5)) == 32
    assert asyncio.run(in_thread(sorted, [2, 1], reverse=True)) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 1, 0))


def test_a_request_out_of_time_leaves_its_thread_behind() -> None:
    release = threading.Event()

    async def story() -> float:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await in_thread(release.wait, 30)
        taken = time.monotonic() - began
        release.set()
        return taken

    assert asyncio.run(story()) < 20


def test_a_request_out_of_time_does_not_take_back_a_write() -> None:
    future: Future[int] = Future()

    async def story() -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await answered(future)
        assert not future.cancelled()
        future.set_result(3)
        return await answered(future)

    assert asyncio.run(story()) == 3
