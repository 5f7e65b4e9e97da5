"""Settings at their limits: refused with what to do, or planned so that the checker accepts it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from copy_cases import TARGET, a_busy_calendar, over_a_line
from plan_builders import a_calendar, a_facility, an_estate
from pydantic import ValidationError
from tiny_rooms import Room

from capacity.calendar import Calendar
from capacity.calendar_settings import CalendarSettings, resolve
from capacity.planner import plan
from capacity.verify import check
from inventory.errors import InputError
from inventory.estate import Circuit, Flow, Provider
from inventory.estate import sealed as sealed_estate

START = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "settings",
    [
        {"work": {"relocate_minutes": float("inf")}},
        {"resources": {"crew": {"capacity": float("inf")}}},
        {"resources": {"crew": {"capacity": 1e9}}},
        {"extra_holidays": ["9999-12-31"]},
        {
            "school_holidays": [
                {"community": "c", "name": "n", "first": "2027-01-01", "last": "9999-12-31", "source": "s"}
            ]
        },
        {
            "resources": {
                "crew": {
                    "capacity": 1,
                    "exceptions": [{"start": "0001-01-01T00:00", "end": "2027-01-01T00:00", "capacity": 0}],
                }
            }
        },
        {"care": {"rehearsal_days": 1, "rehearsal_lead_hours": 24}},
    ],
)
def test_what_no_calendar_can_hold_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CalendarSettings.model_validate(settings)


def test_a_start_after_all_years_is_refused() -> None:
    with pytest.raises(InputError, match="9999"):
        resolve(CalendarSettings(), datetime(9999, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "work",
    [
        {"appliance_mb": 1e-305},
        {"appliance_mbps": 1e-305},
        {"transport_minutes": 1e30},
        {"wipe_minutes": 1e300},
    ],
)
def test_what_takes_for_ever_stays(work: dict[str, float]) -> None:
    estate = over_a_line(1.0)
    found = plan(estate, TARGET, a_busy_calendar(**work))
    assert check(estate, TARGET, found) == ()
    assert found.unplaced or "wipe_minutes" in work


def with_capacity(calendar: Calendar, **capacities: float) -> Calendar:
    resources = (replace(r, capacity=capacities.get(r.name, r.capacity)) for r in calendar.resources)
    return replace(calendar, resources=tuple(resources))


@pytest.mark.parametrize(
    ("capacities", "wipe_minutes"), [({"crew": 1.0}, 0.0), ({"van": 0.0}, 0.0), ({}, 1e300)]
)
def test_what_can_never_be_cleared_at_its_source_stays_and_says_so(
    capacities: dict[str, float], wipe_minutes: float
) -> None:
    calendar = a_calendar()
    work = replace(calendar.work, wipe_minutes=wipe_minutes, escort_crew=2.0, media_roles=("server",))
    found = plan(an_estate(), a_facility(), with_capacity(replace(calendar, work=work), **capacities))
    assert check(an_estate(), a_facility(), found) == ()
    assert any("clearing it at its source" in lack.explanation for u in found.unplaced for lack in u.lacks)


def test_lines_that_copies_may_take_whole_leave_no_faster_line_to_name() -> None:
    room = Room()
    one, other = room.machine(), room.machine()
    room.bind("apart", one, other, scope="group")
    estate = sealed_estate(
        replace(
            room.estate,
            providers=(Provider(1, "P", "p"),),
            circuits=(Circuit(1, "LINE", 1, rate_mbps=100.0, site_ids=(1,)),),
            flows=(Flow(1, one, other, rate_mbps=90.0),),
        )
    )
    calendar = a_calendar()
    found = plan(estate, TARGET, replace(calendar, work=replace(calendar.work, replication_share=1.0)))
    assert {entry.asset for entry in found.unplaced} == {one, other}
    assert "replication_share" in {u.change.explanation for u in found.unplaced if u.change}.pop()
    assert check(estate, TARGET, found) == ()
