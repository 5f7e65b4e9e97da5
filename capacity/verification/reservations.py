"""Rule RESERVATION: what a partner keeps reserved stays unused until it is released, positions and amounts alike."""

from __future__ import annotations

import math
from collections.abc import Mapping

from capacity.facility import Entitlement, Reservation
from capacity.resources import UNITS
from capacity.verification.moments import beyond
from capacity.verification.view import View
from capacity.verification.violations import Findings, number

Arrivals = list[tuple[float, float]]
Span = tuple[float, float]


def check(view: View, use: Mapping[str, Mapping[str, Arrivals]], findings: Findings) -> None:
    """`use`: by partner and dimension, when how much arrives; what has arrived stays."""
    spans = {id(entry): _span(view, entry) for entry in view.facility.reservations}
    for entry in view.facility.reservations:
        _positions(view, entry, spans[id(entry)], findings)
    for entitlement in view.facility.entitlements:
        mine = [r for r in view.facility.reservations if r.partner == entitlement.partner]
        for dimension in ("area_m2", "power_w", "units_u"):
            kept = [(spans[id(r)], _amount(view, r, dimension)) for r in mine]
            arrivals = use.get(entitlement.partner, {}).get(dimension, [])
            _amounts(view, entitlement, dimension, arrivals, [k for k in kept if k[1] > 0], findings)


def _span(view: View, entry: Reservation) -> Span:
    begin = -math.inf if entry.since is None else view.clock.midnight(entry.since)
    end = math.inf if entry.until is None else view.clock.midnight(entry.until)
    return begin, end


def _amount(view: View, entry: Reservation, dimension: str) -> float:
    amount = getattr(entry, dimension) or 0.0
    if dimension == "area_m2":
        held = (view.positions.get(name) for name in entry.positions)
        amount += sum(position.area_m2 for position in held if position is not None)
    return float(amount)


def _positions(view: View, entry: Reservation, span: Span, findings: Findings) -> None:
    """No rack stands at a reserved position; one that comes before stays, so it may not come before the release."""
    for rack in view.racks.values():
        if rack.position not in entry.positions:
            continue
        since = view.rack_arrival(rack.id) if rack.id in view.new_racks else view.start
        if since < span[1]:
            findings.add(
                "RESERVATION",
                f"reservation {entry.name}",
                f"rack {rack.id} stands at position {rack.position}, which {entry.partner} keeps free ({entry.name})",
                "give it another position, or wait for the release",
                moment=view.moment(max(since, span[0])),
            )


def _amounts(
    view: View,
    entitlement: Entitlement,
    dimension: str,
    arrivals: Arrivals,
    kept: list[tuple[Span, float]],
    findings: Findings,
) -> None:
    """Use and what is kept free go into the entitlement together; use alone is ENTITLEMENT's."""
    limit = getattr(entitlement, dimension)
    if limit is None or not kept:
        return
    moments = {m for m, _ in arrivals} | {max(begin, view.start) for (begin, _), _ in kept}
    since, worst = None, 0.0
    for moment in sorted(moments):
        used = sum(amount for m, amount in arrivals if m <= moment)
        free = sum(amount for (begin, end), amount in kept if begin <= moment < end)
        if free > 0 and beyond(used + free, limit) and not beyond(used, limit):
            since = moment if since is None else since
            worst = max(worst, used + free - limit)
    if since is not None:
        unit = UNITS.get(dimension, "U")
        findings.add(
            "RESERVATION",
            f"partner {entitlement.partner}, {dimension}",
            f"partner {entitlement.partner} uses {number(worst)} {unit} of what it keeps reserved",
            "place less for it, or release a reservation",
            moment=view.moment(since),
            over=(worst, unit),
        )
