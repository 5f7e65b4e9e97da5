"""Reads instances of the machine reassignment challenge (ROADEF/EURO 2012) and writes solutions, in its own format.

A model is whole numbers separated by white space: resources (transient, load weight), machines (neighbourhood,
location, capacities, safety capacities, move costs to every machine), services (fewest locations, dependencies),
processes
(service, needs, move cost), balance objectives (two resources, target; weight), three move weights. An assignment
is the machine of each process, from 0. A file that isn't so is refused with the place and the reason.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inventory.errors import VorstError

Ints = NDArray[np.int64]
WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}")
LARGEST_COST = 2**61  # sums of weighted amounts stay whole numbers of 64 bits


class BadFile(VorstError):
    """A file that is not of the challenge's format."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What a model and its assignment say, by the challenge's names; arrays of whole numbers."""

    name: str
    transient: Ints
    load_weight: Ints
    neighbourhood: Ints
    location: Ints
    capacity: Ints
    safety: Ints
    machine_move_cost: NDArray[np.int32]
    spread: Ints
    depends: Ints
    service: Ints
    need: Ints
    process_move_cost: Ints
    balance: Ints
    move_weights: tuple[int, int, int]
    initial: Ints


class Numbers:
    """The whole numbers of a file, taken in order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = _text(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", DeprecationWarning)
                self._values = np.fromstring(self._text, dtype=np.int64, sep=" ")
        except (DeprecationWarning, ValueError):
            raise self._not_a_number() from None
        self._next = 0

    def _not_a_number(self) -> BadFile:
        for index, token in enumerate(re.finditer(r"\S+", self._text)):
            if not WHOLE_NUMBER.fullmatch(token.group()):
                shown = token.group()[:20]
                return self.problem(index, f"{shown!r} is not a whole number of at most 18 digits")
        return BadFile("not whole numbers separated by white space", where=str(self._path))

    def problem(self, index: int, what: str) -> BadFile:
        """The error that the number at `index` is wrong."""
        for at, token in enumerate(re.finditer(r"\S+", self._text)):
            if at == index:
                before = self._text[: token.start()]
                line, column = before.count("\n") + 1, token.start() - (before.rfind("\n") + 1) + 1
                return BadFile(what, where=f"{self._path}, line {line}, column {column}")
        return BadFile(what, where=f"{self._path}, at its end")

    def take(self, rows: int, columns: int, what: str, least: int = 0, most: int | None = None) -> Ints:
        """The next `rows × columns` numbers, each in [least, most]."""
        first, last = self._next, self._next + rows * columns
        if last > self._values.size:
            raise self.problem(
                self._values.size, f"{what} must follow ({rows * columns} numbers), but the file has ended"
            )
        taken = self._values[first:last]
        wrong = taken < least if most is None else (taken < least) | (taken > most)
        if wrong.any():
            at = int(np.argmax(wrong))
            limits = f"at least {least}" if most is None else f"from {least} to {most}"
            raise self.problem(first + at, f"{what} must be {limits}, not {taken[at]}")
        self._next = last
        return taken.reshape(rows, columns)

    def one(self, what: str, least: int = 0) -> int:
        """The next number."""
        return int(self.take(1, 1, what, least)[0, 0])

    def check_columns(self, start: int, table: Ints, columns: slice, what: str, most: int) -> None:
        """Refuse a number of the table that began at `start` when one in `columns` exceeds `most`."""
        wrong = np.zeros(table.shape, np.bool_)
        wrong[:, columns] = table[:, columns] > most
        if wrong.any():
            at = int(np.argmax(wrong))
            raise self.problem(start + at, f"{what} must be from 0 to {most}, not {table.ravel()[at]}")

    @property
    def place(self) -> int:
        """The index of the next number."""
        return self._next

    def end(self) -> None:
        """Refuse numbers left over."""
        if self._next < self._values.size:
            raise self.problem(self._next, "the file should have ended here")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise BadFile(str(error.strerror or error), where=str(path)) from error
    except UnicodeDecodeError as error:
        raise BadFile("not text of whole numbers", where=f"{path}, byte {error.start}") from error


def read(model: Path, assignment: Path) -> Instance:
    """The instance of a model file and the assignment it starts from; raises BadFile."""
    numbers = Numbers(model)
    resources = numbers.one("the number of resources", 1)
    table = numbers.take(resources, 2, "a resource's transient mark and load weight")
    numbers.check_columns(numbers.place - table.size, table, slice(0, 1), "a transient mark", 1)
    transient, load_weight = table[:, 0], table[:, 1]
    machines = numbers.one("the number of machines", 1)
    table = numbers.take(machines, 2 + 2 * resources + machines, "a machine's numbers")
    neighbourhood, location = (_numbered(table[:, column]) for column in (0, 1))
    capacity, safety = table[:, 2 : 2 + resources], table[:, 2 + resources : 2 + 2 * resources]
    numbers.check_columns(
        numbers.place - table.size, table, slice(2 + 2 * resources, None), "a machine's move cost", 2**31 - 1
    )
    move_cost = table[:, 2 + 2 * resources :].astype(np.int32)
    spread, depends = _services(numbers)
    processes = numbers.one("the number of processes", 1)
    table = numbers.take(processes, resources + 2, "a process's numbers")
    numbers.check_columns(
        numbers.place - table.size, table, slice(0, 1), "a process's service", spread.size - 1
    )
    service, need, process_cost = table[:, 0], table[:, 1:-1], table[:, -1]
    objectives = numbers.one("the number of balance objectives")
    balance = numbers.take(objectives, 4, "a balance objective's numbers")
    numbers.check_columns(
        numbers.place - balance.size, balance, slice(0, 2), "a balanced resource", resources - 1
    )
    weights = numbers.take(1, 3, "a move weight")[0]
    numbers.end()
    start = Numbers(assignment)
    initial = start.take(1, processes, "a process's machine", 0, machines - 1)[0]
    start.end()
    instance = Instance(
        name=model.stem.removeprefix("model_"),
        transient=transient.copy(),
        load_weight=load_weight.copy(),
        neighbourhood=neighbourhood,
        location=location,
        capacity=capacity.copy(),
        safety=safety.copy(),
        machine_move_cost=move_cost,
        spread=spread,
        depends=depends,
        service=service.copy(),
        need=need.copy(),
        process_move_cost=process_cost.copy(),
        balance=balance.copy(),
        move_weights=(int(weights[0]), int(weights[1]), int(weights[2])),
        initial=initial.copy(),
    )
    _refuse_overflow(model, instance)
    return instance


def _numbered(names: Ints) -> Ints:
    """The same places, numbered from 0 without gaps."""
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def _services(numbers: Numbers) -> tuple[Ints, Ints]:
    services = numbers.one("the number of services", 1)
    spread = np.zeros(services, np.int64)
    pairs: list[Ints] = []
    for service in range(services):
        spread[service] = numbers.one(f"service {service}'s fewest locations")
        count = numbers.one(f"service {service}'s number of dependencies")
        needed = numbers.take(count, 1, f"service {service}'s dependency", 0, services - 1)
        pairs.append(np.hstack([np.full((count, 1), service, np.int64), needed]))
    return spread, np.vstack(pairs)


def _refuse_overflow(path: Path, instance: Instance) -> None:
    """Costs are counted in 64 bits; no published instance comes near."""
    used = [int(total) for total in instance.need.astype(object).sum(axis=0)]
    largest = sum(int(weight) * total for weight, total in zip(instance.load_weight, used, strict=True))
    size = int(instance.capacity.max()) * instance.capacity.shape[0]
    for _, _, target, weight in instance.balance.tolist():
        largest += weight * (target + 1) * size
    process, service, machine = instance.move_weights
    processes = instance.initial.size
    largest += process * int(instance.process_move_cost.astype(object).sum()) + service * processes
    largest += machine * int(instance.machine_move_cost.max()) * processes
    if largest > LARGEST_COST:
        raise BadFile(
            f"{path}: its costs may reach {largest}, more than the {LARGEST_COST} that are counted exactly"
        )


def write(path: Path, assignment: Ints) -> None:
    """The machine of each process, on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(" ".join(map(str, assignment.tolist())) + "\n", encoding="ascii")
