"""What a source's reading would change in the inventory: a three-way comparison, field by field.

Base is what this source said last, theirs what it says now, ours what the inventory has (which other sources and people
may have edited). Only one side changed: that side wins. Both changed, to different values: a conflict, shown with all
three. A field one side can't tell is not compared, and said so. Nothing is written here; `sync` applies the result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from inventory.collector import paused_collector
from inventory.database import Database
from inventory.errors import InputError, SeveralErrors, SourceError, VorstError
from inventory.estate import LISTS
from inventory.fields import Field, clean_text, fields_of, to_plain
from inventory.identity import Matcher
from inventory.models import TABLES
from inventory.models.provenance import SourceRecord, WorkspaceMeta
from inventory.models.tables import sql
from inventory.records import Change, ChangeSet, FieldChange, NotCompared, RecordChange, sealed_changes
from inventory.removal import Reading, removals
from inventory.rows import Ref
from inventory.snapshot import read_rows
from inventory.source_values import Key, Theirs, Translation
from inventory.sources.contract import SourceObject, SourceSnapshot

Policy = Literal["report", "ours", "theirs"]
LONGEST_EXTERNAL_ID = 500
MOST_ERRORS = 200
_UNKNOWN: tuple[Any, ...] = (None, "", [], ())
_LABELS = ("name", "model", "cid", "prefix", "address", "label", "slug")


@paused_collector()
def diff(
    database: Database,
    snapshot: SourceSnapshot,
    *,
    conflicts: Policy = "report",
    delete_missing: bool = False,
) -> ChangeSet:
    """What this reading would change, at the inventory's present revision. Writes nothing.

    Parameters
    ----------
    database
        the inventory.
    snapshot
        what the source answered.
    conflicts
        where both sides changed: report it and change nothing, or take ours, or theirs.
    delete_missing
        whether what the source no longer has (in the lists it read to the end) is removed here, if no
        other source has it and nothing refers to it; otherwise it is only marked.

    Raises
    ------
    SeveralErrors
        values that fit no field, each with where it stands; nothing can be compared then.
    WorkspaceError
        the database can't be read.
    """
    by_kind = _by_kind(snapshot)
    with database.reading() as connection:
        revision = connection.scalar(select(sql(WorkspaceMeta).c.revision)) or 0
        table = sql(SourceRecord)
        columns = (
            table.c.object_kind,
            table.c.external_id,
            table.c.object_id,
            table.c.base_values,
            table.c.gone_since,
        )
        found = connection.execute(select(*columns).where(table.c.source == snapshot.source))
        records = {(row[0], row[1]): _Record(row[2], row[3], row[4]) for row in found}
        kinds = set(by_kind) | {kind for kind, _ in records}
        if delete_missing:
            kinds = set(LISTS)
        rows = {kind: read_rows(connection, kind) for kind in kinds}
        others = (
            select(table.c.object_kind, table.c.object_id).where(table.c.source != snapshot.source).distinct()
        )
        elsewhere = {Ref(*row) for row in connection.execute(others)} if delete_missing else set()
    comparison = _Comparison(snapshot, by_kind, records, rows, conflicts)
    comparison.run()
    reading = Reading(
        source_records={key: record.object_id for key, record in records.items()},
        already_gone={key for key, record in records.items() if record.gone_since is not None},
        present={(item.kind, item.external_id) for item in snapshot.objects},
        complete_kinds=snapshot.complete_kinds,
        held={
            Ref(item.object_kind, item.object_id) for item in comparison.records if item.object_id is not None
        },
        elsewhere=elsewhere,
    )
    removed = removals(reading, rows, comparison.changes, delete=delete_missing, label=label_of)
    return sealed_changes(
        ChangeSet(
            source=snapshot.source,
            inventory_revision=revision,
            changes=(*comparison.changes, *removed.changes),
            records=(*comparison.records, *removed.records),
            not_compared=comparison.not_compared(),
            warnings=tuple(clean_text(warning) for warning in snapshot.warnings),
            seen_kinds=tuple(kind for kind in TABLES if kind in by_kind),
            unseen=removed.unseen,
            read_at=snapshot.read_at,
        )
    )


@dataclass(frozen=True, slots=True)
class _Record:
    object_id: int
    base: dict[str, Any]
    gone_since: datetime | None


class _Comparison:
    def __init__(
        self,
        snapshot: SourceSnapshot,
        by_kind: Mapping[str, list[SourceObject]],
        records: Mapping[Key, _Record],
        rows: Mapping[str, dict[int, Any]],
        policy: Policy,
    ) -> None:
        self._source = snapshot.source
        self._by_kind = by_kind
        self._stored = records
        self._rows = rows
        self._policy = policy
        self._present = {(item.kind, item.external_id) for item in snapshot.objects}
        known = {key: record.object_id for key, record in records.items()}
        self._translation = Translation(known, self._present)
        self._former: dict[Ref, dict[str, Any]] = {}
        self._errors: list[VorstError] = []
        self._skipped: Counter[tuple[str, str, Literal["source", "inventory"], str]] = Counter()
        self._matched: list[tuple[SourceObject, int]] = []
        self._new: list[SourceObject] = []
        self.changes: list[Change] = []
        self.records: list[RecordChange] = []

    def run(self) -> None:
        """Identify every object, kind after kind, then compare: by then every reference is known."""
        # What the source said of an object under an id it no longer uses stays its word under the new id.
        for (kind, external_id), record in self._stored.items():
            if (kind, external_id) not in self._present:
                self._former[Ref(kind, record.object_id)] = record.base
        for kind in TABLES:
            if kind in self._by_kind:
                self._identify(kind, self._by_kind[kind])
        self._create()
        for item, object_id in self._matched:
            self._compare(item, object_id)
        if self._errors:
            raise SeveralErrors(
                f"{len(self._errors)} values of {self._source} can't be used; nothing was changed",
                self._errors[:MOST_ERRORS],
                where=self._source,
                remedy="mend them at the source",
            )

    def not_compared(self) -> tuple[NotCompared, ...]:
        """The fields one side can't tell, counted per kind."""
        return tuple(
            NotCompared(kind, name, side, number, reason)
            for (kind, name, side, reason), number in sorted(self._skipped.items())
        )

    # --- who is who --------------------------------------------------------------------------------------

    def _identify(self, kind: str, objects: Iterable[SourceObject]) -> None:
        held: set[int] = set()
        strangers: list[SourceObject] = []
        for item in objects:
            record = self._stored.get((kind, item.external_id))
            if record is None:
                strangers.append(item)
            else:
                held.add(record.object_id)
                self._matched.append((item, record.object_id))
        if len(held) == len(self._rows[kind]):
            self._new.extend(strangers)
        elif strangers:
            self._match(Matcher(kind, self._rows[kind], held), strangers)

    def _match(self, matcher: Matcher, strangers: Iterable[SourceObject]) -> None:
        claims: dict[int, list[SourceObject]] = defaultdict(list)
        for item in strangers:
            match = matcher.match(self._translation.read(item).values)
            if match.reason:
                self._refuse(item, match.reason)
            elif match.object_id is not None:
                claims[match.object_id].append(item)
            else:
                self._new.append(item)
        for object_id, claimants in claims.items():
            if len(claimants) == 1:
                item = claimants[0]
                self._translation.identify((item.kind, item.external_id), object_id)
                self._matched.append((item, object_id))
                continue
            for item in claimants:
                self._refuse(item, f"{len(claimants)} objects of the source mean {item.kind} {object_id}")

    def _refuse(self, item: SourceObject, reason: str) -> None:
        self._translation.refuse((item.kind, item.external_id))
        label = _label(item)
        self.changes.append(Change("conflict", item.kind, None, item.external_id, label, item.where, reason))

    # --- new objects -------------------------------------------------------------------------------------

    def _create(self) -> None:
        """New objects; one that can't be without an object nobody shows is refused, and so what needs that one."""
        ready: dict[Key, tuple[SourceObject, Theirs]] = {}
        pending = self._new
        while pending:
            for item in pending:
                ready[item.kind, item.external_id] = (item, self._translation.read(item))
            refused = {key for key, (item, theirs) in ready.items() if theirs.needs(item.kind)}
            for key in refused:
                item, theirs = ready.pop(key)
                self._refuse(item, theirs.needs(item.kind))
            pending = [item for item, theirs in ready.values() if refused and theirs.refers_to(refused)]
        for item, theirs in ready.values():
            self._account(item, theirs)
            for name, spec in fields_of(item.kind).items():
                if spec.required and name not in item.fields:
                    self._error(item, name, "must be given for a new object")
            self.changes.append(
                Change(
                    "create", item.kind, None, item.external_id, _label(item), item.where, values=theirs.plain
                )
            )
            self.records.append(RecordChange(item.kind, item.external_id, None, None, item.where))

    # --- known objects -----------------------------------------------------------------------------------

    def _compare(self, item: SourceObject, object_id: int) -> None:
        kind = item.kind
        stored = self._stored.get((kind, item.external_id))
        base = stored.base if stored else self._former.get(Ref(kind, object_id), {})
        theirs = self._translation.read(item)
        self._account(item, theirs)
        row = self._rows[kind][object_id]
        specs = fields_of(kind)
        updates: list[FieldChange] = []
        disputed: list[FieldChange] = []
        settled = dict(base)
        for name, value in theirs.values.items():
            ours = getattr(row, name)
            said = theirs.plain[name]
            if value == ours or (name in base and base[name] == said):
                settled[name] = said
                continue
            if name not in base and said in _UNKNOWN and self._policy == "report":
                self._skipped[kind, name, "source", "the source has no value for it"] += 1
                continue
            change = FieldChange(name, to_plain(specs[name], ours), said, base.get(name))
            if self._policy == "theirs" or self._is_unchanged_here(specs[name], ours, base):
                updates.append(change)
                settled[name] = said
            else:
                disputed.append(change)
                if self._policy == "ours":
                    settled[name] = said
        self._say(item, object_id, updates, disputed, stored)
        if stored is None or settled != base or stored.gone_since is not None:
            self.records.append(RecordChange(kind, item.external_id, object_id, settled, item.where))

    def _is_unchanged_here(self, spec: Field, ours: Any, base: Mapping[str, Any]) -> bool:
        """Whether the inventory still has what this source said; where it never said anything, whether it is empty."""
        if spec.name in base:
            return bool(self._translation.resolve_plain(spec, base[spec.name]) == ours)
        return ours is None or ours in ("", ())

    def _say(
        self,
        item: SourceObject,
        object_id: int,
        updates: list[FieldChange],
        disputed: list[FieldChange],
        stored: _Record | None,
    ) -> None:
        label = label_of(self._rows[item.kind][object_id])
        common = (item.kind, object_id, item.external_id, label, item.where)
        if stored is None:
            self.changes.append(Change("link", *common))
        elif stored.gone_since is not None:
            self.changes.append(Change("back", *common))
        if updates:
            self.changes.append(Change("update", *common, fields=tuple(updates)))
        if disputed and self._policy == "ours":
            self.changes.append(Change("keep", *common, fields=tuple(disputed)))
        elif disputed:
            reason = "changed both here and at the source" if stored else "the inventory has another value"
            self.changes.append(Change("conflict", *common, reason, tuple(disputed)))

    # --- what doesn't fit --------------------------------------------------------------------------------

    def _account(self, item: SourceObject, theirs: Theirs) -> None:
        """Note what could not be compared, and what is wrong."""
        for name in theirs.unknown:
            self._skipped[item.kind, name, "inventory", "the inventory has no such field"] += 1
        for name in theirs.lost:
            self._skipped[item.kind, name, "source", "it refers to an object that is not there"] += 1
        for name in fields_of(item.kind).keys() - item.fields.keys():
            self._skipped[item.kind, name, "source", "the source does not tell it"] += 1
        for name, problem in theirs.problems.items():
            self._error(item, name, problem)

    def _error(self, item: SourceObject, name: str, problem: str) -> None:
        place = item.where or f"{self._source}, {item.kind} {item.external_id}"
        self._errors.append(SourceError(f"{name} {problem}", where=place, remedy="mend it at the source"))


