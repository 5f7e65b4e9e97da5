"""What every source hands over: objects with their fields as it knows them, and nothing decided.

A source (NetBox, a spreadsheet, the sample region) reads; `inventory.sync` compares the snapshot with the inventory,
shows what would change, and applies what was shown. Fields carry the names of the Estate's rows. A reference to
another object is a `SourceRef`, so that no source needs to know the inventory's ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class SourceRef:
    """Another object of the same source: `kind` is the Estate's list name ("sites"), `external_id` the source's id."""

    kind: str
    external_id: str


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One object as a source knows it.

    `fields` holds only what the source can tell: a field it has no notion of is absent (not compared), a field it
    knows to be empty is None. Values are plain (str, int, float, bool, date, aware datetime, None, a SourceRef, or a
    tuple of these). `where` says where a person finds it (a URL, or sheet and row).
    """

    kind: str
    external_id: str
    fields: Mapping[str, Any]
    where: str = ""


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    """All that a source answered in one reading.

    `source` names it ("netbox:netbox.example", "spreadsheet:rooms.xlsx", "sample"). `complete_kinds` are the lists read
    to their end: only there does an absent object mean that the source no longer has it. `warnings` are for people.
    """

    source: str
    objects: tuple[SourceObject, ...]
    complete_kinds: frozenset[str] = frozenset()
    read_at: datetime | None = None
    warnings: tuple[str, ...] = field(default=())
