"""Vector bin packing on published instances: how few bins, how often proven, and in how many seconds.

`python -m benchmarks.packing DIR --best best_known.csv --seconds 10 --solutions OUT` packs every `.vbp` and every bin
packing with conflicts (`.txt`) below DIR, holds each solution against its instance with code of its own, and writes it
to OUT with a table of results. What is known of an instance is compared with the answer, and never shown to the solver.
Seconds are wall clock of this machine, as busy as it is, reading and compiling aside.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figure import Figure
from benchmarks.packing_check import faults
from benchmarks.packing_files import Instance, instance_files, read_instance
from benchmarks.packing_known import Known, read_known
from benchmarks.packing_peers import Peer, missing_peers, peers_here
from benchmarks.packing_summary import Row, missed_promises, summary
from benchmarks.solutions_folder import made
from capacity.solvers.packing import Problem, solve
from capacity.solvers.packing_columns import compile_kernels
from inventory.errors import VorstError

COLUMNS = ("instance", "value", "bound", "status", "seconds", "best_known", "gap_percent")
MARGIN_S = 0.05  # of the seconds given, kept for leaving off
SAMPLE_SECONDS = 3.0
SAMPLE_TARGET_S = 1.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Item numbers by bin, no packing has fewer bins than `lower_bound`; seconds of wall clock it took."""

    bins: list[list[int]]
    lower_bound: int
    status: str
    seconds: float


def pack(instance: Instance, seconds: float) -> Answer:
    """The solver's answer within so many seconds."""
    started = time.perf_counter()
    count = len(instance.sizes)
    deadline = started + seconds - min(MARGIN_S, seconds / 10)
    found = solve(
        Problem(
            instance.sizes.astype(np.float64),
            instance.capacity.astype(np.float64),
            np.ones(count),
            count,
            pairs=instance.pairs,
        ),
        effort=math.inf,
        seconds_left=lambda: max(0.0, deadline - time.perf_counter()),
    )
    took = time.perf_counter() - started
    bins: list[list[int]] = [[] for _ in range(found.bins)]
    for item, b in enumerate(found.bin.tolist()):
        bins[b].append(item)
    return Answer(bins, found.bound, found.status, took)


def warm_up() -> None:
    """Compile, and load what is loaded late: a tiny instance for each way through the solver."""
    compile_kernels()
    rng = np.random.default_rng(1)
    none = np.zeros((0, 2), dtype=np.int64)
    for dimensions in (1, 2):
        sizes = rng.integers(10, 60, (40, dimensions))
        pack(Instance(sizes, np.full(dimensions, 100), none), 2.0)
        pairs = np.unique(np.sort(rng.integers(0, 40, (60, 2)), axis=1), axis=0)
        pack(Instance(sizes, np.full(dimensions, 100), pairs[pairs[:, 0] < pairs[:, 1]]), 2.0)
    pack(_triplets(rng, 20), 2.0)


