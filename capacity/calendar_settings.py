"""What a person writes under `[calendar]` in `vorst.toml`, and how it becomes the Calendar a plan is made with.

Every default here is an assumption (no source publishes crews, vans or hours) and is carried as such in the Calendar.
Belgian holidays come from the `holidays` library; windows and freezes of applications stay in the Estate.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

import holidays
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from capacity.calendar import (
    Calendar,
    CalendarException,
    CalendarResource,
    Care,
    Grouping,
    SchoolHands,
    SchoolHoliday,
    SchoolRule,
    Skill,
    WeeklySlot,
    WorkRates,
)
from inventory.errors import InputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_YEAR = 3000
ASSUMED = (
    "calendar.resources: crews, engineers, vans and the dock are not public",
    "calendar.work: minutes per device, machine and rack are estimates of relocation practice",
    "calendar.default_windows: nights from Friday to Sunday where nobody stated a window",
    "calendar.rollback_days: the source stays reserved for a week",
    "calendar.intersite_latency_ms: round trip over the regional fibre",
    "calendar.care: how long audits, rehearsals and hypercare take, judged by eye",
    "calendar.risky_criticality: two moves of one tenant are risky at once up to this criticality, judged by eye",
    "calendar.work.appliance_mbps: how fast an appliance that goes by van fills and empties",
    "calendar.grouping: what holds a move group together, and how large it gets, is judged by eye",
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


_Time = TypeVar("_Time", date, datetime)


def _within_reach(moment: _Time) -> _Time:
    """Days that a time zone may still shift, and a day may still follow."""
    if not 1900 <= moment.year < LAST_YEAR:
        raise ValueError(f"write a year from 1900 to {LAST_YEAR - 1}")
    return moment


Day = Annotated[date, AfterValidator(_within_reach)]
Moment = Annotated[datetime, AfterValidator(_within_reach)]


# What planners hold beside the resources of the settings: a circuit's rate, a tenant's turn, the shared core's rate.
RESERVED = ("circuit:", "tenant:", "core:")


class SlotInput(_Strict):
    """`days` and a time span "HH:MM-HH:MM" local; an end before the start runs into the next day."""

    days: Annotated[tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...], Field(min_length=1)]
    hours: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")]

    def slots(self) -> tuple[WeeklySlot, ...]:
        start, end = (int(t[:2]) * 60 + int(t[3:]) for t in self.hours.split("-"))
        duration = (end - start) % (24 * 60) or 24 * 60
        return tuple(WeeklySlot(DAYS.index(day), start, duration) for day in self.days)


class ExceptionInput(_Strict):
    start: Moment
    end: Moment
    capacity: Annotated[float, Field(ge=0, le=100_000)]
    reason: str = ""


class ResourceInput(_Strict):
    capacity: Annotated[float, Field(ge=0, le=100_000)]
    unit: str = ""
    slots: tuple[SlotInput, ...] = ()
    exceptions: tuple[ExceptionInput, ...] = ()


_OFFICE = SlotInput(days=("mon", "tue", "wed", "thu", "fri"), hours="08:00-18:00")
_EVENINGS = SlotInput(days=("mon", "tue", "wed", "thu", "fri"), hours="18:00-06:00")
_WEEKEND = SlotInput(days=("sat", "sun"), hours="00:00-24:00")
_NIGHTS = SlotInput(days=("fri", "sat"), hours="20:00-08:00")


class WorkInput(_Strict):
    """Minutes of work and shares of lines; see `capacity.calendar.WorkRates` for each."""

    relocate_minutes: Annotated[float, Field(gt=0)] = 40
    transport_minutes: Annotated[float, Field(ge=0)] = 60
    van_kg: Annotated[float, Field(gt=0)] = 1200
    van_units_u: Annotated[float, Field(gt=0)] = 120
    cutover_minutes: Annotated[float, Field(gt=0)] = 12
    decommission_minutes: Annotated[float, Field(gt=0)] = 10
    rack_minutes: Annotated[float, Field(gt=0)] = 240
    host_minutes: Annotated[float, Field(gt=0)] = 120
    replication_share: Annotated[float, Field(gt=0, le=1)] = 0.5
    replication_factor: Annotated[float, Field(ge=1, le=1000)] = 1.1
    compression: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    change_share_per_day: Annotated[float, Field(ge=0, le=10)] = 0.03
    delta_minutes: Annotated[float, Field(gt=0, le=1440)] = 2.0
    appliance_mb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 80_000_000.0
    appliance_mbps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 2000.0
    escort_crew: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 2.0
    wipe_minutes: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 15.0
    media_roles: tuple[Annotated[str, Field(min_length=2)], ...] = (
        "server",
        "hypervisor",
        "blade",
        "storage",
        "nas",
        "tape",
        "hsm",
        "exchange",
        "appliance",
    )


class GroupingInput(_Strict):
    """What holds move groups together, weighed in Mbit/s; see `capacity.calendar.Grouping` for each."""

    max_assets: Annotated[int, Field(ge=1, le=10_000)] = 40
    application_mbps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 50
    cluster_mbps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    licence_mbps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20
    latency_mbps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10
    unknown_rate_mbps: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 5
    common_window_minutes: Annotated[int, Field(ge=15, le=10_080)] = 240


class CareInput(_Strict):
    """What is done around moves; see `capacity.calendar.Care` for each."""

    audit_minutes: Annotated[float, Field(ge=0, le=10_000)] = 120
    rehearsal_minutes: Annotated[float, Field(ge=0, le=10_000)] = 240
    rehearsal_criticality: Annotated[int, Field(ge=0, le=4)] = 1
    rehearsal_days: Annotated[int, Field(ge=1, le=365)] = 14
    rehearsal_lead_hours: Annotated[float, Field(ge=0, le=720)] = 24
    hypercare_hours: Annotated[float, Field(ge=0, le=240)] = 8
    hypercare_engineers: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1
    hypercare_within_hours: Annotated[float, Field(ge=0, le=240)] = 48

    @model_validator(mode="after")
    def _has_time_to_rehearse(self) -> Self:
        if self.rehearsal_lead_hours >= self.rehearsal_days * 24:
            raise ValueError(
                f"rehearsal_lead_hours of {self.rehearsal_lead_hours:g} leaves no time within rehearsal_days of "
                f"{self.rehearsal_days}"
            )
        return self


Word = Annotated[str, Field(min_length=1)]


class SchoolHolidayInput(_Strict):
    """Days (both inclusive) on which a community's schools are closed; `source` says where that is written."""

    community: Word
    name: Word
    first: Day
    last: Day
    source: Word

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"it ends on {self.last}, before it begins")
        return self


