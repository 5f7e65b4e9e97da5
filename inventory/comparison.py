"""What a source's reading would change in the inventory: a three-way comparison, field by field.

Base is what this source said last, theirs what it says now, ours what the inventory has (which other sources and people
may have edited). Only one side changed: that side wins. Both changed, to different values: a conflict, shown with all
three. A field one side can't tell is not compared, and said so. Nothing is written here; `sync` applies the result.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from inventory.database import Database
from inventory.errors import InputError, SeveralErrors, SourceError, VorstError
from inventory.estate import LISTS
from inventory.fields import Field, clean, clean_text, fields_of, from_plain, to_plain
from inventory.identity import Matcher
from inventory.models import TABLES
from inventory.models.provenance import SourceRecord, WorkspaceMeta
from inventory.records import Change, ChangeSet, FieldChange, NotCompared, RecordChange, sealed_changes
from inventory.removal import removals
from inventory.rows import Ref
from inventory.snapshot import read_rows
from inventory.sources.contract import SourceObject, SourceRef, SourceSnapshot
from inventory.transaction import sql

Policy = Literal["report", "ours", "theirs"]
LONGEST_EXTERNAL_ID = 500
MOST_ERRORS = 200
_LABELS = ("name", "model", "cid", "prefix", "address", "label", "slug")


def diff(
    database: Database,
    snapshot: SourceSnapshot,
    *,
    conflicts: Policy = "report",
    delete_missing: bool = False,
) -> ChangeSet:
    """What this reading would change, at the inventory's present revision. Writes nothing.

    Args:
        database: the inventory.
        snapshot: what the source answered.
        conflicts: where both sides changed: report it and change nothing, or take ours, or theirs.
        delete_missing: whether what the source no longer has (in the lists it read to the end) is removed here, if no
            other source has it and nothing refers to it; otherwise it is only marked.

    Raises:
        SeveralErrors: values that fit no field, each with where it stands; nothing can be compared then.
        WorkspaceError: the database can't be read.
    """
    by_kind = _by_kind(snapshot)
    with database.reading() as connection:
        revision = connection.scalar(select(WorkspaceMeta.revision)) or 0
        table = sql(SourceRecord)
        columns = (table.c.object_kind, table.c.external_id, table.c.object_id, table.c.base_values, table.c.gone_since)
        found = connection.execute(select(*columns).where(table.c.source == snapshot.source))
        records = {(row[0], row[1]): _Record(row[2], row[3], row[4]) for row in found}
        kinds = set(by_kind) | {kind for kind, _ in records}
        if delete_missing:
            kinds = set(LISTS)
        rows = {kind: read_rows(connection, kind) for kind in kinds}
        others = select(table.c.object_kind, table.c.object_id).where(table.c.source != snapshot.source).distinct()
        elsewhere = {Ref(*row) for row in connection.execute(others)} if delete_missing else set()
    comparison = _Comparison(snapshot, by_kind, records, rows, conflicts)
    comparison.run()
    removed = removals(
        source_records={key: record.object_id for key, record in records.items()},
        already_gone={key for key, record in records.items() if record.gone_since is not None},
        present={(item.kind, item.external_id) for item in snapshot.objects},
        complete_kinds=snapshot.complete_kinds,
        held={Ref(change.object_kind, change.object_id) for change in comparison.records if change.object_id},
        elsewhere=elsewhere,
        rows=rows,
        changes=comparison.changes,
        delete=delete_missing,
        label=label_of,
    )
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


@dataclass(frozen=True, slots=True)
class _New:
    """A reference to an object that this comparison creates, which has no id yet."""

    ref: SourceRef


class _Lost(Exception):
    """A reference to an object that neither the source nor the inventory shows."""


@dataclass
class _Theirs:
    """One object's values: in the inventory's terms, in the source's, and the fields that lead nowhere."""

    values: dict[str, Any] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=dict)
    lost: dict[str, SourceRef] = field(default_factory=dict)