@dataclass(slots=True)
class Run:
    """One run over a folder: what it was asked, and the rows it has so far."""

    folder: Path
    seconds: float
    out: Path | None
    known: dict[Path, Known]
    peers: dict[str, Peer]
    rows: list[Row] = field(default_factory=list)

    def measure(self, path: Path) -> Row:
        """Read, pack, check and write one instance; what goes wrong with it is told and ends nothing."""
        name = path.relative_to(self.folder)
        known = self.known.get(path, Known(None, None))
        try:
            instance = read_instance(path)
            answer = pack(instance, self.seconds)
        except VorstError as error:
            print(f"error: {error}", file=sys.stderr, flush=True)
            return Row(name, None, None, "refused", 0.0, known)
        except Exception as error:  # noqa: BLE001 (a fault of the solver's is a line of the table)
            print(f"error: {path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return Row(name, None, None, "failed", 0.0, known, faults=(f"{type(error).__name__}",))
        wrong = faults(instance, answer.bins, answer.lower_bound)
        if known.best is not None and answer.lower_bound > known.best:
            wrong.append(f"a bound of {answer.lower_bound} is above the known value {known.best}")
        for fault in wrong:
            print(f"WRONG: {name}: {fault}", file=sys.stderr, flush=True)
        if self.out is not None:
            self._write(name, answer)
        peers = {peer: ask(instance, self.seconds) for peer, ask in self.peers.items()}
        return Row(
            name,
            len(answer.bins),
            answer.lower_bound,
            answer.status,
            answer.seconds,
            known,
            tuple(wrong),
            peers,
        )

    def _write(self, name: Path, answer: Answer) -> None:
        assert self.out is not None
        file = self.out / name.with_suffix(".json")
        file.parent.mkdir(parents=True, exist_ok=True)
        solution = {"bins": answer.bins, "lower_bound": answer.lower_bound, "status": answer.status}
        file.write_text(json.dumps(solution) + "\n", encoding="utf-8")

    @contextmanager
    def table(self) -> Iterator[Any]:
        """Writes rows into OUT/results.csv as they come; without OUT, nowhere."""
        if self.out is None:
            yield lambda _: None
            return
        self.out.mkdir(parents=True, exist_ok=True)
        with (self.out / "results.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*COLUMNS, *self.peers])

            def write(row: Row) -> None:
                writer.writerow([*row.cells(), *(row.peers.get(peer, "") for peer in self.peers)])
                file.flush()

            yield write


def chosen(files: Sequence[Path], folder: Path, only: str | None, shard: str | None) -> list[Path]:
    """The files whose path below the folder matches the pattern, every n-th of them from the i-th."""
    kept = [file for file in files if only is None or _matches(file.relative_to(folder), only)]
    if shard is None:
        return kept
    part, _, parts = shard.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise VorstError(f"--shard {shard}: i/n is expected, i from 1 to n", remedy="as in --shard 2/5")
    return kept[int(part) - 1 :: int(parts)]


def _matches(name: Path, pattern: str) -> bool:
    return any(fnmatch.fnmatch(text, pattern) for text in (name.as_posix(), name.name, name.stem))


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.packing", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="searched for .vbp and bin packing with conflicts"
    )
    parser.add_argument(
        "--best",
        type=Path,
        action="append",
        default=[],
        metavar="CSV",
        help="best known values, to compare with; a path, or one inside DIR; may be given again",
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="wall clock for each instance (default: 10)"
    )
    parser.add_argument("--solutions", type=Path, metavar="OUT", help="where solutions and results.csv go")
    parser.add_argument(
        "--peers", action="store_true", help="run other solvers too, each with the same seconds"
    )
    parser.add_argument("--only", metavar="GLOB", help="instances whose name or path below DIR matches")
    parser.add_argument("--shard", metavar="I/N", help="every N-th instance from the I-th")
    asked = parser.parse_args(given)
    if not (math.isfinite(asked.seconds) and asked.seconds > 0):
        parser.error(f"--seconds {asked.seconds}: more than 0 is expected")
    return asked


def asked_for(asked: argparse.Namespace) -> tuple[list[Path], dict[Path, Known]]:
    """The instances to pack, and what is known of them."""
    if not asked.folder.is_dir():
        raise VorstError("it is no folder", where=str(asked.folder))
    files = instance_files(asked.folder)
    known: dict[Path, Known] = {}
    for table in asked.best:
        known |= read_known(table, asked.folder, files)
    files = chosen(files, asked.folder, asked.only, asked.shard)
    if not files:
        raise VorstError("it holds no instance to pack", where=str(asked.folder))
    return files, known


def main(given: Sequence[str] | None = None) -> int:
    """Run over a folder: 0 when all promises are kept, 1 when a file is refused, 2 when a promise is missed."""
    asked = arguments(given)
    try:
        files, known = asked_for(asked)
        made(asked.solutions)
    except VorstError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for line in missing_peers() if asked.peers else ():
        print(line, file=sys.stderr)
    warm_up()
    peers = peers_here() if asked.peers else {}
    run = Run(asked.folder, asked.seconds, asked.solutions, known, peers)
    with run.table() as write:
        for path in files:
            row = run.measure(path)
            run.rows.append(row)
            write(row)
            print(row, flush=True)
    print()
    print("\n".join(summary(run.rows, list(peers))))
    missed = missed_promises(run.rows)
    for promise in missed:
        print(f"MISSED: {promise}")
    if missed:
        return 2
    return 1 if any(row.status == "refused" for row in run.rows) else 0


def _triplets(rng: np.random.Generator, bins: int) -> Instance:
    """Three items that fill each of `bins` bins exactly in three dimensions."""
    cuts = rng.integers(20, 50, (bins, 2, 3))
    triplets = np.concatenate([cuts[:, 0], cuts[:, 1], 100 - cuts.sum(axis=1)])
    return Instance(triplets, np.full(3, 100), np.zeros((0, 2), dtype=np.int64))


def sample() -> list[tuple[str, Instance]]:
    """A small set made here: triplets that fill bins exactly, vectors, and conflicts."""
    rng = np.random.default_rng(4)
    none = np.zeros((0, 2), dtype=np.int64)
    triplets = _triplets(rng, 20)
    pairs = np.unique(np.sort(rng.integers(0, 60, (300, 2)), axis=1), axis=0)
    return [
        ("60 triplets of 3 dimensions", triplets),
        ("60 vectors of 5 dimensions", Instance(rng.integers(5, 60, (60, 5)), np.full(5, 100), none)),
        (
            "60 items, 300 conflicts",
            Instance(rng.integers(20, 100, (60, 1)), np.array([150]), pairs[pairs[:, 0] < pairs[:, 1]]),
        ),
    ]


def figures() -> list[Figure]:
    """Seconds to the proven optimum, bins above the bound and faults, on a small set made here."""
    warm_up()
    found = []
    for name, instance in sample():
        answer = pack(instance, SAMPLE_SECONDS)
        wrong = faults(instance, answer.bins, answer.lower_bound)
        found += [
            Figure(f"{name}, packed", answer.seconds, "s"),
            Figure(f"{name}, above the bound", len(answer.bins) - answer.lower_bound, "bins", 0),
            Figure(f"{name}, faults", len(wrong), "in all", 0),
        ]
    return found


if __name__ == "__main__":
    sys.exit(main())
