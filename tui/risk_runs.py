"""Runs the samples of `vorst risk`: on this machine's cores, or on a Dask cluster, here or elsewhere.

Samples come in chunks that depend on nothing but themselves; the answer is the same wherever they run.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inventory.errors import SourceError
from tui.sweep_runs import dask_client

if TYPE_CHECKING:
    from capacity.uncertainty.sampling import Job, Model, Runner, Tally


@contextmanager
def samplers(workers: int | None, scheduler: str | None) -> Iterator[Runner]:
    """What runs chunks: a cluster's scheduler, so many Dask workers here, or (None) a thread for each core.

    1 worker: in this thread. Raises InputError when Dask is asked for and isn't installed, SourceError when the
    scheduler can't be reached or has no workers of the same version.
    """
    from capacity.uncertainty.sampling import one_by_one

    if scheduler is None and workers is None:
        yield _in_threads
    elif scheduler is None and workers == 1:
        yield one_by_one
    else:
        with dask_client("samples", workers or 1, scheduler) as client:
            yield lambda model, jobs: _on_dask(client, model, jobs)


def _in_threads(model: Model, jobs: Sequence[Job]) -> Iterator[Tally]:
    """The compiled samples hold no lock, so that threads run side by side."""
    from capacity.uncertainty.sampling import sampled

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(lambda job: sampled(model, job), jobs)


def _on_dask(client: Any, model: Model, jobs: Sequence[Job]) -> Iterator[Tally]:
    """As chunks finish, wherever that is. Raises SourceError for a chunk that its worker couldn't finish."""
    from capacity.uncertainty.sampling import sampled

    distributed: Any = importlib.import_module("distributed")
    there = client.scatter(model, broadcast=True, hash=False)
    futures = [client.submit(sampled, there, job, pure=False) for job in jobs]
    for future in distributed.as_completed(futures):
        error = future.exception()
        if error is not None:
            raise SourceError(
                f"samples were lost on a worker: {type(error).__name__}: {error}",
                where="Dask",
                remedy="run it again, or without a cluster",
            )
        yield future.result()
        future.release()
