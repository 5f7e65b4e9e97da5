"""The rule on the way in: of each hall's routes from the dock one has to let through whatever comes to stand there."""

from __future__ import annotations

from capacity.facility import Route, TargetRack
from capacity.resources import TOLERANCE
from capacity.verification.contents import Thing
from capacity.verification.view import View
from capacity.verification.violations import Findings, number

UNIT_MM = 44.45
FRAME_MM = 200.0  # of a rack whose outer height nobody stated: base, roof and castors


def check(view: View, things: dict[str, list[Thing]], findings: Findings) -> None:
    halls = {hall.name: hall for hall in view.facility.halls}
    for rack_id, inside in things.items():
        position = view.position_of(rack_id)
        hall = halls.get(position.hall) if position else None
        if hall is None or not hall.routes:
            continue
        if rack_id in view.new_racks:
            _rack(view, view.new_racks[rack_id], inside, hall.routes, findings)
        heaviest = max((_bears_kg(route) for route in hall.routes), default=0.0)
        for thing in inside:
            if thing.kind == "device" and thing.weight_kg > heaviest + TOLERANCE:
                findings.add(
                    "ROUTE",
                    f"hall {hall.name}",
                    f"{thing.label} weighs {number(thing.weight_kg)} kg, the ways into hall {hall.name} bear "
                    f"{number(heaviest)} kg",
                    "place it in another hall, or bring it in parts",
                    asset=thing.asset,
                    moment=view.moment(thing.since),
                    over=(thing.weight_kg - heaviest, "kg"),
                )


def _bears_kg(route: Route) -> float:
    return float("inf") if route.rolling_kg is None else route.rolling_kg


def _rack(
    view: View, rack: TargetRack, inside: list[Thing], routes: tuple[Route, ...], findings: Findings
) -> None:
    """A new rack rolls in with its kit, upright, its narrow side ahead."""
    weight_kg = rack.tare_kg + sum(t.weight_kg for t in inside if t.kind == "kit")
    model = view.rack_models.get(rack.model)
    height_mm = model.outer_height_mm if model is not None else None
    if height_mm is None:
        height_mm = rack.height_u * UNIT_MM + FRAME_MM
    width_mm = float(min(rack.width_mm, rack.depth_mm))
    reasons = []
    for route in routes:
        wrong = [
            f"{what} {number(needs)} {unit} of {number(limit)}"
            for what, needs, limit, unit in (
                ("it weighs", weight_kg, route.rolling_kg, "kg"),
                ("it is wide", width_mm, route.width_mm, "mm"),
                ("it is high", height_mm, route.height_mm, "mm"),
            )
            if limit is not None and needs > limit + TOLERANCE
        ]
        if not wrong:
            return
        reasons.append(f"{route.name}: {', '.join(wrong)}")
    findings.add(
        "ROUTE",
        f"rack {rack.id}",
        f"rack {rack.id} gets in by no route ({'; '.join(reasons)})",
        "use a smaller or lighter model, another hall, or a wider way",
        moment=view.moment(view.rack_arrival(rack.id)),
    )
