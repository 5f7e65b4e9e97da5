"""What flows back: what a source wants changed (ChangeSet), what a wave's run did (RunRecord), who approved what.

A ChangeSet is exactly what a person was shown: `sync.diff` makes it, `sync.apply` carries it out or refuses it. Its
values are plain JSON: a date is ISO text, an object of the inventory {"kind", "id"}, an object of the source {"kind",
"external_id"}. A RunRecord is filled by playbooks/ and feeds the next estimate. Neither decides anything.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from inventory.documents import content_hash
from inventory.rows import Ref

SCHEMA_VERSION = "1"

ChangeKind = Literal["create", "update", "conflict", "keep", "link", "back", "gone", "delete"]
CHANGE_MEANINGS: dict[str, str] = {
    "create": "new here",
    "update": "changed at the source",
    "conflict": "not applied: it needs a decision",
    "keep": "changed on both sides; the inventory's value stays",
    "link": "already here; now tied to the source",
    "back": "seen again at the source",
    "gone": "no longer at the source; it stays here",
    "delete": "no longer at the source; removed here",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: as the inventory has it, as the source has it now, and what the source said last (None if never)."""

    field: str
    before: Any
    after: Any
    base: Any = None


@dataclass(frozen=True, slots=True)
class Change:
    """One object that differs. `values` holds a new object's fields; `fields` those that differ of a present one.

    `object_kind` is the Estate's list, `object_id` the inventory's id (None when new or not identified).
    """

    kind: ChangeKind
    object_kind: str
    object_id: int | None
    external_id: str
    label: str
    where: str = ""
    reason: str = ""
    fields: tuple[FieldChange, ...] = ()
    values: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What is to be remembered of the source: which object it means, and what it said.

    `object_id` is None for an object this ChangeSet creates; `base` None for one whose values are all its word.
    """

    object_kind: str
    external_id: str
    object_id: int | None
    base: dict[str, Any] | None
    where: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class NotCompared:
    """A field that one side can't tell of `objects` objects: absent is not empty. `side` is source or inventory."""

    object_kind: str
    field: str
    side: Literal["source", "inventory"]
    objects: int
    reason: str


@dataclass(frozen=True)
class ChangeSet:
    """All that a source's reading would change at one revision of the inventory.

    `seen_kinds` and `unseen` say which records the reading covered, for their `last_seen`. The hash leaves out
    `read_at`, so that the same differences read twice have the same hash.
    """

    source: str
    inventory_revision: int
    changes: tuple[Change, ...] = ()
    records: tuple[RecordChange, ...] = ()
    not_compared: tuple[NotCompared, ...] = ()
    warnings: tuple[str, ...] = ()
    seen_kinds: tuple[str, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()
    read_at: datetime | None = None
    schema_version: str = SCHEMA_VERSION
    content_hash: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show and nothing to apply."""
        return not self.changes and not self.records

    def counts(self) -> dict[str, int]:
        """How many changes of each kind, in the order of `CHANGE_MEANINGS`; kinds without any are left out."""
        found = Counter(change.kind for change in self.changes)
        return {kind: found[kind] for kind in CHANGE_MEANINGS if found[kind]}  # type: ignore[index]

    def counts_by_object_kind(self) -> dict[str, dict[str, int]]:
        """The same per list of the Estate: {"devices": {"create": 12}}."""
        found: dict[str, Counter[str]] = {}
        for change in self.changes:
            found.setdefault(change.object_kind, Counter())[change.kind] += 1
        return {kind: dict(counter) for kind, counter in found.items()}

    def of_kind(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind == kind)

    def summary(self) -> str:
        """One line for a person: "12 create, 3 update, 1 conflict", or "no changes"."""
        return ", ".join(f"{number} {kind}" for kind, number in self.counts().items()) or "no changes"


def sealed_changes(changes: ChangeSet) -> ChangeSet:
    """The same ChangeSet with its content hash set."""
    return replace(changes, content_hash=changes_hash(changes))


def changes_hash(changes: ChangeSet) -> str:
    """The hash `sealed_changes` sets: of everything but the time of reading."""
    return content_hash(replace(changes, content_hash="", read_at=None))


# --- what a run did --------------------------------------------------------------------------------------------------

StepOutcome = Literal["done", "failed", "unreachable", "skipped", "cancelled"]
RunOutcome = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that failed on a host; `ignored` when the play went on regardless."""

    task: str
    message: str
    ignored: bool = False


@dataclass(frozen=True, slots=True)
class HostRun:
    """What one step did on one host. Durations in seconds, rates in Mbit/s, None where nothing was measured."""

    host: str
    outcome: StepOutcome
    object: Ref | None = None
    ok: int = 0
    changed: int = 0
    skipped: int = 0
    started_at: datetime | None = None
    duration_s: float | None = None
    transferred_mb: float | None = None
    rate_mbps: float | None = None
    failures: tuple[TaskFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of the plan as it was carried out; `planned_duration_s` is the plan's estimate for it."""

    step_id: str
    outcome: StepOutcome
    hosts: tuple[HostRun, ...] = ()
    assets: tuple[Ref, ...] = ()
    started_at: datetime | None = None
    duration_s: float | None = None
    planned_duration_s: float | None = None


@dataclass(frozen=True)
class RunRecord:
    """What the run of one phase of one wave did, step by step and host by host.

    `plan_hash` is the Plan's content hash; `check` marks a dry run. `unknown_events` counts what the runner reported
    and nobody could read, by name.
    """

    plan_hash: str
    wave: int
    phase: str
    started_at: datetime
    ended_at: datetime
    outcome: RunOutcome
    check: bool = False
    steps: tuple[StepRun, ...] = ()
    unknown_events: dict[str, int] | None = None
    schema_version: str = SCHEMA_VERSION
    content_hash: str = ""

    @property
    def duration_s(self) -> float:
        """Wall-clock seconds from start to end."""
        return (self.ended_at - self.started_at).total_seconds()


def sealed_run(run: RunRecord) -> RunRecord:
    """The same record with its content hash set."""
    return replace(run, content_hash=content_hash(replace(run, content_hash="")))


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval of a plan, without the plan: by its content hash, and those of what it stands on.

    `by` approved it, `recorded_by` typed it in.
    """

    id: int
    at: datetime
    by: str
    recorded_by: str
    note: str
    plan_name: str
    plan_hash: str
    estate_hash: str
    estate_revision: int
    facility_hash: str
