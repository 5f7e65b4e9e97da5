"""One machine behind one line, and a calendar in which its disk changes and a van can carry it."""

from __future__ import annotations

from dataclasses import replace

from plan_builders import a_calendar
from target_builders import a_cloud, a_target
from tiny_rooms import Room

from capacity.calendar import Calendar, CalendarResource
from capacity.plan import Plan, Step
from inventory.estate import Application, ApplicationMember, Circuit, Estate, Provider
from inventory.estate import sealed as sealed_estate

TARGET = a_target(positions=2, pools=(a_cloud(),))


def a_busy_calendar(*, appliances: float = 1.0, **work: float) -> Calendar:
    """The hand-made calendar with changes on every disk, and appliances for the van."""
    calendar = a_calendar()
    rates = {
        "change_share_per_day": 0.05,
        "delta_minutes": 5.0,
        "appliance_mb": 10_000_000.0,
        "appliance_mbps": 1000.0,
        "escort_crew": 1.0,
    }
    return replace(
        calendar,
        work=replace(calendar.work, **(rates | work)),
        resources=(*calendar.resources, CalendarResource("appliance", appliances, "appliances")),
    )


def over_a_line(rate_mbps: float | None, disk_mb: int = 5_000_000, **application: object) -> Estate:
    """One machine behind one line."""
    room = Room()
    ref = room.machine(disk_mb=disk_mb)
    line = Circuit(1, "LINE", 1, rate_mbps=rate_mbps, site_ids=(1,))
    return sealed_estate(
        replace(
            room.estate,
            providers=(Provider(1, "P", "p"),),
            circuits=(line,),
            applications=(Application(1, "Register", "register", **application),),
            application_members=(ApplicationMember(1, ref),),
        )
    )


def step_of(found: Plan, kind: str) -> Step:
    (step,) = [s for s in found.steps if s.kind == kind]
    return step
