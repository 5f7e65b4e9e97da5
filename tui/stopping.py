"""Ctrl-C for long commands that can show what is done: the first asks them to stop, a second ends them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # exit code, as shells have it for Ctrl-C


@contextmanager
def stoppable(say: Callable[[str], None], message: str) -> Iterator[Callable[[], bool]]:
    """Yields a function that tells whether the person has asked to stop; `message` is said when they do."""
    asked = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        say(message)

    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
