"""One broken plan: how it is made from the valid one, and the one violation that must be found in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from plan_builders import a_world, resealed

from capacity.facility import Facility
from capacity.plan import Objective, Plan, Step
from inventory.estate import Estate, Ref

World = tuple[Estate, Facility, Plan]


@dataclass(frozen=True)
class Broken:
    """`breaks` changes the three documents; hashes are set again afterwards unless `keeps_hashes`."""

    code: str
    title: str
    breaks: Callable[[Estate, Facility, Plan], World]
    object: str
    asset: Ref | None = None
    moment: datetime | None = None
    amount: float | None = None
    keeps_hashes: bool = False

    def world(self) -> World:
        world = self.breaks(*a_world())
        return world if self.keeps_hashes else resealed(*world)


def changed(rows: tuple[Any, ...], name: str, value: object, **changes: Any) -> tuple[Any, ...]:
    """The rows, with those changed whose field has that value."""
    found = tuple(replace(row, **changes) if getattr(row, name) == value else row for row in rows)
    assert found != rows, f"no row with {name} {value!r} to change"
    return found


def with_step(plan: Plan, name: str, **changes: Any) -> Plan:
    return replace(plan, steps=changed(plan.steps, "id", name, **changes))


def retimed(plan: Plan, name: str, start: datetime, end: datetime) -> Plan:
    """A step at another time, with what it holds; its rollback deadline stays."""
    step = next(s for s in plan.steps if s.id == name)
    return with_step(
        plan, name, start=start, end=end, uses=tuple(replace(u, start=start, end=end) for u in step.uses)
    )


def holding(plan: Plan, name: str, resource: str, amount: float) -> Plan:
    step = next(s for s in plan.steps if s.id == name)
    return with_step(plan, name, uses=changed(step.uses, "resource", resource, amount=amount))


def _with_targets(steps: tuple[Step, ...], ref: Ref, **changes: Any) -> tuple[Step, ...]:
    return tuple(
        replace(
            step,
            moves=tuple(
                replace(m, target=replace(m.target, **changes)) if m.asset == ref and m.target else m
                for m in step.moves
            ),
        )
        for step in steps
    )


def placed(plan: Plan, ref: Ref, **changes: Any) -> Plan:
    """A device placed otherwise, its relocation leading there."""
    targets = {name: value for name, value in changes.items() if name in {"rack", "position", "face"}}
    return replace(
        plan,
        devices=changed(plan.devices, "asset", ref, **changes),
        steps=_with_targets(plan.steps, ref, **targets),
    )


def hosted(plan: Plan, ref: Ref, host: str) -> Plan:
    """A workload on another host, its steps leading there."""
    return replace(
        plan,
        workloads=changed(plan.workloads, "asset", ref, host=host),
        steps=_with_targets(plan.steps, ref, host=host),
    )


def with_objective(plan: Plan, name: str, value: float, bound: float | None = None) -> Plan:
    """An objective with another value, its gap as defined."""

    def objective(known: Objective) -> Objective:
        if known.name != name:
            return known
        low = known.bound if bound is None else bound
        return replace(known, value=value, bound=low, gap=(value - low) / max(low, 1))

    objectives = tuple(objective(o) for o in plan.evidence.objectives)
    return replace(plan, evidence=replace(plan.evidence, objectives=objectives))
