"""What people have agreed: when things may be touched, when not at all, contracts, and what only runs on its hardware.

Everybody's windows hold Saturday night, but for metro depots and stations: there it's the four hours between Friday's
last train and Saturday's first, which are the crews' scarcest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.applications import Application, constrain
from inventory.sources.sample_region.region import Region

ZONE = ZoneInfo("Europe/Brussels")
SATURDAY = 5
NIGHT = (SATURDAY, 20 * 60, 12 * 60)
PATTERNS = (
    (NIGHT,),
    (NIGHT, (4, 20 * 60, 12 * 60)),
    ((SATURDAY, 18 * 60, 16 * 60),),
    (NIGHT, (2, 22 * 60, 7 * 60)),
)
BETWEEN_TRAINS = (SATURDAY, 60, 4 * 60)
METRO_KINDS = ("depot", "station")
CONTRACTORS = (
    "HPE Pointnext",
    "Dell ProSupport",
    "Econocom",
    "Realdolmen",
    "Lenovo Services",
    "NetApp SupportEdge",
)
NEEDS = (
    ("licence", "its licence is bound to the mainboard"),
    ("dongle", "a licence dongle sits in its USB port"),
    ("plug_type", "its supply has an IEC 60309 plug"),
    ("rail", "it hangs on two-post rails"),
    ("not_x86", "its control card has a processor of its own"),
)
NEED_OF_ROLE = {
    "tape-library": ("tape", "the tapes are read on this drive only"),
    "hsm": ("hsm", "keys never leave it"),
    "time-server": ("not_x86", "an embedded clock with an antenna"),
}


def agree(region: Region, applications: Sequence[Application]) -> None:
    """Tell windows, freezes, special needs and maintenance contracts."""
    _windows(region, applications)
    _freezes(region, applications)
    _needs(region)
    _contracts(region)


def _windows(region: Region, applications: Sequence[Application]) -> None:
    rng = region.rng
    for room in region.rooms:
        if room.building.kind in METRO_KINDS and room.key.endswith("-1"):
            _window(region, room.site, BETWEEN_TRAINS)
    metro = {room.building.tenant for room in region.rooms if room.building.kind in METRO_KINDS}
    for slug, tenant in region.tenants.items():
        if slug not in metro and rng.random() < 0.5:
            for slot in rng.choice(PATTERNS):
                _window(region, tenant, slot)
    for application in applications:
        if application.room.building.kind not in METRO_KINDS and rng.random() < 0.6:
            for slot in rng.choice(PATTERNS):
                _window(region, application.ref, slot)


def _window(region: Region, holder: SourceRef, slot: tuple[int, int, int]) -> None:
    weekday, start, duration = slot
    region.register.numbered(
        "change_windows", object=holder, weekday=weekday, start_minute=start, duration_minutes=duration
    )


def _freezes(region: Region, applications: Sequence[Application]) -> None:
    everyone = tuple(region.tenants.values())
    for year in (2026, 2027, 2028):
        _freeze(
            region,
            f"End of year {year}",
            everyone,
            date(year, 12, 18),
            date(year + 1, 1, 8),
            "accounts are closed",
        )
    schools = [a.ref for a in applications if a.room.building.kind == "school-service"]
    for year in (2027, 2028):
        _freeze(
            region,
            f"Start of school {year}",
            schools,
            date(year, 8, 23),
            date(year, 9, 13),
            "pupils are enrolled",
        )
    registers = [a.ref for a in applications if a.template.name.startswith(("Population", "IRISbox"))]
    _freeze(region, "Elections 2029", registers, date(2029, 5, 28), date(2029, 6, 12), "election days")
    ticketing = [a.ref for a in applications if a.template.name.startswith("Ticketing")]
    _freeze(region, "New fares", ticketing, date(2028, 1, 25), date(2028, 2, 5), "fares change on 1 February")


def _freeze(
    region: Region, name: str, members: Sequence[SourceRef], first: date, until: date, reason: str
) -> None:
    if members:
        start, end = (datetime(d.year, d.month, d.day, tzinfo=ZONE) for d in (first, until))
        constrain(region, "freeze", name, members, start=start, end=end, reason=reason)


def _needs(region: Region) -> None:
    for gear in region.gear("special"):
        need, detail = NEED_OF_ROLE.get(gear.role) or region.rng.choice(NEEDS)
        region.register.numbered("special_needs", object=gear.ref, need=need, detail=detail)


def _contracts(region: Region) -> None:
    rng = region.rng
    for gear in region.gear():
        is_storage = gear.group == "storage" and gear.parent is None
        if not is_storage and not (gear.role in ("server", "chassis") and rng.random() < 0.3):
            continue
        has_ended = is_storage and gear.room.building.partner != "sibelga" and rng.random() < 0.15
        ends = date(2025, 1, 1) if has_ended else date(2029, 1, 31)
        region.register.numbered(
            "maintenance_contracts",
            object=gear.ref,
            provider=rng.choice(CONTRACTORS),
            reference=f"MC-{rng.randrange(10**6):06d}",
            ends_on=ends + timedelta(days=rng.randrange(0, 600)) if rng.random() < 0.9 or has_ended else None,
        )
