"""A wave as iCalendar (RFC 5545): its window, every task and gate, last moments to turn back, rollback deadlines.

Times are UTC, which every calendar shows in its reader's own zone. An entry's UID comes from the plan's name and the
task or step, so that a new plan of that name moves the entries of the one before. There is no clock: DTSTAMP is the
start the plan was made for. SEQUENCE begins at the inventory's revision and grows by one when an entry differs from the
one in the earlier file; what the earlier file had and the plan no longer has is cancelled, not forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from inventory.errors import InputError
from playbooks.plain_text import one_line
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.reasons import wave_name
from playbooks.runbooks.tasks import Task, tasks_of

if TYPE_CHECKING:
    from icalendar import Event

_COMPARED = ("dtstart", "dtend", "summary", "description", "status")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a calendar. `end` None: a moment. `holds`: whoever is in it is busy then."""

    key: str
    start: datetime
    end: datetime | None
    title: str
    about: tuple[str, ...]
    holds: bool


def entries(facts: WaveFacts) -> Iterator[Entry]:
    """All entries of a wave."""
    scope, words = facts.scope, facts.words
    if scope.start is not None and scope.end is not None:
        yield Entry(
            f"wave-{scope.number}:window", scope.start, scope.end,
            words("window of %(wave)s", wave=wave_name(words, scope.name)),
            (words.counted("%(n)s asset", "%(n)s assets", len(scope.assets)), words("T is its start")), holds=False,
        )  # fmt: skip
    for task in tasks_of(facts):
        yield _of_task(facts, task)
    for turn in facts.turns:
        step = turn.step
        about = (
            words(
                "the window closes %(moment)s, the way back takes %(time)s",
                moment=facts.local(turn.ends_by),
                time=words.duration(turn.back_minutes),
            ),
            words("the step is planned from %(span)s", span=facts.span(step.start, step.end)),
        )
        title = words("last moment to turn back %(step)s within its window", step=step.id)
        yield Entry(f"turn:{step.id}", turn.by, None, title, about, holds=False)
    for step in scope.steps:
        if step.rollback_deadline is not None:
            reserved = (words("its source is no longer reserved, decommission may begin"),)
            yield Entry(
                f"deadline:{step.id}",
                step.rollback_deadline,
                None,
                words("rollback deadline of %(step)s", step=step.id),
                reserved,
                holds=False,
            )


def _of_task(facts: WaveFacts, task: Task) -> Entry:
    words = facts.words
    about = [
        facts.t(task.start),
        words("owner: %(owner)s", owner=task.owner),
        *([words("step: %(step)s", step=task.step.id)] if task.step else []),
        *([words("hands: %(hands)s", hands=task.hands)] if task.hands else []),
        *([words("for: %(hosts)s", hosts=task.hosts)] if task.hosts else []),
        *([words("after: %(tasks)s", tasks=task.after)] if task.after else []),
    ]
    title = f"{task.title}: {task.step.group or task.step.id}" if task.step else task.title
    return Entry(task.key, task.start, task.end, title, tuple(about), holds=True)


def to_ical(facts: WaveFacts, earlier: bytes | None = None) -> bytes:
    """The whole file; `earlier` is the one it takes the place of. Raises InputError when that is no calendar."""
    from icalendar import Calendar

    plan, scope = facts.variables.plan, facts.scope
    known = _known(earlier)
    calendar = Calendar()
    calendar.add("prodid", f"-//vorst//runbook//{facts.words.language.code.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", one_line(f"{scope.folder}: {wave_name(facts.words, scope.name)}"))
    calendar.add("x-wr-timezone", plan.calendar.time_zone)
    calendar.add("x-wr-caldesc", facts.words("Plan %(hash)s", hash=plan.content_hash))
    stamp = plan.inputs.start.astimezone(UTC)
    made = [_event(facts, entry, stamp) for entry in entries(facts)]
    for event in made:
        _number(event, known.pop(str(event["uid"]), None), plan.inputs.estate_revision)
        calendar.add_component(event)
    for uid in sorted(known):
        calendar.add_component(_cancelled(known[uid], stamp))
    written: bytes = calendar.to_ical()
    return written


def uid_of(plan_name: str, key: str) -> str:
    """The lasting name of an entry; no text of a plan stands in it."""
    return hashlib.sha256(f"{plan_name}\n{key}".encode("utf-8", "replace")).hexdigest()[:32] + "@vorst"


def _event(facts: WaveFacts, entry: Entry, stamp: datetime) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", uid_of(facts.variables.plan.name, entry.key))
    event.add("dtstamp", stamp)
    event.add("dtstart", entry.start.astimezone(UTC))
    if entry.end is not None:
        event.add("dtend", entry.end.astimezone(UTC))
    event.add("summary", one_line(f"{facts.scope.folder}: {entry.title}"))
    event.add("description", "\n".join(one_line(line) for line in entry.about))
    event.add("categories", ["vorst", facts.scope.folder])
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE" if entry.holds else "TRANSPARENT")
    return event


def _number(event: Event, before: Event | None, first: int) -> None:
    if before is None:
        event.add("sequence", first)
        return
    sequence = int(before.get("sequence", 0))
    event.add("sequence", sequence if _compared(event) == _compared(before) else max(sequence + 1, first))


def _cancelled(before: Event, stamp: datetime) -> Event:
    from icalendar import Event

    if str(before.get("status", "")) == "CANCELLED":
        return before
    event = Event()
    for name in ("uid", "dtstart", "dtend", "summary", "description", "categories", "transp"):
        if name in before:
            event[name] = before[name]
    event.add("dtstamp", stamp)
    event.add("status", "CANCELLED")
    event.add("sequence", int(before.get("sequence", 0)) + 1)
    return event


def _compared(event: Event) -> tuple[str, ...]:
    """What a reader would notice, as it is written."""
    return tuple(_written(event.get(name)) for name in _COMPARED)


def _written(value: Any) -> str:
    data = value.to_ical() if value is not None else ""
    return data.decode() if isinstance(data, bytes) else str(data)


def _known(earlier: bytes | None) -> dict[str, Event]:
    """Entries of the earlier file by UID."""
    from icalendar import Calendar, Event

    if earlier is None:
        return {}
    try:
        found = Calendar.from_ical(earlier).walk("VEVENT")
        return {str(event["uid"]): event for event in found if isinstance(event, Event)}
    except (ValueError, KeyError, IndexError) as error:
        raise InputError(
            f"the earlier calendar can't be read: {one_line(error)}",
            remedy="move it away, or name another folder with -o",
        ) from None
