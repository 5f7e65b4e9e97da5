"""Applies operations to the rows of the Estate: decides strategies, changes fields, removes and copies rows.

Each operation leaves a sealed Estate with its own content hash. What the rows then ask for is derived by the same rules
as ever, by the planner and by the checker.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, TypeAdapter, ValidationError

from capacity.whatif.changes import value_text
from capacity.whatif.estate_copies import with_copies
from capacity.whatif.estate_links import REMOVABLE, has_id, links_of, row_hints, without
from capacity.whatif.scenario_input import (
    AddToField,
    CopyRows,
    RemoveRows,
    ScaleField,
    SetField,
    Strategy,
    Words,
)
from capacity.whatif.selection import Selector, a_list
from capacity.whatif.tree_patch import DIGITS
from capacity.whatif.written_errors import near
from inventory.errors import InputError
from inventory.estate import Estate, Ref, StrategyOverride, sealed

Operation = Strategy | SetField | AddToField | ScaleField | RemoveRows | CopyRows
NEVER_NEGATIVE = (
    "_u",
    "_w",
    "_kg",
    "_mbps",
    "_kbps",
    "_mb",
    "_m2",
    "_minutes",
    "_ms",
    "_mm",
    "_v",
    "_a",
    "_pct",
    "vcpus",
)


def apply_to_estate(
    estate: Estate, operation: Operation, *, where: str, scenario: str, zone: str
) -> tuple[Estate, list[str]]:
    """Do one operation; returns the sealed estate and a line for each change.

    `zone` is the planning zone, for times without one. Raises InputError when the selection finds nothing, or the field
    can't hold the value.
    """
    selector = Selector(estate)
    if isinstance(operation, Strategy):
        return _decide(estate, selector, operation, where, scenario)
    if isinstance(operation, RemoveRows):
        return _remove(estate, selector, operation, where)
    if isinstance(operation, CopyRows):
        return _copy(estate, selector, operation, where)
    return _Fields(estate, selector, where, ZoneInfo(zone)).apply(operation)


# --- strategies ------------------------------------------------------------------------------------------------------


def _decide(
    estate: Estate, selector: Selector, operation: Strategy, where: str, scenario: str
) -> tuple[Estate, list[str]]:
    of: Mapping[str, Words] = operation.of
    if operation.strategy == "relocate":
        if of.get("list", "devices") != "devices":
            raise InputError(
                "a virtual machine has no hardware to relocate", where=where, remedy="use list: devices"
            )
        of = {**of, "list": "devices"}
    refs = selector.assets(of, where=where)
    before = {override.object: override.strategy for override in estate.strategy_overrides}
    changed = [ref for ref in refs if before.get(ref) != operation.strategy]
    if not changed:
        return estate, []
    kept = [o for o in estate.strategy_overrides if o.object not in set(changed)]
    first = max((o.id for o in estate.strategy_overrides), default=0) + 1
    reason = operation.reason or f"decided in scenario {scenario}"
    decided_by = f"scenario {scenario}"
    added = [
        StrategyOverride(first + index, ref, operation.strategy, reason, decided_by)
        for index, ref in enumerate(changed)
    ]
    lines = [
        f"{_name(estate, ref)}: {before.get(ref, 'as the rules say')} → {operation.strategy}"
        for ref in changed
    ]
    return sealed(replace(estate, strategy_overrides=(*kept, *added))), lines


def _name(estate: Estate, ref: Ref) -> str:
    row = estate.find(ref)
    return str(getattr(row, "name", None) or getattr(row, "cid", None) or f"{ref.kind} {ref.id}")


# --- rows out and in -------------------------------------------------------------------------------------------------


def _remove(
    estate: Estate, selector: Selector, operation: RemoveRows, where: str
) -> tuple[Estate, list[str]]:
    kind = a_list(operation.remove, where=where)
    if kind not in REMOVABLE:
        raise InputError(f"{kind} can't be removed", where=where, remedy=near(kind, REMOVABLE, shown=20))
    refs = {Ref(kind, row.id) for row in selector.rows(kind, operation.of, where=where)}
    names = [f"{kind} {_name(estate, ref)}: taken out" for ref in sorted(refs)]
    left, counts = without(estate, refs)
    also = [f"with it {number} of {name}" for name, number in sorted(counts.items()) if name != kind]
    more = counts.get(kind, 0) - len(refs)
    return left, [*names, *([f"with it {more} more of {kind}"] if more else []), *also]


def _copy(estate: Estate, selector: Selector, operation: CopyRows, where: str) -> tuple[Estate, list[str]]:
    kind = operation.copy_
    rows = selector.rows(kind, operation.of, where=where)
    if kind == "devices":
        free = tuple(row for row in rows if row.parent_device_id is None)
        if not free:
            raise InputError(
                f"all {len(rows)} chosen devices sit in bays",
                where=where,
                remedy="copy their chassis: what sits in it comes along",
            )
        rows = free
    factor = operation.by if operation.by is not None else 1.0
    # Half up, and never by a hair's breadth of a decimal figure: 1.15 × 100 is 115.
    more = (
        operation.count
        if operation.count is not None
        else math.floor(round((factor - 1) * len(rows), 6) + 0.5)
    )
    if not more:
        return estate, []
    grown, names = with_copies(estate, [Ref(kind, row.id) for row in rows], more)
    return grown, [f"{kind}: a copy, {name}" for name in names] or [f"{kind}: {more} copies"]


# --- fields ----------------------------------------------------------------------------------------------------------


class _Fields:
    """Changes one field of chosen rows."""

    def __init__(self, estate: Estate, selector: Selector, where: str, zone: ZoneInfo) -> None:
        self._estate, self._selector, self._where, self._zone = estate, selector, where, zone

    def apply(self, operation: SetField | AddToField | ScaleField) -> tuple[Estate, list[str]]:
        path = (
            operation.set
            if isinstance(operation, SetField)
            else (operation.add if isinstance(operation, AddToField) else operation.scale)
        )
        kind, name, hint = self._field(path)
        chosen = {row.id for row in self._selector.rows(kind, operation.of, where=self._where)}
        rows, lines, unknown = [], [], 0
        for row in getattr(self._estate, kind):
            before = getattr(row, name)
            if row.id not in chosen:
                rows.append(row)
                continue
            if before is None and not isinstance(operation, SetField):
                unknown += 1  # times or plus anything, unknown stays unknown
                rows.append(row)
                continue
            after = self._checked(path, hint, self._value(operation, path, before))
            if after != before:
                label = _name(self._estate, Ref(kind, row.id))
                lines.append(f"{kind} {label}: {name} {value_text(before)} → {value_text(after)}")
                row = replace(row, **{name: after})  # noqa: PLW2901 - the row as it becomes
            rows.append(row)
        if unknown and lines:
            lines.append(f"{unknown} more of {kind} stay unknown")
        changed: dict[str, Any] = {kind: tuple(rows)}
        return (sealed(replace(self._estate, **changed)) if lines else self._estate), lines

    def _field(self, path: str) -> tuple[str, str, Any]:
        kind, dot, name = path.partition(".")
        a_list(kind, where=self._where)
        hints = row_hints(kind)
        links = {link.name for link in links_of(kind)}
        open_to_change = [n for n in hints if n not in links] if has_id(kind) else []
        if not dot or name not in open_to_change:
            what = "links to other rows" if name in links else "is no field"
            raise InputError(
                f"{path!r} names no field of a list that can be changed"
                if not dot
                else f"{kind}.{name} {what}",
                where=self._where,
                remedy=near(name, open_to_change, shown=20) if dot else f"write {kind}.FIELD",
            )
        return kind, name, hints[name]

    def _value(self, operation: SetField | AddToField | ScaleField, path: str, before: Any) -> Any:
        if isinstance(operation, SetField):
            value = operation.to
            if isinstance(value, datetime) and value.tzinfo is None:
                return value.replace(tzinfo=self._zone)
            return value
        if isinstance(operation, AddToField) and isinstance(before, date):
            return before + timedelta(days=operation.by)
        if isinstance(before, bool) or not isinstance(before, int | float):
            raise InputError(
                f"{path} holds {before!r:.40}, not a number", where=self._where, remedy="use set"
            )
        after = before + operation.by if isinstance(operation, AddToField) else before * operation.by
        return round(after, DIGITS)

    def _checked(self, path: str, hint: Any, value: Any) -> Any:
        """The value as the field's type holds it; what is counted whole is rounded up."""
        parts = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        if int in parts and float not in parts and isinstance(value, float) and math.isfinite(value):
            value = math.ceil(value)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and value < 0 and path.endswith(NEVER_NEGATIVE):
            raise InputError(f"{path} would be {value:g}", where=self._where, remedy="keep it at 0 or more")
        try:
            return _adapter(hint).validate_python(value)
        except ValidationError as error:
            detail = error.errors(include_url=False)[0]
            raise InputError(
                f"{path}: {detail['msg']}, found {value!r:.60}", where=self._where, remedy="mend the value"
            ) from None


def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint, config=ConfigDict(strict=True, allow_inf_nan=False))
