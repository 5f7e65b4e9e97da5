"""Racks drawn unit by unit: what stands in each face now, what will, and where two things claim the same units.

Numbering is NetBox's: the lowest unit is `starting_unit`; `desc_units` puts it at the top. A rack with anything on half
units is drawn in half units. What is where comes from the documents; nothing is corrected here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from capacity.facility import TargetRack
from inventory.estate import Device, Rack
from inventory.rows import Ref
from tui.loaded import Loaded
from tui.output import plain
from tui.views.spans import count, some

FRONT, REAR = "front", "rear"


@dataclass(frozen=True, slots=True)
class Mount:
    """A thing in a rack. `tone` is its strategy, or "kit"; `position` None: outside the units."""

    label: str
    position: float | None
    height_u: float
    face: str | None
    is_full_depth: bool
    tone: str
    ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One drawn line of a face: `is_top` where a thing begins, `back` where it is mounted on the other face."""

    text: str = ""
    tone: str = "free"
    is_top: bool = False
    back: bool = False


@dataclass(frozen=True, slots=True)
class UnitLine:
    unit: str
    front: Slot
    rear: Slot


@dataclass(frozen=True, slots=True)
class Elevation:
    """A drawn rack: its lines from the top, how many units anything takes, what is mounted outside the units, and how
    many lines are claimed twice.
    """

    title: str
    subtitle: str
    lines: tuple[UnitLine, ...]
    taken_u: float
    outside: tuple[str, ...] = ()
    conflicts: int = 0
    is_planned: bool = False


def elevation(
    title: str,
    mounts: Sequence[Mount],
    *,
    height_u: int,
    starting_unit: int = 1,
    desc_units: bool = False,
    reserved: Iterable[float] = (),
    is_planned: bool = False,
) -> Elevation:
    """Draw a rack; positions count from `starting_unit`."""
    placed = [m for m in mounts if m.position is not None and m.height_u > 0]
    step = 0.5 if any(m.position % 1 or m.height_u % 1 for m in placed if m.position is not None) else 1.0
    end = starting_unit + height_u
    inside = [m for m in placed if m.position is not None and _is_inside(m, starting_unit, end)]
    taken = set(reserved)
    lines: list[UnitLine] = []
    conflicts = 0
    slots = [starting_unit + n * step for n in range(int(height_u / step))]
    order = slots if desc_units else slots[::-1]
    previous: dict[str, tuple[Mount, ...]] = {FRONT: (), REAR: ()}
    for unit in order:
        here = [m for m in inside if m.position is not None and m.position <= unit < m.position + m.height_u]
        faces = {face: tuple(m for m in here if _claims(m, face)) for face in (FRONT, REAR)}
        conflicts += any(len(claimed) > 1 for claimed in faces.values())
        front, rear = (_slot(faces[f], previous[f], f, reserved=int(unit) in taken) for f in (FRONT, REAR))
        lines.append(UnitLine(f"{unit:g}" if unit == int(unit) else "½", front, rear))
        previous = faces
    outside = [m for m in mounts if m not in inside]
    is_free = ("free", "reserved")
    used = step * sum(line.front.tone not in is_free or line.rear.tone not in is_free for line in lines)
    note = f"{count(used)} of {height_u} U"
    if conflicts:
        note += f", {some(conflicts, 'unit')} claimed twice"
    return Elevation(
        plain(title),
        note,
        tuple(lines),
        used,
        tuple(_outside(m, end) for m in outside),
        conflicts,
        is_planned,
    )


def _is_inside(mount: Mount, start: float, end: float) -> bool:
    return mount.position is not None and start <= mount.position and mount.position + mount.height_u <= end


def _claims(mount: Mount, face: str) -> bool:
    return mount.is_full_depth or mount.face is None or mount.face == face


