"""Times and references of the small world in `plan_builders`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from inventory.estate import (
    Ref,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
SATURDAY, SUNDAY = 5, 6


def device(number: int) -> Ref:
    return Ref("devices", number)


def machine(number: int) -> Ref:
    return Ref("virtual_machines", number)


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A local time in 2027."""
    return datetime(2027, month, day, hour, minute, tzinfo=BRUSSELS)


def days_after(moment: datetime, days: float) -> datetime:
    """So many times 24 hours later."""
    return (moment.astimezone(UTC) + timedelta(days=days)).astimezone(BRUSSELS)
