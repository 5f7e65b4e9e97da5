"""Reads published packing instances: vector bin packing (`.vbp`) and bin packing with conflicts (`.txt`).

An instance comes out with its demands expanded: a line with a demand of three is three items in a row. Some published
vectors have sizes below zero, which make room. A file that
breaks its format, or holds an item that fits no bin, is refused with file and line; nothing else is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inventory.errors import InputError

Ints = NDArray[np.int64]
LARGEST = 10**12  # of a number: sums of as many as MOST_ITEMS still are exact
MOST_ITEMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Instance:
    """`sizes` [items × dimensions], `capacity` [dimensions], `pairs` [conflicts × 2] of item numbers, each once."""

    sizes: Ints
    capacity: Ints
    pairs: Ints


def instance_files(folder: Path) -> list[Path]:
    """The instances anywhere below a folder: every `.vbp`, and every `.txt` whose first line is two numbers."""
    found = [path for path in folder.rglob("*") if path.suffix in {".vbp", ".txt"} and path.is_file()]
    return sorted(path for path in found if path.suffix == ".vbp" or _opens_with_two_numbers(path))


def read_instance(path: Path) -> Instance:
    """The instance in a file. Raises `InputError`, naming file and line, for one that can't be packed or read."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it can't be read: {error}", where=str(path)) from error
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    rows = iter(lines)
    instance = _vector(path, rows) if path.suffix == ".vbp" else _with_conflicts(path, rows)
    extra = next(rows, None)
    if extra is not None:
        raise _broken(path, extra[0], "it holds more than the lines it announces")
    return instance


def _opens_with_two_numbers(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        words = next((line.split() for line in file if line.strip()), [])
    return len(words) == 2 and all(word.isdecimal() for word in words)


def _broken(path: Path, line: int, what: str, remedy: str = "") -> InputError:
    return InputError(what, where=f"{path}, line {line}", remedy=remedy)


Rows = Iterator[tuple[int, list[str]]]


def _numbers(path: Path, rows: Rows, what: str, *, may_be_negative: bool = False) -> tuple[int, list[int]]:
    """The next line as whole numbers, and which line it is."""
    line, words = next(rows, (0, []))
    if not words:
        raise InputError(f"it ends before {what}", where=str(path))
    for word in words:
        digits = word.removeprefix("-") if may_be_negative else word
        if not (digits.isascii() and digits.isdecimal()):
            kind = "whole number" if may_be_negative else "whole number ≥ 0"
            raise _broken(path, line, f"{word} is no {kind} ({what})")
        if abs(int(word)) > LARGEST:
            raise _broken(path, line, f"{word} is beyond {LARGEST} ({what})")
    return line, [int(word) for word in words]


def _single(path: Path, rows: Rows, what: str) -> int:
    line, numbers = _numbers(path, rows, what)
    if len(numbers) != 1:
        raise _broken(path, line, f"{len(numbers)} numbers where one is expected ({what})")
    return numbers[0]


def _vector(path: Path, rows: Rows) -> Instance:
    dimensions = _single(path, rows, "the number of dimensions")
    capacity: list[int] = []
    if dimensions:
        line, capacity = _numbers(path, rows, "the capacities")
        if len(capacity) != dimensions:
            raise _broken(path, line, f"{len(capacity)} capacities for {dimensions} dimensions")
    kinds, sizes, demands = _single(path, rows, "the number of item lines"), [], []
    asked = 0
    for _ in range(kinds):
        line, numbers = _numbers(path, rows, f"{kinds} item lines", may_be_negative=True)
        if len(numbers) != dimensions + 1:
            raise _broken(
                path, line, f"{len(numbers)} numbers where {dimensions} sizes and a demand are expected"
            )
        if numbers[-1] < 0:
            raise _broken(path, line, f"a demand of {numbers[-1]}; 0 or more is expected")
        if numbers[-1] > 0:
            _check_fits(path, line, numbers[:-1], capacity)
        sizes.append(numbers[:-1])
        demands.append(numbers[-1])
        if (asked := asked + numbers[-1]) > MOST_ITEMS:
            raise _broken(path, line, f"more than {MOST_ITEMS} items are asked for so far")
    table = np.array(sizes, dtype=np.int64).reshape(len(demands), dimensions)
    return Instance(
        np.repeat(table, demands, axis=0),
        np.array(capacity, dtype=np.int64),
        np.zeros((0, 2), dtype=np.int64),
    )


def _with_conflicts(path: Path, rows: Rows) -> Instance:
    line, numbers = _numbers(path, rows, "items and capacity")
    if len(numbers) != 2:
        raise _broken(path, line, f"{len(numbers)} numbers where items and capacity are expected")
    count, capacity = numbers
    sizes: dict[int, int] = {}
    order: list[int] = []
    conflicts: list[tuple[int, int, int]] = []
    for _ in range(count):
        line, numbers = _numbers(path, rows, f"{count} item lines")
        if len(numbers) < 2:
            raise _broken(path, line, "an item line holds an id and a weight at least")
        item, weight, *others = numbers
        if item in sizes:
            raise _broken(path, line, f"item {item} is there twice")
        _check_fits(path, line, [weight], [capacity])
        sizes[item] = weight
        order.append(item)
        conflicts += [(line, item, other) for other in others]
    place = {item: number for number, item in enumerate(order)}
    for line, item, other in conflicts:
        if other == item or other not in place:
            raise _broken(
                path,
                line,
                f"item {item} conflicts with {other}, which is {'itself' if other == item else 'no item'}",
            )
    pairs = np.array([[place[one], place[other]] for _, one, other in conflicts], dtype=np.int64).reshape(
        -1, 2
    )
    return Instance(
        np.array([[sizes[item]] for item in order], dtype=np.int64).reshape(-1, 1),
        np.array([capacity], dtype=np.int64),
        np.unique(np.sort(pairs, axis=1), axis=0),
    )


def _check_fits(path: Path, line: int, sizes: list[int], capacity: list[int]) -> None:
    for dimension, (size, room) in enumerate(zip(sizes, capacity, strict=True), 1):
        if size > room:
            raise _broken(
                path,
                line,
                f"the item needs {size} in dimension {dimension}, a bin has {room}: it fits no bin",
            )