def _slot(claimed: Sequence[Mount], above: Sequence[Mount], face: str, *, reserved: bool) -> Slot:
    if not claimed:
        return Slot("reserved", "reserved", is_top=True) if reserved else Slot()
    is_top = tuple(claimed) != tuple(above)
    if len(claimed) > 1:
        return Slot("‼ " + " / ".join(m.label for m in claimed) if is_top else "‼", "bad", is_top=True)
    mount = claimed[0]
    back = mount.face is not None and mount.face != face
    return Slot(mount.label if is_top and not back else "", mount.tone, is_top, back)


def _outside(mount: Mount, end: float) -> str:
    if mount.position is None:
        return f"{mount.label} (no unit)"
    if mount.height_u == 0:
        return f"{mount.label} (0 U)"
    return f"{mount.label} (at U{mount.position:g}, {mount.height_u:g} U: outside U1 to U{end - 1:g})"


# --- racks at a source -----------------------------------------------------------------------------------------------


def source_mounts(loaded: Loaded, devices: Iterable[Device], *, planned: bool = False) -> list[Mount]:
    """What stands in a rack of a source: now, or (`planned`) what is left after the last step."""
    types = loaded.estate.by_id("device_types")
    found = []
    for device in devices:
        ref = Ref("devices", device.id)
        decision = loaded.decisions.get(ref)
        strategy = decision.strategy if decision else "none"
        if planned and strategy != "retain" and ref not in loaded.unplaced:
            continue
        if device.parent_device_id is not None:
            continue
        kind = types.get(device.device_type_id)
        found.append(
            Mount(
                plain(loaded.name_of(ref)),
                device.position,
                kind.height_u if kind else 1.0,
                device.face,
                kind.is_full_depth if kind else True,
                strategy,
                ref,
            )
        )
    return found


def source_rack(loaded: Loaded, rack: Rack, devices: Sequence[Device], *, planned: bool = False) -> Elevation:
    """One rack of a source, now or after the last step of the plan."""
    reserved = [unit for r in loaded.estate.rack_reservations if r.rack_id == rack.id for unit in r.units]
    return elevation(
        rack.name + (" after the plan" if planned else ""),
        source_mounts(loaded, devices, planned=planned),
        height_u=rack.height_u,
        starting_unit=rack.starting_unit,
        desc_units=rack.desc_units,
        reserved=() if planned else reserved,
        is_planned=planned,
    )


# --- racks at the target ---------------------------------------------------------------------------------------------


def target_mounts(loaded: Loaded, rack: TargetRack, *, planned: bool = True) -> list[Mount]:
    """The kit and occupants of a rack at the target, and (`planned`) what the plan puts in."""
    found = [
        Mount(
            plain(item.name),
            item.position,
            item.height_u,
            item.face,
            item.is_full_depth,
            "kit" if item.role == "kit" else "none",
        )
        for item in rack.contents
    ]
    if not planned or loaded.plan is None:
        return found
    for placed in loaded.devices_in_rack.get(rack.id, ()):
        if placed.parent_device_id is None:
            demand = loaded.planned_demands.get(placed.asset)
            depth = demand.is_full_depth if demand and demand.is_full_depth is not None else True
            height = demand.height_u if demand and demand.height_u is not None else 1.0
            found.append(
                Mount(
                    plain(loaded.name_of(placed.asset)),
                    placed.position,
                    height,
                    placed.face,
                    depth,
                    "relocate",
                    placed.asset,
                )
            )
    pools = {pool.name: pool for pool in loaded.facility.pools}
    for host in loaded.plan.hosts:
        pool = pools.get(host.pool)
        if host.rack == rack.id and pool is not None:
            kind = pool.type_named(host.model) or pool.host_type
            found.append(
                Mount(plain(host.id), host.position, kind.height_u, host.face, kind.is_full_depth, "rehost")
            )
    return found


def target_rack(loaded: Loaded, rack: TargetRack, *, planned: bool = True) -> Elevation:
    """One rack at the target: as it stands, or as the plan fills it."""
    return elevation(
        rack.id + (" planned" if planned else " now"),
        target_mounts(loaded, rack, planned=planned),
        height_u=rack.height_u,
        starting_unit=rack.starting_unit,
        reserved=rack.reserved_units,
        is_planned=planned,
    )
