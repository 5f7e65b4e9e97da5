"""Reads instances of project scheduling (PSPLIB's `.sm`, Patterson's `.rcp`) and writes schedules.

A `.sm` has sections: numbers of jobs and resources; PRECEDENCE RELATIONS (job, modes, successors); REQUESTS/DURATIONS
(job, mode, duration, requests); RESOURCEAVAILABILITIES. A `.rcp` is whole numbers: activities, resources, capacities;
then for each activity its duration, requests, number of successors and these, counted from 1. Only renewable resources
and one mode for each job are read; a file that isn't so is refused with the place and the reason.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inventory.errors import VorstError

Ints = NDArray[np.int64]
WHOLE_NUMBER = re.compile(r"\d{1,9}")


class BadFile(VorstError):
    """A file that is not of one of the formats."""


@dataclass(frozen=True, slots=True)
class Instance:
    """`duration` [activities], `need` [activities × resources], `capacity` [resources], successors of each activity."""

    duration: Ints
    need: Ints
    capacity: Ints
    successors: tuple[tuple[int, ...], ...]


def read(path: Path) -> Instance:
    """The instance of a file, by its suffix."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"can't be read: {error}", where=str(path), remedy="check the file") from error
    return _patterson(text, path) if path.suffix == ".rcp" else _psplib(text, path)


def write(path: Path, start: Ints, bound: int, status: str) -> None:
    """The starts of all activities, dummies included, and what is known of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"start": start.tolist(), "lower_bound": bound, "status": status}
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


def _refusal(path: Path, where: str, what: str) -> BadFile:
    return BadFile(what, where=f"{path}, {where}", remedy="give a file as its publishers have it")


def _whole(word: str, path: Path, where: str) -> int:
    if not WHOLE_NUMBER.fullmatch(word):
        raise _refusal(path, where, f"{word!r} is no whole number of at most nine digits")
    return int(word)


def _instance(
    path: Path,
    durations: list[int],
    needs: list[list[int]],
    capacity: list[int],
    after: list[tuple[int, ...]],
) -> Instance:
    """Numbered from 0; successors have to exist."""
    n = len(durations)
    for activity, successors in enumerate(after):
        strange = [s + 1 for s in successors if not 0 <= s < n]
        if strange:
            raise _refusal(path, f"activity {activity + 1}", f"its successor {strange[0]} does not exist")
    return Instance(
        np.array(durations, dtype=np.int64),
        np.array(needs, dtype=np.int64).reshape(n, len(capacity)),
        np.array(capacity, dtype=np.int64),
        tuple(after),
    )


# --- Patterson ------------------------------------------------------------------------------------------------------


def _patterson(text: str, path: Path) -> Instance:
    words = text.split()
    taken = 0

    def number(where: str) -> int:
        nonlocal taken
        if taken >= len(words):
            raise _refusal(path, where, "the file ends before its last number")
        taken += 1
        return _whole(words[taken - 1], path, where)

    n, resources = number("first line"), number("first line")
    capacity = [number("capacities") for _ in range(resources)]
    durations, needs, after = [], [], []
    for activity in range(1, n + 1):
        where = f"activity {activity}"
        durations.append(number(where))
        needs.append([number(where) for _ in range(resources)])
        after.append(tuple(number(where) - 1 for _ in range(number(where))))
    if taken < len(words):
        raise _refusal(path, f"number {taken + 1}", "numbers are left over after the last activity")
    return _instance(path, durations, needs, capacity, after)


# --- PSPLIB ---------------------------------------------------------------------------------------------------------


def _psplib(text: str, path: Path) -> Instance:
    lines = text.splitlines()
    jobs = _count(lines, r"jobs \(incl\. supersource/sink \)", path)
    resources = _count(lines, r"- renewable", path)
    for kind in ("- nonrenewable", "- doubly constrained"):
        if _count(lines, kind, path):
            raise _refusal(path, kind, "only renewable resources are read")
    after = []
    for job, row in enumerate(_section(lines, "PRECEDENCE RELATIONS", 1, jobs, path), start=1):
        if len(row) < 3 or row[0] != job or row[1] != 1 or row[2] != len(row) - 3:
            raise _refusal(
                path, f"precedence of job {job}", "expected job, one mode, number of successors, these"
            )
        after.append(tuple(s - 1 for s in row[3:]))
    durations, needs = [], []
    for job, row in enumerate(_section(lines, "REQUESTS/DURATIONS", 2, jobs, path), start=1):
        if len(row) != 3 + resources or row[0] != job or row[1] != 1:
            raise _refusal(
                path, f"requests of job {job}", f"expected job, mode 1, duration, {resources} requests"
            )
        durations.append(row[2])
        needs.append(row[3:])
    (capacity,) = _section(lines, "RESOURCEAVAILABILITIES", 1, 1, path)
    if len(capacity) != resources:
        raise _refusal(
            path, "RESOURCEAVAILABILITIES", f"expected {resources} capacities, found {len(capacity)}"
        )
    return _instance(path, durations, needs, capacity, after)


def _count(lines: list[str], label: str, path: Path) -> int:
    for line in lines:
        found = re.match(rf"\s*{label}\s*:\s*(\d{{1,9}})", line)
        if found:
            return int(found[1])
    raise _refusal(path, "head", f"no line {label.replace(chr(92), '')!r}")


def _section(lines: list[str], title: str, heads: int, rows: int, path: Path) -> list[list[int]]:
    """The rows of numbers after a title and so many lines of headings."""
    at = next((i for i, line in enumerate(lines) if line.strip().startswith(title)), None)
    if at is None:
        raise _refusal(path, "whole file", f"no section {title}")
    found = lines[at + 1 + heads : at + 1 + heads + rows]
    if len(found) < rows:
        raise _refusal(path, title, f"expected {rows} rows, found {len(found)}")
    return [
        [_whole(word, path, f"line {at + 2 + heads + i}") for word in row.split()]
        for i, row in enumerate(found)
    ]
