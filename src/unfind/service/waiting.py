"""Waiting for threads without holding a request longer than it may last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import ParamSpec, TypeVar

import anyio.to_thread

Given = ParamSpec("Given")
Result = TypeVar("Result")


async def in_thread(work: Callable[Given, Result], *arguments: Given.args, **options: Given.kwargs) -> Result:
    """Run work in a thread; a request that has run out of time leaves it behind instead of waiting for it."""
    return await anyio.to_thread.run_sync(partial(work, *arguments, **options), abandon_on_cancel=True)


async def answered(future: Future[Result]) -> Result:
    """Wait for the writer; a request that has run out of time does not take back what it has asked for."""
    return await asyncio.shield(asyncio.wrap_future(future))
