"""An Estate straight from a source's snapshot, with no database between: for tests, and to look before importing.

Every object gets the next id of its list, in the snapshot's order; references become those ids. What the database adds
(a history, other sources, corrections) is missing on purpose. Values are cleaned as `sync` cleans them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from inventory.errors import SourceError
from inventory.estate import LISTS, Estate, sealed
from inventory.fields import Field, clean, fields_of, has_id, row_class
from inventory.rows import Ref
from inventory.sources.contract import SourceRef, SourceSnapshot


def estate_from(snapshot: SourceSnapshot) -> Estate:
    """The sealed Estate of one snapshot, at revision 0.

    Raises SourceError for a reference that leads nowhere, a list or field the Estate lacks, or a value that doesn't fit
    its field.
    """
    ids: dict[SourceRef, int] = {}
    counts: dict[str, int] = defaultdict(int)
    for item in snapshot.objects:
        if item.kind not in LISTS:
            raise SourceError(
                f"the Estate has no list {item.kind!r}", where=item.where, remedy="leave it out"
            )
        counts[item.kind] += 1
        ids[SourceRef(item.kind, item.external_id)] = counts[item.kind]
    rows: dict[str, list[Any]] = {kind: [] for kind in LISTS}
    for item in snapshot.objects:
        specs = fields_of(item.kind)
        values: dict[str, Any] = {}
        for name, raw in item.fields.items():
            where = item.where or f"{item.kind} {item.external_id}"
            if name not in specs:
                raise SourceError(f"{item.kind} have no field {name!r}", where=where, remedy="leave it out")
            values[name] = _value(specs[name], raw, ids, where)
        if has_id(item.kind):
            values["id"] = ids[SourceRef(item.kind, item.external_id)]
        rows[item.kind].append(row_class(item.kind)(**values))
    lists: dict[str, Any] = {kind: tuple(found) for kind, found in rows.items()}
    return sealed(Estate(**lists))


def _value(spec: Field, raw: Any, ids: Mapping[SourceRef, int], where: str) -> Any:
    if not spec.refers:
        try:
            return clean(spec, raw)
        except ValueError as error:
            raise SourceError(
                f"{spec.name} {error}", where=where, remedy="correct it at the source"
            ) from None
    if spec.sort in {"links", "refs"}:
        return tuple(_reference(spec, part, ids, where) for part in raw or ())
    return None if raw is None else _reference(spec, raw, ids, where)


def _reference(spec: Field, raw: SourceRef, ids: Mapping[SourceRef, int], where: str) -> int | Ref:
    number = ids.get(raw)
    if number is None or (spec.target is not None and raw.kind != spec.target):
        raise SourceError(
            f"{spec.name} names {raw.kind} {raw.external_id}, which is not there",
            where=where,
            remedy="read the source again in one go",
        )
    return Ref(raw.kind, number) if spec.target is None else number
