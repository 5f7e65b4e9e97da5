"""Runs the cells of a sweep: one after the other in this process, or on a Dask cluster, here or elsewhere.

Every finished cell is handed back at once, in whatever order they finish; what a cell comes to depends on its inputs
alone. A cell whose worker dies is handed back with that as its error. Keeping results is `scenario_store`'s.
"""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from inventory.errors import InputError, SourceError
from tui.scenario_store import engine

if TYPE_CHECKING:
    from capacity.scenarios import PlanningInputs
    from capacity.whatif.sweep import Cell, Weighed

AHEAD = 3  # cells handed to each worker at a time: none waits for work, and few are lost when a person stops
ANSWER_SECONDS = 15.0


class Runner(Protocol):
    """Plans cells, wherever that is."""

    def run(self, base: PlanningInputs, cells: Sequence[Cell]) -> Iterator[Weighed]:
        """What became of each cell, each once, as they finish."""
        ...


class InProcess:
    """One cell after the other, in this process."""

    def run(self, base: PlanningInputs, cells: Sequence[Cell]) -> Iterator[Weighed]:
        """In the order of the cells."""
        from capacity.whatif.sweep import weigh

        for cell in cells:
            yield weigh(base, cell)


class OnDask:
    """On the workers of a Dask cluster."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, base: PlanningInputs, cells: Sequence[Cell]) -> Iterator[Weighed]:
        """As they finish; a few for each worker are under way at a time."""
        from capacity.whatif.sweep import Weighed, weigh

        if not cells:
            return
        there = self._client.scatter(base, broadcast=True, hash=False)
        waiting = iter(cells)
        workers = max(1, sum(self._client.nthreads().values()))
        under_way: dict[Any, Cell] = {}
        for cell in waiting:
            under_way[self._client.submit(weigh, there, cell, pure=False)] = cell
            if len(under_way) >= workers * AHEAD:
                break
        distributed: Any = importlib.import_module("distributed")
        done = distributed.as_completed(list(under_way))
        for future in done:
            cell = under_way.pop(future)
            error = future.exception()
            yield Weighed(cell, None, f"{type(error).__name__}: {error}") if error else future.result()
            future.release()
            for following in waiting:
                submitted = self._client.submit(weigh, there, following, pure=False)
                under_way[submitted] = following
                done.add(submitted)
                break


@contextmanager
def runner(cells: int, workers: int | None, scheduler: str | None) -> Iterator[Runner]:
    """The runner a person asked for: a cluster's scheduler, or workers here (1: in this process; None: one a core).

    There are no more workers here than cells to plan.

    Raises InputError when Dask isn't installed, SourceError when the scheduler can't be reached or has no workers of
    the same version.
    """
    here = min(workers or os.cpu_count() or 1, max(1, cells))
    if scheduler is None and here == 1:
        yield InProcess()
        return
    with dask_client("sweeps", here, scheduler) as client:
        yield OnDask(client)


@contextmanager
def dask_client(what: str, workers: int, scheduler: str | None) -> Iterator[Any]:
    """A client of the scheduler named, or of so many workers here; `what` is run on it, as an error says.

    Raises as `runner` does.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise InputError(
            f"{what} on several workers need Dask, which is not installed",
            remedy="install the extra: `uv sync --extra cluster` or `pip install 'vorst[cluster]'`; "
            "or use --workers 1",
        ) from None
    if scheduler is not None:
        with _connected(distributed, scheduler) as client:
            yield client
        return
    with (
        tempfile.TemporaryDirectory(prefix="vorst-dask-") as scratch,
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            memory_limit=0,
            dashboard_address="127.0.0.1:0",  # any free port: two sweeps at once would quarrel about one
            local_directory=scratch,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def _connected(distributed: Any, scheduler: str) -> Iterator[Any]:
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(scheduler, timeout=ANSWER_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise SourceError(
            f"the scheduler can't be reached: {str(error).splitlines()[0] if str(error) else 'no answer'}",
            where=scheduler,
            remedy="start `dask scheduler` there, and check the address: tcp://HOST:8786",
        ) from None
    with client:
        _same_everywhere(client, scheduler)
        yield client


def _same_everywhere(client: Any, scheduler: str) -> None:
    """Refuse workers that would plan differently: results must not depend on where they were made."""
    try:
        found = client.run(engine)
    except Exception as error:  # noqa: BLE001 - whatever a worker without vorst raises
        raise SourceError(
            f"its workers can't run vorst: {type(error).__name__}: {error}",
            where=scheduler,
            remedy="install the same vorst on every worker",
        ) from None
    if not found:
        raise SourceError(
            "the scheduler has no workers", where=scheduler, remedy=f"start some: `dask worker {scheduler}`"
        )
    others = sorted(worker for worker, version in found.items() if version != engine())
    if others:
        raise SourceError(
            f"{len(others)} of its workers run another version of vorst or of its libraries, first {others[0]}",
            where=scheduler,
            remedy="install the same vorst on every worker",
        )
