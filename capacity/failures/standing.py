"""What stands where at one moment of a plan: loads at the target, who runs on which host, what is still at its source.

A thing at the target loads its feeds and its cooling from the start of the first step towards it, as the rules say; it
serves from the end of its cutover or relocation, and its source serves until that step starts. Between, it serves
nowhere: it is down because it moves. What any loss does to all this is for the modules beside this one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from capacity.belonging import Belonging
from capacity.facility import CloudPool, Facility, HostType, Mounted, Supply, TargetRack
from capacity.plan import AssetDemand, CloudHost, DevicePlacement, Plan, Step
from capacity.resources import Redundancy
from inventory.errors import ProblemError
from inventory.estate import Estate, Ref

TARGET = -1  # the target as a site; ids of the estate are positive
TOUCHING = ("cutover", "relocate")


@dataclass(frozen=True, slots=True)
class Load:
    """One thing in a rack at the target. `kind` kit, occupant, device or host; `number` its place in the rack's list
    for kit and occupants. `redundancy` None: it has no supplies. A device in a bay is no load: its chassis is.
    """

    name: str
    kind: str
    rack: str
    power_w: float
    redundancy: Redundancy | None
    supplies: tuple[Supply, ...]
    ports_used: float = 0.0
    ports_provided: float = 0.0
    asset: Ref | None = None
    host: str | None = None
    number: int = -1


@dataclass(frozen=True)
class Standing:
    """The world at `moment`, of one estate, facility and plan.

    `serves_at`: the site where each asset works, `TARGET` for the target; an asset that moves just then is in `moving`,
    one that is retired in neither. `powered_at_source`: devices that still draw power there. `bays`: the chassis of
    devices in bays. `host_of`: the cloud host of each workload that runs there; `held`: those that hold room on it.
    `replicating`: Mbit/s held on each circuit by each replicate step that runs. `available`: racks that stand.
    """

    estate: Estate
    facility: Facility
    plan: Plan
    moment: datetime
    is_final: bool
    loads: tuple[Load, ...]
    zone_of: Mapping[str, str]
    owner_of_rack: Mapping[str, str]
    hosts: tuple[CloudHost, ...]
    pools: Mapping[str, CloudPool]
    host_of: Mapping[Ref, str]
    held: Mapping[Ref, str]
    serves_at: Mapping[Ref, int]
    moving: frozenset[Ref]
    powered_at_source: frozenset[int]
    bays: Mapping[Ref, Ref]
    ready: frozenset[str]
    replicating: Mapping[int, Mapping[str, float]]
    demands: Mapping[Ref, AssetDemand]
    belonging: Belonging


def standing_at(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    demands: Mapping[Ref, AssetDemand],
    moment: datetime | None = None,
) -> Standing:
    """The world at a moment, or after the plan's last step.

    `demands` of every asset as the plan states them, else as derived. Raises ProblemError for a plan that stands on
    something this facility doesn't have.
    """
    return _Reading(estate, facility, plan, demands, moment).standing()


class _Reading:
    def __init__(
        self,
        estate: Estate,
        facility: Facility,
        plan: Plan,
        demands: Mapping[Ref, AssetDemand],
        moment: datetime | None,
    ) -> None:
        self._estate, self._facility, self._plan, self._demands = estate, facility, plan, demands
        last = max((step.end for step in plan.steps), default=plan.calendar.start)
        self._moment = last if moment is None else moment
        self._is_final = moment is None
        self._belonging = Belonging(estate)
        self._steps_of: dict[Ref, list[Step]] = defaultdict(list)
        self._commissioned: dict[tuple[str, str], datetime] = {}
        for step in sorted(plan.steps, key=lambda s: (s.start, s.id)):
            for move in step.moves:
                self._steps_of[move.asset].append(step)
            for name in step.commissions:
                self._commissioned.setdefault((step.kind, name), step.start)
        self._devices = {placed.asset: placed for placed in plan.devices}
        self._hosted = {placed.asset: placed.host for placed in plan.workloads}
        self._bought = {rack.id for rack in plan.racks}

    def standing(self) -> Standing:
        self._refuse_strangers()
        racks = {rack.id: rack for rack in (*self._facility.racks, *self._plan.racks) if self._stands(rack)}
        hosts = tuple(h for h in self._plan.hosts if self._is_commissioned("commission_host", h.id))
        zones = {position.name: position.cooling_zone for position in self._facility.positions}
        serves, moving = self._serving()
        up = {host.id for host in hosts}
        running = {
            ref: host
            for ref, host in self._hosted.items()
            if serves.get(ref) == TARGET and host in up and ref not in moving
        }
        return Standing(
            estate=self._estate,
            facility=self._facility,
            plan=self._plan,
            moment=self._moment,
            is_final=self._is_final,
            loads=tuple(self._loads(racks, hosts)),
            zone_of={rack.id: zones[rack.position] for rack in racks.values()},
            owner_of_rack={rack.id: rack.owner for rack in racks.values()},
            hosts=hosts,
            pools={pool.name: pool for pool in self._facility.pools},
            host_of=running,
            held={r: h for r, h in self._hosted.items() if h in up and self._arrival(r) <= self._moment},
            serves_at=serves,
            moving=moving,
            powered_at_source=self._powered(),
            bays=self._bays(),
            ready=self._ready_nodes(),
            replicating=self._replicating(),
            demands=self._demands,
            belonging=self._belonging,
        )

    def _refuse_strangers(self) -> None:
        """A plan of another facility can't be put on this one's floor."""
        positions = {position.name for position in self._facility.positions}
        nodes = {node.name for node in self._facility.supply}
        racks = {rack.id: rack for rack in (*self._facility.racks, *self._plan.racks)}
        pools = {pool.name for pool in self._facility.pools}
        cords = [
            *(supply for placed in self._plan.devices for supply in placed.supplies),
            *(supply for host in self._plan.hosts for supply in host.supplies),
            *(supply for rack in racks.values() for item in rack.contents for supply in item.supplies),
        ]
        strangers = [
            *(f"position {r.position}" for r in racks.values() if r.position not in positions),
            *(f"rack {d.rack}" for d in self._plan.devices if d.rack not in racks),
            *(f"rack {host.rack}" for host in self._plan.hosts if host.rack not in racks),
            *(f"pool {host.pool}" for host in self._plan.hosts if host.pool not in pools),
            *(f"feed {supply.feed}" for supply in cords if supply.feed not in nodes),
        ]
        if strangers:
            raise ProblemError(
                f"the plan stands on {strangers[0]}, which this facility does not have",
                where="plan",
                remedy="see `vorst check`, and plan again",
            )

    # --- when -----------------------------------------------------------------------------------------------------

    def _is_commissioned(self, kind: str, name: str) -> bool:
        start = self._commissioned.get((kind, name))
        return start is None or start <= self._moment

    def _stands(self, rack: TargetRack) -> bool:
        return rack.id not in self._bought or self._is_commissioned("commission_rack", rack.id)

    def _arrival(self, ref: Ref) -> datetime:
        steps = (s for s in self._steps_of.get(ref, ()) if s.kind in {"replicate", *TOUCHING})
        return next((step.start for step in steps), self._plan.calendar.start)

    def _serving(self) -> tuple[dict[Ref, int], frozenset[Ref]]:
        serves: dict[Ref, int] = {}
        moving: set[Ref] = set()
        placed = {*self._devices, *self._hosted}
        retired = {d.asset for d in self._plan.decisions if d.strategy == "retire"}
        for ref in self._estate.assets():
            source = self._belonging.site_of(ref)
            touching = next((s for s in self._steps_of.get(ref, ()) if s.kind in TOUCHING), None)
            if ref in retired and self._is_gone(ref):
                continue
            if ref in placed and (touching is None or touching.end <= self._moment):
                serves[ref] = TARGET
            elif ref in placed and touching is not None and touching.start <= self._moment:
                moving.add(ref)
            elif source is not None:
                serves[ref] = source
        return serves, frozenset(moving)

    def _is_gone(self, ref: Ref) -> bool:
        """A retired asset is gone once its retire step has started; without a step it is gone by decision."""
        steps = [step for step in self._steps_of.get(ref, ()) if step.kind == "retire"]
        return not steps or steps[0].start <= self._moment

    def _powered(self) -> frozenset[int]:
        """Devices that draw at their source: until a relocation starts, or a decommission or retire step ends."""
        found: set[int] = set()
        retired = {d.asset for d in self._plan.decisions if d.strategy == "retire"}
        for device in self._estate.devices:
            ref = Ref("devices", device.id)
            steps = self._steps_of.get(ref, ())
            left = [s.start for s in steps if s.kind == "relocate"]
            left += [s.end for s in steps if s.kind in {"decommission", "retire"}]
            without_steps = not left and (ref in self._devices or ref in self._hosted or ref in retired)
            if not without_steps and all(self._moment < when for when in left):
                found.add(device.id)
        return frozenset(found)

    def _ready_nodes(self) -> frozenset[str]:
        try:
            zone = ZoneInfo(self._plan.calendar.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            zone = ZoneInfo("UTC")
        phases = {
            phase.name: datetime.combine(phase.ready_on, time(), zone) <= self._moment.astimezone(UTC)
            for phase in self._facility.phases
        }
        return frozenset(
            node.name for node in self._facility.supply if node.phase is None or phases.get(node.phase, False)
        )

    def _replicating(self) -> dict[int, dict[str, float]]:
        found: dict[int, dict[str, float]] = defaultdict(dict)
        for step in self._plan.steps if not self._is_final else ():
            for use in step.uses:
                prefix, _, number = use.resource.partition(":")
                if prefix == "circuit" and number.isdigit() and use.start <= self._moment < use.end:
                    found[int(number)][step.id] = found[int(number)].get(step.id, 0.0) + use.amount
        return dict(found)

    # --- what -----------------------------------------------------------------------------------------------------

    def _loads(self, racks: Mapping[str, TargetRack], hosts: Iterable[CloudHost]) -> Iterable[Load]:
        for rack in racks.values():
            for number, item in enumerate(rack.contents):
                yield _mounted(rack.id, item, number)
        for placed in self._devices.values():
            is_there = placed.rack in racks and self._arrival(placed.asset) <= self._moment
            if is_there and placed.parent_device_id is None:
                yield self._device(placed)
        pools = {pool.name: pool for pool in self._facility.pools}
        for host in hosts:
            kind = host_type(pools[host.pool], host)
            if host.rack in racks:
                yield Load(
                    host.id,
                    "host",
                    host.rack,
                    kind.power_w,
                    Redundancy.parse(kind.redundancy),
                    host.supplies,
                    kind.ports_used,
                    host=host.id,
                )

    def _device(self, placed: DevicePlacement) -> Load:
        row = self._estate.find(placed.asset)
        demand = self._demands.get(placed.asset)
        power = demand.quantities.get("power_w") if demand else None
        ports = demand.quantities.get("ports") if demand else None
        stated = demand.redundancy if demand else None
        return Load(
            str(row.name if row is not None and row.name else f"device {placed.asset.id}"),
            "device",
            placed.rack,
            power.planning if power else 0.0,
            Redundancy.parse(stated) if stated and placed.supplies else None,
            placed.supplies,
            ports.planning if ports else 0.0,
            asset=placed.asset,
        )

    def _bays(self) -> dict[Ref, Ref]:
        """The chassis that each device in a bay hangs on, the outermost of several."""
        parents = {
            Ref("devices", child.id): Ref("devices", parent)
            for parent, children in self._belonging.children.items()
            for child in children
        }
        found: dict[Ref, Ref] = {}
        for child, parent in parents.items():
            top, seen = parent, {child}
            while top in parents and top not in seen:
                seen.add(top)
                top = parents[top]
            found[child] = top
        return found


def host_type(pool: CloudPool, host: CloudHost) -> HostType:
    """What a host is; one of a type its pool doesn't have (HOST-TYPE says so) counts as the pool's first."""
    return pool.type_named(host.model) or pool.host_type


def _mounted(rack: str, item: Mounted, number: int) -> Load:
    return Load(
        item.name,
        item.role,
        rack,
        item.power_w,
        Redundancy.parse(item.redundancy) if item.supplies else None,
        item.supplies,
        item.ports_used,
        item.ports_provided,
        number=number,
    )
