"""Partners, bodies, buildings and rooms of a region of a given size, and the servers each room gets.

The default region has about 100 rooms on some 90 sites; a smaller one takes fewer buildings of each partner, a larger
one adds branches. Which buildings there are is in `geography`; lines to them are `network`'s.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.geography import (
    BUILDINGS,
    KINDS,
    MUNICIPALITIES,
    PARTNERS,
    TENANTS,
    Building,
    municipality,
)
from inventory.sources.sample_region.region import Region, Room, shares

ROOMS_AT_DEFAULT = 100
# Share of the servers and of the rooms of each partner; STIB's and Sibelga's rooms are many and small.
SERVER_SHARES = {"cirb": 0.34, "others": 0.32, "stib": 0.20, "sibelga": 0.14}
ROOM_SHARES = {"cirb": 0.11, "others": 0.55, "stib": 0.20, "sibelga": 0.14}
LANDLORDS = (
    "Régie des Bâtiments / Regie der Gebouwen",
    "Befimmo",
    "Cofinimmo",
    "AG Real Estate",
    "Citydev.brussels",
)
LEASED_KINDS = ("headquarters", "agency", "data-room", "school-service", "welfare")


def furnish(region: Region) -> None:
    """Tell regions, partners, tenants, sites and locations, and give each room its number of servers."""
    register = region.register
    capital = register.add(
        "regions",
        "brussels",
        name="Région de Bruxelles-Capitale / Brussels Hoofdstedelijk Gewest",
        slug="brussels",
    )
    towns = {
        town.slug: register.add(
            "regions", town.slug, name=town.name, slug=f"town-{town.slug}", parent_id=capital
        )
        for town in MUNICIPALITIES
    }
    groups = {
        slug: register.add("tenant_groups", slug, name=name, slug=slug) for slug, name in PARTNERS.items()
    }
    buildings = _buildings(region)
    used = {b.tenant for chosen in buildings.values() for b, _ in chosen} | set(PARTNERS) & set(TENANTS)
    for slug, (name, partner) in TENANTS.items():
        if slug in used:
            region.tenants[slug] = register.add(
                "tenants", slug, name=name, slug=f"t-{slug}", group_id=groups[partner]
            )
    for chosen in buildings.values():
        for building, rooms in chosen:
            _tell_building(region, building, rooms, towns)
    _share_out(region)


def _buildings(region: Region) -> dict[str, list[tuple[Building, int]]]:
    """The buildings of each partner, with how many of their rooms are used."""
    total = _room_count(region.servers)
    partners = list(ROOM_SHARES)[: max(1, total)]
    counts = dict(zip(partners, shares(total, [ROOM_SHARES[p] for p in partners]), strict=True))
    for partner in partners:
        if counts[partner] == 0:
            counts[partner] = 1
            counts[max(counts, key=lambda p: counts[p])] -= 1
    return {partner: _take(region, partner, counts[partner]) for partner in partners}


def _room_count(servers: int) -> int:
    if servers <= 2600:
        return max(1, round(ROOMS_AT_DEFAULT * servers / 2600))
    # A larger region has larger rooms as well as more of them.
    return round(ROOMS_AT_DEFAULT * math.pow(servers / 2600, 0.7))


def _take(region: Region, partner: str, rooms: int) -> list[tuple[Building, int]]:
    chosen: list[tuple[Building, int]] = []
    for building in BUILDINGS[partner]:
        if rooms == 0:
            return chosen
        used = min(building.rooms, rooms)
        chosen.append((building, used))
        rooms -= used
    known = BUILDINGS[partner]
    for number in range(rooms):
        like = known[number % len(known)]
        town = municipality(like.municipality)
        chosen.append(
            (
                replace(
                    like,
                    slug=f"{partner}-branch-{number + 1:03d}",
                    name=f"{like.name}, antenne / antenne {number // len(known) + 1}",
                    kind="branch",
                    latitude=round(town.latitude + region.rng.uniform(-0.008, 0.008), 5),
                    longitude=round(town.longitude + region.rng.uniform(-0.012, 0.012), 5),
                    rooms=1,
                ),
                1,
            )
        )
    return chosen


def _tell_building(region: Region, building: Building, rooms: int, towns: dict[str, SourceRef]) -> None:
    rng, register = region.rng, region.register
    town = municipality(building.municipality)
    is_leased = building.kind in LEASED_KINDS and rng.random() < 0.6
    site = register.add(
        "sites",
        building.slug,
        name=building.name,
        slug=building.slug,
        status="active",
        region_id=towns[building.municipality],
        tenant_id=region.tenants[building.tenant],
        physical_address=f"{building.address}, {town.postcode} {town.name_fr}",
        latitude=building.latitude,
        longitude=building.longitude,
        time_zone="Europe/Brussels",
        landlord=rng.choice(LANDLORDS) if is_leased else None,
        lease_end=date(rng.choice((2027, 2028, 2028, 2029, 2030, 2032)), rng.choice((3, 6, 9, 12)), 30)
        if is_leased
        else None,
    )
    low, high = KINDS[building.kind].area_m2
    for number in range(1, rooms + 1):
        is_surveyed = rng.random() < 0.85
        floor = rng.choice(("-2", "-1", "0", "1", "3"))
        name = f"Salle / zaal {floor}.{number:02d}"
        location = register.add(
            "locations",
            f"{building.slug}-{number}",
            name=name,
            slug=f"room-{number}",
            site_id=site,
            status="active",
            tenant_id=region.tenants[building.tenant],
            area_m2=float(rng.randint(low, high)) if is_surveyed else None,
            cooling_w=float(rng.randint(5, 30) * 1000) if is_surveyed and rng.random() < 0.5 else None,
            floor_limit_kg_m2=float(rng.choice((400, 500, 750))) if rng.random() < 0.4 else None,
            has_plan=is_surveyed,
        )
        region.rooms.append(
            Room(
                key=f"{building.slug}-{number}",
                name=name,
                building=building,
                location=location,
                site=site,
                tenant=region.tenants[building.tenant],
                is_metered=building.partner != "stib" and rng.random() < 0.85,
            )
        )


def _share_out(region: Region) -> None:
    partners = [p for p in SERVER_SHARES if any(room.building.partner == p for room in region.rooms)]
    counts = shares(region.servers, [SERVER_SHARES[p] for p in partners])
    for partner, count in zip(partners, counts, strict=True):
        rooms = [room for room in region.rooms if room.building.partner == partner]
        weights = [KINDS[room.building.kind].server_weight for room in rooms]
        for room, servers in zip(rooms, shares(count, weights), strict=True):
            room.servers = servers
