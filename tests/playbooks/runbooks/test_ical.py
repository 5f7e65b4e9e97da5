"""The calendar of a wave, read back by a reader of RFC 5545 that shares nothing with its writer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from runbook_cases import a_small_estate, a_small_plan, books, wave
from wave_builders import START

from capacity import plan as plans
from inventory.errors import InputError
from playbooks.runbooks.ical import entries, to_ical, uid_of


@dataclass(frozen=True)
class Read:
    """A component: its name, its properties as text, its parts."""

    name: str
    properties: dict[str, str]
    parts: tuple[Read, ...]


def read_back(data: bytes) -> Read:
    """RFC 5545, 3.1 and 3.3.11, from the letter: CRLF, lines of 75 octets, folding, nesting, escapes."""
    assert data.endswith(b"\r\n")
    raw = data.split(b"\r\n")[:-1]
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in raw)
    for line in raw:
        line.decode("utf-8")  # no character is cut by a fold
    lines = re.sub(rb"\r\n[ \t]", b"", data).decode("utf-8").split("\r\n")[:-1]
    assert not any(ord(c) < 32 and c != "\t" for line in lines for c in line)
    found, rest = component(lines)
    assert not rest
    return found


def component(lines: list[str]) -> tuple[Read, list[str]]:
    name = lines[0].removeprefix("BEGIN:")
    assert lines[0] == f"BEGIN:{name}"
    properties: dict[str, str] = {}
    parts: list[Read] = []
    rest = lines[1:]
    while rest[0] != f"END:{name}":
        if rest[0].startswith("BEGIN:"):
            part, rest = component(rest)
            parts.append(part)
            continue
        key, _, value = rest[0].partition(":")
        key = key.partition(";")[0]
        assert re.fullmatch(r"[A-Z-]+", key)
        assert key not in properties
        properties[key] = text(value) if key in {"SUMMARY", "DESCRIPTION"} else value
        rest = rest[1:]
    return Read(name, properties, tuple(parts)), rest[1:]


def text(value: str) -> str:
    assert not re.search(r"(?<!\\)(?:\\\\)*[;,]", value)
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)


def events(data: bytes) -> dict[str, dict[str, str]]:
    calendar = read_back(data)
    assert calendar.name == "VCALENDAR"
    assert calendar.properties["VERSION"] == "2.0"
    assert {part.name for part in calendar.parts} == {"VEVENT"}
    return {part.properties["UID"]: part.properties for part in calendar.parts}


def at(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def test_window_tasks_gates_last_moments_and_deadlines_are_entries(small):
    found = events(to_ical(small.facts(wave(small))))
    end = START + timedelta(hours=4)
    times = {
        "wave-1:window": (START, end),
        "wave-1:night-1:go": (START - timedelta(hours=1), START),
        "wave-1:night-1:preflight": (START - timedelta(days=1), START - timedelta(hours=1)),
        "step:replicate-0001": (START - timedelta(days=2), START - timedelta(days=1)),
        "step:cutover-0001": (START, end),
        "step:relocate-0001": (START, end),
        # The window closes at 06:00 local, 05:00 UTC; the way back takes four hours.
        "turn:relocate-0001": (START + timedelta(hours=5), None),
        "deadline:relocate-0001": (end + timedelta(days=7), None),
    }
    for key, (start, until) in times.items():
        event = found[uid_of("plan", key)]
        assert event["DTSTART"] == at(start), key
        assert event.get("DTEND") == (at(until) if until else None), key
        assert event["DTSTAMP"] == at(START)
        assert event["SEQUENCE"] == "1"
    assert len(found) == len(list(entries(small.facts(wave(small)))))


def test_every_entry_has_what_a_calendar_asks_of_it(small):
    for event in events(to_ical(small.facts(wave(small)))).values():
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "DESCRIPTION", "SEQUENCE", "STATUS"} <= event.keys()
        assert event["DTSTART"].endswith("Z")
        assert event.get("DTEND", event["DTSTART"]) >= event["DTSTART"]


def test_names_that_attack_stay_words(hostile):
    made, _ = hostile
    found = events(to_ical(made.facts(wave(made))))
    assert len(found) == len(list(entries(made.facts(wave(made)))))


def test_a_step_that_moved_keeps_its_name_and_grows_its_number(small):
    before = to_ical(small.facts(wave(small)))
    plan = small.variables.plan
    hour = timedelta(hours=1)
    moved = tuple(
        replace(step, start=step.start + hour, end=step.end + hour) if step.kind == "decommission" else step
        for step in plan.steps
    )
    again = books(small.variables.estate, plans.sealed(replace(plan, steps=moved)))
    first, second = events(before), events(to_ical(again.facts(wave(again)), before))
    assert first.keys() == second.keys()
    changed = {uid for uid in first if first[uid] != second[uid]}
    assert changed == {uid_of("plan", "step:decommission-0001")}
    (uid,) = changed
    assert int(second[uid]["SEQUENCE"]) == int(first[uid]["SEQUENCE"]) + 1


def test_the_same_plan_over_its_own_file_changes_nothing(small):
    before = to_ical(small.facts(wave(small)))
    assert to_ical(small.facts(wave(small)), before) == before


def test_what_the_plan_no_longer_has_is_cancelled_once():
    estate = a_small_estate()
    whole = books(estate, a_small_plan(estate))
    fewer = tuple(step for step in whole.variables.plan.steps if step.kind != "decommission")
    less = books(estate, plans.sealed(replace(whole.variables.plan, steps=fewer)))
    first = to_ical(whole.facts(wave(whole)))
    second = to_ical(less.facts(wave(less)), first)
    gone = events(second)[uid_of("plan", "step:decommission-0001")]
    assert gone["STATUS"] == "CANCELLED"
    assert gone["SEQUENCE"] == "2"
    assert to_ical(less.facts(wave(less)), second) == second


def test_two_plans_of_different_names_share_no_entry():
    assert uid_of("a", "step:1") != uid_of("b", "step:1")
    assert uid_of("a", "step:1") == uid_of("a", "step:1")


@pytest.mark.parametrize("data", [b"not a calendar", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"\xff\xfe\x00"])
def test_an_earlier_file_that_is_no_calendar_is_refused(small, data):
    with pytest.raises(InputError, match="earlier calendar can't be read"):
        to_ical(small.facts(wave(small)), data)
