"""Applies operations to a tree of plain data, facility.yaml's or the calendar's: set, add, scale, append, copy, remove.

The tree is changed in place, so the caller hands over a copy of its own (`own_copy`: lists that YAML's anchors made one
object are separate in it). Whether the result is a facility or a calendar is the caller's to ask after each operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from capacity.facility_file import path_parts
from capacity.whatif.changes import value_text
from capacity.whatif.scenario_input import (
    AddTo,
    AppendTo,
    CopyMember,
    RemoveMember,
    ScaleBy,
    SetValue,
)
from capacity.whatif.tree_paths import Found, find, member_name, named_path
from capacity.whatif.written_errors import path_text
from inventory.errors import InputError

DIGITS = 9  # sums and products of decimal figures are rounded here, so that 0.1 + 0.2 is 0.3

Operation = SetValue | AddTo | ScaleBy | AppendTo | CopyMember | RemoveMember
Touched = tuple[int | str, ...]


def own_copy(tree: Any) -> Any:
    """A copy in which nothing is shared, not even what an anchor of the file made one list; tuples become lists."""
    if isinstance(tree, dict):
        return {key: own_copy(value) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [own_copy(value) for value in tree]
    return tree


def apply_to_tree(
    tree: Any, operation: Operation, *, where: str
) -> tuple[list[str], list[Touched], list[Touched]]:
    """Do one operation. Returns a line for each change, the paths of changed values, and those of removed members.

    Raises InputError when the path names nothing, or not what the operation needs.
    """
    if isinstance(operation, SetValue):
        return _each(tree, operation.set, lambda _: own_copy(operation.to), where, may_be_new=True)
    if isinstance(operation, AddTo):
        return _each(tree, operation.add, lambda entry: _added(tree, entry, operation.by, where), where)
    if isinstance(operation, ScaleBy):
        return _each(tree, operation.scale, lambda entry: _scaled(tree, entry, operation.by, where), where)
    if isinstance(operation, AppendTo):
        return _append(tree, operation, where), [], []
    if isinstance(operation, CopyMember):
        return _copy(tree, operation, where), [], []
    return _remove(tree, operation.remove, where)


def _each(
    tree: Any, path: str, value: Callable[[Found], Any], where: str, *, may_be_new: bool = False
) -> tuple[list[str], list[Touched], list[Touched]]:
    lines: list[str] = []
    touched: list[Touched] = []
    for entry in find(tree, path, where=where, may_be_new=may_be_new):
        is_new = isinstance(entry.holder, dict) and entry.key not in entry.holder
        before = None if is_new else entry.value
        after = value(entry)
        if not is_new and before == after and type(before) is type(after):
            continue
        name = named_path(tree, entry.path)
        entry.holder[entry.key] = after
        lines.append(f"{name}: {value_text(before)} → {value_text(after)}")
        touched.append(entry.path)
    return lines, touched, []


def _added(tree: Any, entry: Found, by: float, where: str) -> Any:
    value = entry.value
    if isinstance(value, date):
        if not float(by).is_integer() or abs(by) > 40_000:
            raise InputError(
                f"{by:g} is no number of days for {named_path(tree, entry.path)}",
                where=where,
                remedy="add whole days",
            )
        return value + timedelta(days=by)
    return _number(tree, entry, where, lambda number: number + by)


def _scaled(tree: Any, entry: Found, by: float, where: str) -> Any:
    return _number(tree, entry, where, lambda number: number * by)


def _number(tree: Any, entry: Found, where: str, change: Callable[[float], float]) -> int | float:
    value = entry.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        what = (
            "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else repr(value)
        )
        remedy = "use append, copy or remove on members" if isinstance(value, list) else "use set"
        raise InputError(
            f"{named_path(tree, entry.path)} is {what}, not a number", where=where, remedy=remedy
        )
    return whole_where_whole(value, round(change(value), DIGITS))


def whole_where_whole(before: float, after: float) -> int | float:
    """The result as a whole number where both the value before and the result are."""
    return int(after) if isinstance(before, int) and float(after).is_integer() else after


def _append(tree: Any, operation: AppendTo, where: str) -> list[str]:
    lines: list[str] = []
    for entry in find(tree, operation.append, where=where, may_be_new=True):
        if isinstance(entry.holder, dict) and entry.key not in entry.holder:
            entry.holder[entry.key] = []
        if not isinstance(entry.value, list):
            raise InputError(
                f"{named_path(tree, entry.path)} is no list", where=where, remedy="use set to change a value"
            )
        entry.value.append(own_copy(operation.member))
        lines.append(
            f"{named_path(tree, entry.path)}: a new member {member_name(operation.member) or ''}".rstrip()
        )
    return lines


def _copy(tree: Any, operation: CopyMember, where: str) -> list[str]:
    found = find(tree, operation.copy_, where=where)
    if len(found) > 1:
        raise InputError(
            f"{operation.copy_!r} names {len(found)} members", where=where, remedy="name the one to copy"
        )
    entry = found[0]
    if not isinstance(entry.holder, list) or not isinstance(entry.value, dict):
        raise InputError(
            f"{named_path(tree, entry.path)} is no member of a list",
            where=where,
            remedy="name one: halls[H1]",
        )
    entry.holder.append({**own_copy(entry.value), **own_copy(operation.with_)})
    return [f"{named_path(tree, entry.path)}: a copy, {member_name(entry.holder[-1]) or 'without a name'}"]


def _remove(tree: Any, path: str, where: str) -> tuple[list[str], list[Touched], list[Touched]]:
    lines: list[str] = []
    removed: list[Touched] = []
    for entry in reversed(find(tree, path, where=where)):
        lines.append(f"{named_path(tree, entry.path)}: taken out")
        removed.append(entry.path)
        del entry.holder[entry.key]
    return lines[::-1], [], removed


# --- what a file says of its own values, by path ---------------------------------------------------------------------


def keep_notes_true(
    tree: dict[str, Any], changed: Sequence[Touched], removed: Sequence[Touched], scenario: str
) -> None:
    """Keep a facility file's `sources` and `assumptions` true after a change.

    What spoke of a removed member goes, and numbers of the members behind it move up. A published value that a
    scenario changes is published no more: it becomes an assumption that names the scenario. Removed paths come from the
    last member to the first.
    """
    for listed in ("sources", "assumptions"):
        kept = []
        for note in tree.get(listed) or []:
            path: list[int | str] | None = path_parts(str(note["path"]))
            for gone in removed:
                path = _without(path, gone) if path is not None else None
            if path is not None:
                kept.append({**note, "path": path_text(path)})
        if listed in tree:
            tree[listed] = kept
    published = tree.get("sources") or []
    hit = [note for note in published if _is_touched(note["path"], changed)]
    if hit:
        tree["sources"] = [note for note in published if note not in hit]
        tree["assumptions"] = [
            *(tree.get("assumptions") or []),
            *(
                {"path": n["path"], "note": f"changed by scenario {scenario}; published was: {n['source']}"}
                for n in hit
            ),
        ]


def _is_touched(path: str, changed: Iterable[Touched]) -> bool:
    """Whether a noted path and a changed one name the same value, or one lies within the other."""
    parts = path_parts(path)
    return any(all(a == b for a, b in zip(parts, other, strict=False)) for other in changed)


def _without(path: list[int | str], gone: Touched) -> list[int | str] | None:
    depth = len(gone) - 1
    if tuple(path[:depth]) != gone[:-1] or len(path) <= depth:
        return path
    last, mine = gone[-1], path[depth]
    if mine == last:
        return None
    if isinstance(last, int) and isinstance(mine, int) and mine > last:
        return [*path[:depth], mine - 1, *path[depth + 1 :]]
    return path
