"""Findings about buildings, rooms and the lines to them."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.estate import Estate, Ref, Site
from inventory.quality.finding import Finding, called, found


def places(estate: Estate) -> Iterator[Finding]:
    """Findings about sites, locations, racks' rooms and circuits."""
    connected = {site_id for circuit in estate.circuits for site_id in circuit.site_ids}
    for site in estate.sites:
        yield from _site(site, is_connected=site.id in connected)
    for location in estate.locations:
        ref = Ref("locations", location.id)
        name = called(location, ref)
        if not location.has_plan:
            known = (
                "there is no plan" if location.has_plan is False else "nobody said whether there is a plan"
            )
            yield found("room-without-plan", ref, f"{known} of room {name}")
        if location.area_m2 is None:
            yield found("room-without-area", ref, f"the area of room {name} is unknown")
    for rack in estate.racks:
        if rack.location_id is None:
            ref = Ref("racks", rack.id)
            yield found("rack-without-location", ref, f"rack {called(rack, ref)} is in no room")
    for circuit in estate.circuits:
        if circuit.rate_mbps is None or circuit.rate_mbps <= 0:
            yield found(
                "circuit-without-rate", Ref("circuits", circuit.id), f"circuit {circuit.cid[:80]} has no rate"
            )


def _site(site: Site, *, is_connected: bool) -> Iterator[Finding]:
    ref = Ref("sites", site.id)
    name = called(site, ref)
    if not is_connected:
        yield found("site-without-circuit", ref, f"no circuit ends at {name}")
    if site.latitude is None or site.longitude is None:
        yield found("site-without-coordinates", ref, f"{name} has no coordinates")
    elif abs(site.latitude) > 90 or abs(site.longitude) > 180:
        message = f"{name} lies at {site.latitude:g}, {site.longitude:g}"
        yield found("coordinates-implausible", ref, message)