class SchoolRuleInput(_Strict):
    """Assets of tenants or at sites, by slug, that move only or never in a community's school holidays."""

    community: Word
    moves: Literal["only", "never"]
    tenants: tuple[Word, ...] = ()
    sites: tuple[Word, ...] = ()


class CalendarSettings(_Strict):
    """`[calendar]`; anything left out keeps its default."""

    time_zone: str = "Europe/Brussels"
    horizon_days: Annotated[int, Field(ge=1, le=3650)] = 730
    default_windows: Annotated[tuple[SlotInput, ...], Field(min_length=1)] = (_NIGHTS,)
    resources: dict[str, ResourceInput] = Field(
        default_factory=lambda: {
            "crew": ResourceInput(capacity=6, unit="crews", slots=(_OFFICE, _NIGHTS)),
            "engineer": ResourceInput(capacity=8, unit="engineers", slots=(_OFFICE, _EVENINGS, _WEEKEND)),
            "van": ResourceInput(capacity=4, unit="vans"),
            "dock": ResourceInput(capacity=2, unit="dock slots"),
            "appliance": ResourceInput(capacity=1, unit="appliances"),
        }
    )
    work: WorkInput = WorkInput()
    grouping: GroupingInput = GroupingInput()
    care: CareInput = CareInput()
    skills: dict[str, Annotated[tuple[Annotated[str, Field(min_length=2)], ...], Field(min_length=1)]] = {}
    school_holidays: str | tuple[SchoolHolidayInput, ...] = ()
    """A CSV file beside `vorst.toml` (`capacity.school_holidays`), or what stands in it once it has been read."""
    school: tuple[SchoolRuleInput, ...] = ()
    school_hands: dict[Word, Annotated[float, Field(ge=0, le=1)]] = {}
    rollback_days: Annotated[int, Field(ge=0, le=365)] = 7
    intersite_latency_ms: Annotated[float, Field(ge=0)] = 2.0
    core_mbps: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    risky_criticality: Annotated[int, Field(ge=0, le=4)] = 2
    extra_holidays: tuple[Day, ...] = ()