class _Comparison:
    def __init__(
        self,
        snapshot: SourceSnapshot,
        by_kind: Mapping[str, list[SourceObject]],
        records: Mapping[tuple[str, str], _Record],
        rows: Mapping[str, dict[int, Any]],
        policy: Policy,
    ) -> None:
        self._source = snapshot.source
        self._by_kind = by_kind
        self._stored = records
        self._rows = rows
        self._policy = policy
        self._present = {(item.kind, item.external_id) for item in snapshot.objects}
        # Where a source's id leads: an id here, a new object, or nobody (an object in conflict, or not yet compared).
        self._ids: dict[tuple[str, str], int | _New] = {key: record.object_id for key, record in records.items()}
        for key in self._present - set(records):
            self._ids[key] = _New(SourceRef(*key))
        self._errors: list[VorstError] = []
        self._skipped: Counter[tuple[str, str, Literal["source", "inventory"], str]] = Counter()
        self._matched: list[tuple[SourceObject, int]] = []
        self._new: list[SourceObject] = []
        self.changes: list[Change] = []
        self.records: list[RecordChange] = []

    def run(self) -> None:
        """Identify every object, kind after kind, then compare: by then every reference is known."""
        for kind in TABLES:
            if kind in self._by_kind:
                self._identify(kind, self._by_kind[kind])
        self._create()
        for item, object_id in self._matched:
            self._compare(item, object_id)
        if self._errors:
            shown = self._errors[:MOST_ERRORS]
            raise SeveralErrors(
                f"{len(self._errors)} values of {self._source} can't be used; nothing was changed",
                shown,
                where=self._source,
                remedy="mend them at the source",
            )

    def not_compared(self) -> tuple[NotCompared, ...]:
        """The fields one side can't tell, counted per kind."""
        return tuple(
            NotCompared(kind, name, side, number, reason)
            for (kind, name, side, reason), number in sorted(self._skipped.items())
        )

    # --- who is who --------------------------------------------------------------------------------------------------

    def _identify(self, kind: str, objects: Iterable[SourceObject]) -> None:
        rows = self._rows[kind]
        held = {record.object_id for key, record in self._stored.items() if key[0] == kind and key in self._present}
        strangers: list[SourceObject] = []
        for item in objects:
            record = self._stored.get((kind, item.external_id))
            if record is not None:
                self._matched.append((item, record.object_id))
            else:
                strangers.append(item)
        if not strangers:
            return
        if len(held) == len(rows):
            self._new.extend(strangers)
            return
        matcher = Matcher(kind, rows, held)
        claims: dict[int, list[SourceObject]] = defaultdict(list)
        for item in strangers:
            match = matcher.match(self._theirs(item, quiet=True).values)
            if match.reason:
                self._refuse(item, match.reason)
            elif match.object_id is not None:
                claims[match.object_id].append(item)
            else:
                self._new.append(item)
        for object_id, claimants in claims.items():
            if len(claimants) == 1:
                self._ids[kind, claimants[0].external_id] = object_id
                self._matched.append((claimants[0], object_id))
            else:
                for item in claimants:
                    self._refuse(item, f"{len(claimants)} objects of the source mean {kind} {object_id}")

    def _refuse(self, item: SourceObject, reason: str) -> None:
        self._ids.pop((item.kind, item.external_id), None)
        self.changes.append(Change("conflict", item.kind, None, item.external_id, _label(item), item.where, reason))

    # --- new objects -------------------------------------------------------------------------------------------------

    def _create(self) -> None:
        """New objects; one that can't be without an object nobody shows is refused, and so what needs that one."""
        ready: dict[tuple[str, str], tuple[SourceObject, _Theirs]] = {}
        pending = self._new
        while pending:
            for item in pending:
                ready[item.kind, item.external_id] = (item, self._theirs(item, quiet=True))
            refused = [key for key, (item, theirs) in ready.items() if self._needs(item, theirs)]
            for key in refused:
                item, theirs = ready.pop(key)
                self._refuse(item, self._needs(item, theirs))
            gone = set(refused)
            pending = [item for item, theirs in ready.values() if gone and _refers_to(theirs, gone)]
        for item, _ in ready.values():
            theirs = self._theirs(item)
            specs = fields_of(item.kind)
            missing = [name for name, spec in specs.items() if spec.required and name not in theirs.values]
            if missing:
                self._error(item, missing[0], "must be given for a new object")
                continue
            self.changes.append(
                Change("create", item.kind, None, item.external_id, _label(item), item.where, values=theirs.plain)
            )
            self.records.append(RecordChange(item.kind, item.external_id, None, None, item.where))

    def _needs(self, item: SourceObject, theirs: _Theirs) -> str:
        specs = fields_of(item.kind)
        for name, ref in theirs.lost.items():
            if specs[name].required:
                return f"{name} refers to {ref.kind} {ref.external_id}, which is not there"
        return ""

    # --- known objects -----------------------------------------------------------------------------------------------

    def _compare(self, item: SourceObject, object_id: int) -> None:
        kind = item.kind
        stored = self._stored.get((kind, item.external_id))
        base = stored.base if stored else self._former_base(kind, object_id)
        theirs = self._theirs(item)
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
            change = FieldChange(name, to_plain(specs[name], ours), said, base.get(name))
            unchanged_here = (name in base and self._resolve_plain(specs[name], base[name]) == ours) or (
                name not in base and ours in (None, "", ())
            )
            if unchanged_here or self._policy == "theirs":
                updates.append(change)
                settled[name] = said
            else:
                disputed.append(change)
                if self._policy == "ours":
                    settled[name] = said
        self._say(item, object_id, row, updates, disputed, stored)
        if stored is None or settled != base or stored.gone_since is not None:
            self.records.append(RecordChange(kind, item.external_id, object_id, settled, item.where))

    def _say(
        self,
        item: SourceObject,
        object_id: int,
        row: Any,
        updates: list[FieldChange],
        disputed: list[FieldChange],
        stored: _Record | None,
    ) -> None:
        label = label_of(row)
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

    def _former_base(self, kind: str, object_id: int) -> dict[str, Any]:
        """What the same source said of the object under another id, which it no longer uses."""
        for (other, _), record in self._stored.items() if self._rows[kind] else ():
            if other == kind and record.object_id == object_id:
                return record.base
        return {}

    # --- values ------------------------------------------------------------------------------------------------------

    def _theirs(self, item: SourceObject, *, quiet: bool = False) -> _Theirs:
        """The object's values in both terms. `quiet` leaves complaints and counts to the later, final call."""
        specs = fields_of(item.kind)
        found = _Theirs()
        for name, raw in item.fields.items():
            spec = specs.get(name)
            if spec is None:
                if not quiet:
                    self._skipped[item.kind, clean_text(name), "inventory", "the inventory has no such field"] += 1
                continue
            try:
                if spec.refers and raw is not None:
                    found.values[name] = self._resolve(spec, raw)
                    found.plain[name] = _source_plain(raw)
                else:
                    value = clean(spec, () if raw is None and spec.sort in {"links", "refs"} else raw)
                    found.values[name] = value
                    found.plain[name] = to_plain(spec, value) if value != () else []
            except _Lost as lost:
                found.lost[name] = lost.args[0]
                if not quiet:
                    self._skipped[item.kind, name, "source", "it refers to an object that is not there"] += 1
            except ValueError as error:
                if not quiet:
                    self._error(item, name, str(error))
        if not quiet:
            for name in specs.keys() - item.fields.keys():
                self._skipped[item.kind, name, "source", "the source does not tell it"] += 1
        return found

    def _resolve(self, spec: Field, raw: Any) -> Any:
        """A source's reference as the inventory has it. Raises _Lost or ValueError."""
        if spec.sort in {"links", "refs"}:
            if not isinstance(raw, tuple | list):
                raise ValueError(f"should be a list of references, not {raw!r:.60}")
            return tuple(self._resolve_one(spec, part) for part in raw)
        return self._resolve_one(spec, raw)

    def _resolve_one(self, spec: Field, raw: Any) -> Any:
        if not isinstance(raw, SourceRef):
            raise ValueError(f"should be a reference, not {raw!r:.60}")
        if spec.target is not None and raw.kind != spec.target:
            raise ValueError(f"should refer to {spec.target}, not to {raw.kind}")
        found = self._ids.get((raw.kind, raw.external_id))
        if found is None:
            # Something the Estate has no list for keeps the source's own number: there is nothing here to point to.
            if raw.kind not in TABLES and raw.external_id.isdecimal() and raw.external_id.isascii():
                return Ref(clean_text(raw.kind), int(raw.external_id[:18]))
            raise _Lost(raw)
        if isinstance(found, _New):
            return found
        return Ref(raw.kind, found) if spec.target is None else found

    def _resolve_plain(self, spec: Field, plain: Any) -> Any:
        """A base value, in the source's terms, as the inventory has it; _Lost objects equal nothing."""
        if plain is None:
            return None
        if not spec.refers:
            return from_plain(spec, plain)
        try:
            return self._resolve(spec, _refs_from(plain))
        except (_Lost, ValueError):
            return _New(SourceRef("", ""))

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
        elif not 0 < len(item.external_id) <= LONGEST_EXTERNAL_ID or clean_text(item.external_id) != item.external_id:
            errors.append(
                SourceError(f"{item.kind} has an id that can't be kept: {item.external_id!r:.60}", where=where)
            )
        elif (item.kind, item.external_id) in seen:
            errors.append(SourceError(f"{item.kind} {item.external_id!r:.60} comes twice", where=where))
        else:
            seen.add((item.kind, item.external_id))
            found[item.kind].append(replace(item, where=clean_text(item.where)) if item.where else item)
    if errors:
        what = f"{len(errors)} objects of {snapshot.source} can't be used; nothing was changed"
        raise SeveralErrors(what, errors[:MOST_ERRORS], where=snapshot.source, remedy="mend them at the source")
    if not snapshot.source or len(snapshot.source) > LONGEST_EXTERNAL_ID:
        raise InputError("the source needs a name of 1 to 500 characters", where=snapshot.source[:60])
    return dict(found)


def _refers_to(theirs: _Theirs, keys: set[tuple[str, str]]) -> bool:
    for value in theirs.values.values():
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, _New) and (part.ref.kind, part.ref.external_id) in keys:
                return True
    return False


def _source_plain(raw: Any) -> Any:
    if isinstance(raw, SourceRef):
        return {"kind": raw.kind, "external_id": raw.external_id}
    return [_source_plain(part) for part in raw]


def _refs_from(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_refs_from(part) for part in plain)
    return SourceRef(plain["kind"], plain["external_id"])


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