def _by_kind(snapshot: SourceSnapshot) -> dict[str, list[SourceObject]]:
    found: dict[str, list[SourceObject]] = defaultdict(list)
    errors: list[VorstError] = []
    seen: set[tuple[str, str]] = set()
    for item in snapshot.objects:
        where = item.where or snapshot.source
        if item.kind not in TABLES:
            errors.append(SourceError(f"the inventory has no list {item.kind!r:.60}", where=where))
        elif (
            not 0 < len(item.external_id) <= LONGEST_EXTERNAL_ID
            or clean_text(item.external_id) != item.external_id
        ):
            errors.append(
                SourceError(
                    f"{item.kind} has an id that can't be kept: {item.external_id!r:.60}", where=where
                )
            )
        elif (item.kind, item.external_id) in seen:
            errors.append(SourceError(f"{item.kind} {item.external_id!r:.60} comes twice", where=where))
        else:
            seen.add((item.kind, item.external_id))
            found[item.kind].append(replace(item, where=clean_text(item.where)) if item.where else item)
    if errors:
        what = f"{len(errors)} objects of {snapshot.source} can't be used; nothing was changed"
        raise SeveralErrors(
            what, errors[:MOST_ERRORS], where=snapshot.source, remedy="mend them at the source"
        )
    if not snapshot.source or len(snapshot.source) > LONGEST_EXTERNAL_ID:
        raise InputError("the source needs a name of 1 to 500 characters", where=snapshot.source[:60])
    return dict(found)


def label_of(row: Any) -> str:
    """What a person calls a row: its name, model, number or address."""
    for name in _LABELS:
        value = getattr(row, name, None)
        if value:
            return str(value)[:120]
    return ""


def _label(item: SourceObject) -> str:
    for name in _LABELS:
        value = item.fields.get(name)
        if value and isinstance(value, str):
            return clean_text(value)[:120]
    return clean_text(item.external_id)
