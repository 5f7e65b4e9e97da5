"""Sweeps: which cells a sweep has, what one cell is, and which parameter moves which objective.

A cell is a set of parameter values and the patches they stand for, on top of a scenario. Cells come from a grid, one
parameter at a time, listed combinations, or a sample drawn from a seed; their order depends on nothing else. Planning a
cell is planning its inputs; where that runs is tui's.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from capacity.whatif.changes import Change
from capacity.whatif.inputs import PlanningInputs, plan_of
from capacity.whatif.outcome import Outcome, outcome_of
from capacity.whatif.patching import Patched, apply_patch
from capacity.whatif.scenario_file import ScenarioFile
from capacity.whatif.scenario_input import VERBS, ParameterInput, Patch, RangeInput, SweepInput
from capacity.whatif.written_errors import near, written_error
from inventory.errors import InputError, VorstError

VALUE = "$value"
MOST_CELLS = 100_000

Value = Any


@dataclass(frozen=True)
class Cell:
    """One point of a sweep: its number from 0, the value of each parameter that is set, and the patches for them."""

    number: int
    values: dict[str, Value]
    patches: tuple[tuple[str, Patch], ...]


def cells_of(file: ScenarioFile) -> tuple[Cell, ...]:
    """The cells of the file's sweep, the one without any parameter first; raises VorstError for what can't be."""
    sweep = file.sweep
    if sweep is None:
        raise InputError(
            "holds no sweep", where=file.text.where, remedy="add a `sweep:` section with its parameters"
        )
    names = [parameter.name for parameter in sweep.parameters]
    for index, name in enumerate(names):
        if name in names[:index]:
            place = file.text.place(("sweep", "parameters", index))
            raise InputError(f"two parameters are named {name!r}", where=place, remedy="rename one")
    combined = _combined(file, sweep)
    if len(combined) > MOST_CELLS:
        raise InputError(
            f"the sweep has {len(combined):,} cells",
            where=file.text.where,
            remedy="take a sample of them: latin",
        )
    patches = _Patches(file, sweep)
    rows = {repr(row): row for row in ({}, *combined)}  # 4 and 4.0 are different words, and 1 is not true
    return tuple(Cell(number, row, patches.of(row)) for number, row in enumerate(rows.values()))


def cell_inputs(base: PlanningInputs, cell: Cell) -> Patched:
    """The inputs of a cell: those of the scenario it starts from, with its parameters' patches in the file's order."""
    inputs = base
    changes: list[Change] = []
    for name, patch in cell.patches:
        result = apply_patch(inputs, patch, name=name)
        inputs = result.inputs
        changes += result.changes
    return Patched(inputs, tuple(changes))


@dataclass(frozen=True)
class Weighed:
    """What became of a cell: its outcome, or the error that kept it from one."""

    cell: Cell
    outcome: Outcome | None
    error: str = ""


def weigh(base: PlanningInputs, cell: Cell) -> Weighed:
    """Plan a cell and prove the plan. Whatever goes wrong is the cell's own error: the others go on."""
    try:
        inputs = cell_inputs(base, cell).inputs
        plan, violations = plan_of(inputs, name="sweep")
        return Weighed(cell, outcome_of(inputs, plan, violations))
    except VorstError as error:
        return Weighed(cell, None, str(error))
    except Exception as error:  # noqa: BLE001 - a defect that one combination brings to light must not cost the rest
        return Weighed(cell, None, f"{type(error).__name__}: {error}")


class _Patches:
    """The patch of each parameter at each value; every one is read once."""

    def __init__(self, file: ScenarioFile, sweep: SweepInput) -> None:
        self._file, self._sweep = file, sweep
        self._known: dict[tuple[int, str], Patch] = {}

    def of(self, row: Mapping[str, Value]) -> tuple[tuple[str, Patch], ...]:
        return tuple(
            (f"{parameter.name} = {row[parameter.name]}", self._patch(index, parameter, row[parameter.name]))
            for index, parameter in enumerate(self._sweep.parameters)
            if parameter.name in row
        )

    def _patch(self, index: int, parameter: ParameterInput, value: Value) -> Patch:
        key = (index, repr(value))
        if key not in self._known:
            filled, count = _filled(parameter.patch, value)
            base = ("sweep", "parameters", index, "patch")
            if not count:
                raise InputError(
                    f"the patch of {parameter.name} has no {VALUE}",
                    where=self._file.text.place(base),
                    remedy=f"write {VALUE} where the parameter's value goes",
                )

            def place(path: Sequence[int | str]) -> str:
                return f"{self._file.text.place((*base, *path))}, {parameter.name} = {value}"

            try:
                self._known[key] = Patch.model_validate(filled)
            except ValidationError as error:
                raise written_error(error, Patch, place, verbs=VERBS) from None
        return self._known[key]


