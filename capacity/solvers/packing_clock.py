"""Stops what can't look at the clock itself: a compiled search, a solver of others'."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BLINK_S = 0.03


@contextmanager
def watched(seconds_left: Callable[[], float], stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` as soon as no seconds are left, and again until the work ends: it may begin after the first call."""
    is_done = threading.Event()

    def watch() -> None:
        while not is_done.is_set():
            if seconds_left() <= 0:
                stop()
            is_done.wait(BLINK_S)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        is_done.set()
        watcher.join()
