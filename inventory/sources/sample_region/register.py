"""Collects the objects of the sample as any source would hand them over, each under an id of its own.

It numbers nothing and knows no rule of the region; it only keeps what the other parts tell, list by list.
"""

from __future__ import annotations

from typing import Any

from inventory.estate import LISTS
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot

SOURCE = "sample"


class Register:
    """The objects told so far. Within a list they stay in the order in which they came."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in LISTS}

    def add(self, kind: str, external_id: str, /, **fields: Any) -> SourceRef:
        """Tell an object. Raises KeyError for an unknown list, ValueError for an id told twice."""
        if external_id in self._objects[kind]:
            raise ValueError(f"{kind} {external_id} told twice")
        self._objects[kind][external_id] = fields
        return SourceRef(kind, external_id)

    def count(self, kind: str) -> int:
        return len(self._objects[kind])

    def numbered(self, kind: str, /, **fields: Any) -> SourceRef:
        """Tell an object that needs no id of its own."""
        return self.add(kind, str(self.count(kind) + 1), **fields)

    def fields(self, ref: SourceRef) -> dict[str, Any]:
        """The fields of an object already told, to be changed in place."""
        return self._objects[ref.kind][ref.external_id]

    def refs(self, kind: str) -> tuple[SourceRef, ...]:
        return tuple(SourceRef(kind, external_id) for external_id in self._objects[kind])

    def snapshot(self) -> SourceSnapshot:
        """All of it, lists in the Estate's order; every list is complete."""
        objects = tuple(
            SourceObject(kind, external_id, fields, where=f"sample region, {kind} {external_id}")
            for kind, told in self._objects.items()
            for external_id, fields in told.items()
        )
        return SourceSnapshot(SOURCE, objects, complete_kinds=frozenset(LISTS))
