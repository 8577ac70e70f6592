"""From a thread's future to the loop's, with one wake-up for many.

A committer ends dozens of futures in a row. Waking the loop for each (`asyncio.wrap_future`) costs a system call and a
fight for the interpreter lock each time; here the first one wakes it, and the rest wait in the same queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, TypeVar

R = TypeVar("R")


class Futures:
    """The bridge of one loop for futures that other threads end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ended: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    async def result(self, future: Future[R]) -> R:
        """Await a thread's future. Cancelling the wait cancels nothing in the thread."""
        if future.done():
            return future.result()
        waiter: asyncio.Future[R] = self._loop.create_future()
        future.add_done_callback(lambda done: self._end(waiter, done))
        return await waiter

    def _end(self, waiter: asyncio.Future[Any], done: Future[Any]) -> None:
        """In the thread that ended it."""
        self._ended.append((waiter, done))
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed: nobody waits any more
                pass

    def _wake(self) -> None:
        self._woken = False  # before the queue is read: who appends after this wakes again
        while self._ended:
            waiter, done = self._ended.popleft()
            if waiter.done():
                continue
            error = done.exception()
            if error is None:
                waiter.set_result(done.result())
            else:
                waiter.set_exception(error)