def _filled(node: Any, value: Value) -> tuple[Any, int]:
    """The patch with the value in the place of each `$value`, and how many there were."""
    if node == VALUE:
        return value, 1
    if isinstance(node, dict):
        pairs = {key: _filled(child, value) for key, child in node.items()}
        return {key: child for key, (child, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(node, list):
        parts = [_filled(child, value) for child in node]
        return [child for child, _ in parts], sum(n for _, n in parts)
    return node, 0


# --- which combinations ----------------------------------------------------------------------------------------------


def _combined(file: ScenarioFile, sweep: SweepInput) -> list[dict[str, Value]]:
    if sweep.combine == "listed":
        return [_listed(file, sweep, index) for index in range(len(sweep.combinations))]
    if sweep.combine in ("latin", "random"):
        return _sampled(sweep)
    lists = {p.name: _values(file, p, index) for index, p in enumerate(sweep.parameters)}
    if sweep.combine == "one_at_a_time":
        return [{name: value} for name, values in lists.items() for value in values]
    if math.prod(len(values) for values in lists.values()) > MOST_CELLS:
        raise InputError(
            f"the grid has more than {MOST_CELLS:,} cells",
            where=file.text.place(("sweep",)),
            remedy="use fewer values, or `combine: latin` with samples",
        )
    return [dict(zip(lists, row, strict=True)) for row in itertools.product(*lists.values())]


def _listed(file: ScenarioFile, sweep: SweepInput, index: int) -> dict[str, Value]:
    names = [parameter.name for parameter in sweep.parameters]
    row = sweep.combinations[index]
    for name in row:
        if name not in names:
            place = file.text.place(("sweep", "combinations", index, name))
            raise InputError(f"no parameter {name!r}", where=place, remedy=near(name, names))
    return {name: row[name] for name in names if name in row}


def _values(file: ScenarioFile, parameter: ParameterInput, index: int) -> tuple[Value, ...]:
    if parameter.values is not None:
        return parameter.values
    span = parameter.range
    if span is None or (span.steps is None and span.step is None):
        place = file.text.place(("sweep", "parameters", index))
        raise InputError(
            f"the range of {parameter.name} has no steps", where=place, remedy="add steps, step, or sample it"
        )
    if span.steps is not None:
        width = (span.last - span.first) / (span.steps - 1)
        return tuple(dict.fromkeys(_in(span, span.first + width * i) for i in range(span.steps)))
    count = math.floor((span.last - span.first) / (span.step or 1) + 1e-9) + 1
    return tuple(dict.fromkeys(_in(span, span.first + (span.step or 1) * i) for i in range(count)))


def _in(span: RangeInput, value: float) -> float | int:
    return math.floor(value + 0.5) if span.whole else _plain(round(value, 9))


def _plain(value: float) -> float | int:
    """Whole figures as whole numbers: 4, not 4.0."""
    return int(value) if float(value).is_integer() else value


def _sampled(sweep: SweepInput) -> list[dict[str, Value]]:
    """A sample by the sweep's own seed: each parameter in as many strata as samples (latin), or freely (random).

    Latin hypercube: McKay, Beckman and Conover, Technometrics 21 (1979).
    """
    samples = sweep.samples or 1
    random = np.random.default_rng(sweep.seed)
    columns: dict[str, list[Value]] = {}
    for parameter in sweep.parameters:
        drawn = random.random(samples)
        shares = (random.permutation(samples) + drawn) / samples if sweep.combine == "latin" else drawn
        columns[parameter.name] = [_at(parameter, float(share)) for share in shares]
    return [{name: columns[name][i] for name in columns} for i in range(samples)]


def _at(parameter: ParameterInput, share: float) -> Value:
    """The value at a share (0 up to 1) of a parameter's list or range."""
    if parameter.values is not None:
        return parameter.values[min(int(share * len(parameter.values)), len(parameter.values) - 1)]
    span = parameter.range
    assert span is not None  # noqa: S101 - one of both is given
    if span.whole:
        return min(math.floor(span.first + share * (span.last - span.first + 1)), math.floor(span.last))
    return _plain(float(f"{span.first + share * (span.last - span.first):.6g}"))
