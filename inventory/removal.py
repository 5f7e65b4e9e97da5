"""What is to become of objects a source no longer has: marked by default, removed when asked and nothing needs them.

Only lists that the source read to their end can miss an object. An object that another source has, or that something
still refers to, stays. Which objects are new or changed is `comparison`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.fields import fields_of
from inventory.records import Change, RecordChange
from inventory.rows import Ref

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Removals:
    """The changes to show, the records to mark, and every record this reading didn't meet."""

    changes: tuple[Change, ...]
    records: tuple[RecordChange, ...]
    unseen: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a source before and after a reading.

    `source_records` are its records with the ids of their objects, `already_gone` those marked earlier; `present` is
    what it has now, in lists of which `complete_kinds` were read to their end. `held` are objects this reading ties to
    another of its ids, `elsewhere` objects that other sources have.
    """

    source_records: Mapping[Key, int]
    already_gone: Collection[Key]
    present: Collection[Key]
    complete_kinds: Collection[str]
    held: Collection[Ref]
    elsewhere: Collection[Ref]


def removals(
    reading: Reading,
    rows: Mapping[str, Mapping[int, Any]],
    changes: Sequence[Change],
    *,
    delete: bool,
    label: Callable[[Any], str],
) -> Removals:
    """Sort the records the reading didn't meet.

    Parameters
    ----------
    reading
        what the source had and has.
    rows
        the inventory's rows; every kind when `delete`.
    changes
        what this reading changes, which may free an object of references.
    delete
        whether objects are to be removed.
    label
        what a person calls a row.
    """
    unseen = tuple(sorted(key for key in reading.source_records if key not in reading.present))
    missing = [key for key in unseen if key[0] in reading.complete_kinds]
    kept = set(reading.held) | {
        Ref(key[0], number) for key, number in reading.source_records.items() if key in reading.present
    }
    wanted: dict[Ref, Key] = {}
    shown: list[Change] = []
    records: list[RecordChange] = []
    for key in missing:
        ref = Ref(key[0], reading.source_records[key])
        row = rows[ref.kind].get(ref.id)
        if delete and ref not in kept and ref not in reading.elsewhere:
            wanted[ref] = key
            continue
        if key in reading.already_gone:
            continue
        reason = "another source has it" if ref in reading.elsewhere else ""
        reason = "the source has it under another id" if ref in kept else reason
        shown.append(Change("gone", key[0], ref.id, key[1], label(row), reason=reason))
        records.append(RecordChange(key[0], key[1], ref.id, None, gone=True))
    blocked = _blocked(wanted, rows, changes) if wanted else {}
    for ref, key in wanted.items():
        row = rows[ref.kind].get(ref.id)
        if ref in blocked:
            shown.append(Change("conflict", ref.kind, ref.id, key[1], label(row), reason=blocked[ref]))
            if key not in reading.already_gone:
                records.append(RecordChange(key[0], key[1], ref.id, None, gone=True))
        else:
            shown.append(Change("delete", ref.kind, ref.id, key[1], label(row)))
    return Removals(tuple(shown), tuple(records), unseen)


def _blocked(
    wanted: Mapping[Ref, Key], rows: Mapping[str, Mapping[int, Any]], changes: Sequence[Change]
) -> dict[Ref, str]:
    """Which of the wanted removals something that stays still refers to, and what that is."""
    updated = {
        (change.object_kind, change.object_id, item.field)
        for change in changes
        if change.kind == "update"
        for item in change.fields
    }
    referrers: dict[Ref, set[Ref]] = {}
    for kind, found in rows.items():
        specs = [spec for spec in fields_of(kind).values() if spec.refers]
        for number, row in found.items():
            for spec in specs:
                if (kind, number, spec.name) in updated:
                    continue
                for target in _targets(spec.sort, spec.target, getattr(row, spec.name)):
                    if target in wanted:
                        referrers.setdefault(target, set()).add(Ref(kind, number))
    blocked: dict[Ref, str] = {}
    again = True
    while again:
        again = False
        for target, sources in referrers.items():
            if target in blocked:
                continue
            staying = [ref for ref in sources if ref != target and (ref not in wanted or ref in blocked)]
            if staying:
                blocked[target] = _reason(staying)
                again = True
    return blocked


def _reason(staying: list[Ref]) -> str:
    counts = Counter(ref.kind for ref in staying)
    first = min(staying)
    shown = ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items()))
    return f"not removed: {shown} still refer to it, such as {first.kind} {first.id}"


def _targets(sort: str, target: str | None, value: Any) -> Iterator[Ref]:
    if value is None:
        return
    if sort == "link" and target:
        yield Ref(target, value)
    elif sort == "ref":
        yield value
    elif sort == "links" and target:
        yield from (Ref(target, number) for number in value)
    elif sort == "refs":
        yield from value
