"""Which parameter of a sweep moves which figure, and by how much: the bars of a tornado, widest first.

A parameter's effect is between the mean of a figure over the cells of one of its values and that over another: the
lowest and the highest. Where nearly every cell has a value of its own, the cells below and above the middle value are
set against each other. One parameter at a time is compared with the cell that sets none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean
from typing import Any

from capacity.whatif.outcome import FIGURES, Outcome
from capacity.whatif.sweep import Weighed

MOVED = (
    "unplaced", "new racks", "cloud hosts", "energy kWh/a", "area m²", "IT kW", "rooms emptied", "last room empty",
    "last step",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Effect:
    """How a parameter moves a figure: from `low` at `low_at` to `high` at `high_at`, means over so many cells."""

    figure: str
    parameter: str
    low_at: str
    low: float
    high_at: str
    high: float
    cells: int

    @property
    def swing(self) -> float:
        return self.high - self.low


def effects(weighed: Sequence[Weighed], parameters: Sequence[str]) -> tuple[Effect, ...]:
    """Every effect that moves anything, by figure, the widest first; cells without an outcome are left out."""
    found: list[Effect] = []
    for figure in FIGURES:
        if figure.name in MOVED:
            own = [effect for p in parameters if (effect := _effect(weighed, figure.name, figure.value, p))]
            found += sorted(own, key=lambda effect: (-effect.swing, parameters.index(effect.parameter)))
    return tuple(found)


def _effect(
    weighed: Sequence[Weighed], figure: str, value: Callable[[Outcome], float | None], parameter: str
) -> Effect | None:
    points = [
        (entry.cell.values[parameter], number)
        for entry in weighed
        if entry.outcome is not None
        and parameter in entry.cell.values
        and (number := value(entry.outcome)) is not None
    ]
    if not points:
        return None
    means = _means(points)
    if all(len(entry.cell.values) <= 1 for entry in weighed):
        base = next((entry.outcome for entry in weighed if not entry.cell.values), None)
        reference = value(base) if base is not None else None
        if reference is not None:
            means = {"none": reference, **means}
    low_at, high_at = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    if means[high_at] - means[low_at] <= 1e-9 * max(1.0, abs(means[high_at])):
        return None
    return Effect(figure, parameter, low_at, means[low_at], high_at, means[high_at], len(points))


def _means(points: Sequence[tuple[Any, float]]) -> Mapping[str, float]:
    groups: dict[str, list[float]] = {}
    for at, number in points:
        groups.setdefault(value_name(at), []).append(number)
    if len(groups) <= max(2, len(points) // 2) or not all(_is_number(at) for at, _ in points):
        return {name: fmean(numbers) for name, numbers in groups.items()}
    ordered = sorted(points, key=lambda point: point[0])
    middle = ordered[len(ordered) // 2][0]
    below = [number for at, number in points if at < middle]
    above = [number for at, number in points if at >= middle]
    if not below:
        return {f"{value_name(middle)} up": fmean(above)}
    return {f"below {value_name(middle)}": fmean(below), f"{value_name(middle)} up": fmean(above)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def value_name(value: Any) -> str:
    """A parameter's value as a short text."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, date | str | int):
        return str(value)
    return repr(value)
