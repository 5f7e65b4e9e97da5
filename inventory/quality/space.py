"""Findings about rack units: booked twice, outside the rack, reserved, or nowhere at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from inventory.estate import Device, DeviceType, Estate, Rack, Ref
from inventory.quality.finding import Finding, called, found

TALLEST_RACK_U = 60
BOTH_FACES = ("front", "rear")


def space(estate: Estate) -> Iterator[Finding]:
    """Findings about devices in racks."""
    racks = estate.by_id("racks")
    types = estate.by_id("device_types")
    mounted: dict[int, list[tuple[Device, DeviceType]]] = defaultdict(list)
    for device in estate.devices:
        kind = types.get(device.device_type_id)
        yield from _placing(device, kind, racks.get(device.rack_id or 0))
        if device.rack_id in racks and device.position is not None and kind is not None and kind.height_u > 0:
            mounted[device.rack_id].append((device, kind))
    for rack_id, devices in mounted.items():
        yield from _double_booked(racks[rack_id], devices)
    yield from _reserved(estate, mounted)
    for rack in estate.racks:
        if not 0 < rack.height_u <= TALLEST_RACK_U:
            ref = Ref("racks", rack.id)
            yield found("rack-height-implausible", ref, f"rack {called(rack, ref)} has {rack.height_u} units")


def occupied_half_units(device: Device, device_type: DeviceType) -> range:
    """The half units a mounted device fills, counted from unit 0: position 3 with height 1 is range(6, 8)."""
    start = round((device.position or 0) * 2)
    return range(start, start + round(device_type.height_u * 2))


def _placing(device: Device, kind: DeviceType | None, rack: Rack | None) -> Iterator[Finding]:
    ref = Ref("devices", device.id)
    name = called(device, ref)
    if device.parent_device_id is not None:
        return
    if rack is None:
        if device.position is not None:
            yield found("position-without-rack", ref, f"{name} has position {device.position:g} but no rack")
        elif device.rack_id is None:
            yield found("device-without-rack", ref, f"{name} is in no rack")
        return
    if device.site_id != rack.site_id or (
        None not in {device.location_id, rack.location_id} and device.location_id != rack.location_id
    ):
        shown = called(rack, Ref("racks", rack.id))
        yield found(
            "rack-elsewhere",
            ref,
            f"{name} is in another site or room than its rack {shown}",
            (Ref("racks", rack.id),),
        )
    if kind is None or kind.height_u <= 0:
        return
    if device.position is None:
        yield found(
            "device-without-position", ref, f"{name} ({kind.height_u:g} U) has no position in its rack"
        )
        return
    if not (device.position * 2).is_integer():
        yield found("position-uneven", ref, f"{name} has position {device.position:g}")
    lowest, above = rack.starting_unit, rack.starting_unit + rack.height_u
    if device.position < lowest or device.position + kind.height_u > above:
        message = (
            f"{name} fills units {device.position:g} to {device.position + kind.height_u:g}, the rack has {lowest} to "
            f"{above - 1}"
        )
        yield found("outside-rack", ref, message, (Ref("racks", rack.id),))


def _faces(device: Device, kind: DeviceType) -> tuple[str, ...]:
    # A half-depth device of unknown face may be on either: it is taken to need both, so that nothing goes unseen.
    if kind.is_full_depth or device.face not in BOTH_FACES:
        return BOTH_FACES
    return (device.face,)


def _double_booked(rack: Rack, devices: list[tuple[Device, DeviceType]]) -> Iterator[Finding]:
    first: dict[tuple[int, str], Device] = {}
    pairs: dict[tuple[int, int], tuple[Device, Device, float]] = {}
    for device, kind in devices:
        if device.parent_device_id is not None or kind.height_u > TALLEST_RACK_U:
            continue
        for half_unit in occupied_half_units(device, kind):
            for face in _faces(device, kind):
                other = first.setdefault((half_unit, face), device)
                if other is not device:
                    pairs.setdefault((other.id, device.id), (other, device, half_unit / 2))
    for one, two, unit in pairs.values():
        ref, other_ref = Ref("devices", one.id), Ref("devices", two.id)
        names = f"{called(one, ref)} and {called(two, other_ref)}"
        message = f"{names} both fill unit {unit:g} of rack {called(rack, Ref('racks', rack.id))}"
        yield found("units-double-booked", ref, message, (other_ref, Ref("racks", rack.id)))


def _reserved(estate: Estate, mounted: dict[int, list[tuple[Device, DeviceType]]]) -> Iterator[Finding]:
    for reservation in estate.rack_reservations:
        units = {round(unit * 2) for unit in reservation.units}
        half_units = units | {unit + 1 for unit in units if unit % 2 == 0}
        for device, kind in mounted.get(reservation.rack_id, ()):
            if reservation.tenant_id is None or device.tenant_id == reservation.tenant_id:
                continue
            if kind.height_u <= TALLEST_RACK_U and half_units.intersection(occupied_half_units(device, kind)):
                ref = Ref("devices", device.id)
                other = Ref("rack_reservations", reservation.id)
                yield found("in-reserved-units", ref, f"{called(device, ref)} is in reserved units", (other,))
