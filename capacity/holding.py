"""What partners hold besides their racks: owned cages, and what reservations keep free, from when to when.

Sums the planners and the views share; the checker has its own (`verification.reservations`). The rules are
docs/reference/rules.md, "Entitlements and cloud".
"""

from __future__ import annotations

from datetime import date

from capacity.facility import Facility, Reservation

DIMENSIONS = ("area_m2", "power_w", "units_u")


def cage_area_m2(facility: Facility, partner: str) -> float:
    """The area of the cages a partner owns, filled or not."""
    return sum(cage.area_m2 for cage in facility.cages if cage.owner == partner)


def reserved(facility: Facility, entry: Reservation, dimension: str) -> float:
    """How much of a dimension (of DIMENSIONS) a reservation keeps free, named positions' area included."""
    amount: float = getattr(entry, dimension) or 0.0
    if dimension == "area_m2":
        area = {position.name: position.area_m2 for position in facility.positions}
        amount += sum(area[name] for name in entry.positions)
    return amount


def is_kept(entry: Reservation, day: date) -> bool:
    """Whether a reservation holds on a day."""
    return (entry.since is None or entry.since <= day) and (entry.until is None or day < entry.until)


def kept_after(facility: Facility, partner: str, dimension: str, start: date | None) -> float:
    """The most of a dimension that a partner's reservations keep free at once after `start`; what comes stays, so a
    plan may use none of it. None: what is kept for good.
    """
    mine = [r for r in facility.reservations if r.partner == partner]
    if start is None:
        mine = [r for r in mine if r.until is None]
        return sum(reserved(facility, r, dimension) for r in mine)
    mine = [r for r in mine if r.until is None or r.until > start]
    days = {start, *(r.since for r in mine if r.since is not None and r.since > start)}
    return max(sum(reserved(facility, r, dimension) for r in mine if is_kept(r, day)) for day in days)


def free_from(facility: Facility, position: str) -> date | None:
    """The day from which a rack may stand at a position; None: always. `date.max`: never."""
    until = [r.until or date.max for r in facility.reservations if position in r.positions]
    return max(until, default=None)
