"""Work on many thousands of rows without the cyclic garbage collector walking over all of them again and again.

It changes no result, only how long it takes: rows and changes form no cycles, and all stay alive while they are made.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the collector for the block, unless it already is. Also usable as a decorator."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