def resolve(settings: CalendarSettings, start: datetime) -> Calendar:
    """The Calendar from `start` (aware, or local to the planning zone) over the horizon.

    Raises InputError for an unknown time zone, when one of crew, engineer, van and dock is missing, or when a resource
    is called as planners call a circuit's line, a tenant's turn or the shared core.
    """
    zone = _zone(settings.time_zone)
    missing = [name for name in ("crew", "engineer", "van", "dock") if name not in settings.resources]
    if missing:
        raise InputError(
            f"no resource {', '.join(missing)}",
            where="vorst.toml [calendar.resources]",
            remedy="add it with its capacity",
        )
    taken = sorted(name for name in settings.resources if _is_reserved(name))
    if taken:
        raise InputError(
            f"a resource can't be called {taken[0]!r:.60}: plans hold lines and tenants under such names",
            where="vorst.toml [calendar.resources]",
            remedy=f"choose a name that doesn't begin with {', '.join(RESERVED[:-1])} or {RESERVED[-1]}",
        )
    unstaffed = sorted(settings.skills.keys() - settings.resources.keys())
    if unstaffed:
        raise InputError(
            f"nobody has the skill {', '.join(unstaffed)}",
            where="vorst.toml [calendar.skills]",
            remedy="add a resource of that name to [calendar.resources]",
        )
    if not 1900 <= start.year <= LAST_YEAR - 20:
        raise InputError(
            f"no plan can start in the year {start.year}",
            where="start",
            remedy=f"use a year from 1900 to {LAST_YEAR - 20}",
        )
    begin = (start if start.tzinfo else start.replace(tzinfo=zone)).astimezone(zone)
    end = begin + timedelta(days=settings.horizon_days)
    official = holidays.country_holidays("BE", years=range(begin.year, end.year + 1))
    days = sorted({*official, *settings.extra_holidays})
    return Calendar(
        time_zone=settings.time_zone,
        start=begin,
        horizon_end=end,
        default_windows=_slots(settings.default_windows),
        holidays=tuple(days),
        resources=tuple(_resource(name, entry, zone) for name, entry in settings.resources.items()),
        work=WorkRates(**settings.work.model_dump()),
        rollback_days=settings.rollback_days,
        intersite_latency_ms=settings.intersite_latency_ms,
        assumptions=ASSUMED,
        core_mbps=settings.core_mbps,
        risky_criticality=settings.risky_criticality,
        care=Care(**settings.care.model_dump()),
        school_holidays=tuple(SchoolHoliday(**entry.model_dump()) for entry in _holidays(settings)),
        school_hands=tuple(SchoolHands(name, factor) for name, factor in settings.school_hands.items()),
        school_rules=tuple(SchoolRule(**rule.model_dump()) for rule in settings.school),
        skills=tuple(Skill(name, words) for name, words in settings.skills.items()),
        grouping=None if settings.grouping == GroupingInput() else Grouping(**settings.grouping.model_dump()),
    )


def _is_reserved(name: str) -> bool:
    return name.strip().casefold().startswith(RESERVED)


def _holidays(settings: CalendarSettings) -> tuple[SchoolHolidayInput, ...]:
    """The school holidays; each community that a rule names has some."""
    known = settings.school_holidays
    if isinstance(known, str):
        raise InputError(f"{known} was not read", where="vorst.toml [calendar] school_holidays")
    named = {rule.community for rule in settings.school} | settings.school_hands.keys()
    missing = sorted(named - {entry.community for entry in known})
    if missing:
        raise InputError(
            f"no school holidays of the community {missing[0]!r}",
            where="vorst.toml [calendar] school, school_hands",
            remedy="add them to the table that calendar.school_holidays names",
        )
    return known


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError(
            f"no time zone {name!r}",
            where="vorst.toml [calendar] time_zone",
            remedy='use a name such as "Europe/Brussels"',
        ) from None


def _slots(entries: tuple[SlotInput, ...]) -> tuple[WeeklySlot, ...]:
    found = {slot for entry in entries for slot in entry.slots()}
    return tuple(sorted(found, key=lambda slot: (slot.weekday, slot.start_minute, slot.duration_minutes)))


def _resource(name: str, entry: ResourceInput, zone: ZoneInfo) -> CalendarResource:
    def aware(moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    exceptions = tuple(
        CalendarException(aware(e.start), aware(e.end), e.capacity, e.reason) for e in entry.exceptions
    )
    return CalendarResource(name, entry.capacity, entry.unit, _slots(entry.slots), exceptions)
