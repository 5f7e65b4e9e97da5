"""The Facility: what the target offers, phase by phase, resolved to single positions, feeds and pools.

A frozen document; `facility_file` reads the YAML a person writes and resolves it to this. Which loads stand on the
supply graph is computed by `power` for planners and, separately, by `verify`. Lengths in metres on the hall's own
plan, powers in W, weights in kg; names are unique within the facility and are the keys everything refers to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from inventory.documents import OMITTED_WHEN_EMPTY, content_hash, omitted_when

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the facility that is ready from a date on (00:00 local)."""

    name: str
    ready_on: date


@dataclass(frozen=True, slots=True)
class FloorLimit:
    """What a floor bears, and over what: `footprint` (the rack's outer width × depth), `bay` (the position's pitch ×
    depth) or `point` (a quarter of the loaded weight on each of four feet).

    `limit_kg_m2` for footprint and bay, `point_kg` for point; `rolling_kg` is the heaviest rack, with its fixed kit,
    that may roll over the route from the dock. None: not limited, which the facility states on purpose.
    """

    basis: str
    limit_kg_m2: float | None = None
    point_kg: float | None = None
    rolling_kg: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A way from the dock into a hall: the heaviest thing that may roll over it, and its narrowest door.

    `rolling_kg` holds for a rack with its fixed kit and for each device that comes by itself; `width_mm` and
    `height_mm` are the clear opening on the way (doors, lift). None: not limited.
    """

    name: str
    rolling_kg: float | None = None
    width_mm: float | None = None
    height_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Hall:
    """`routes`: the ways in, one of which has to let each thing through; none listed: not limited."""

    name: str
    useful_area_m2: float
    polygon: tuple[tuple[float, float], ...]
    floor: FloorLimit
    phase: str
    routes: Annotated[tuple[Route, ...], OMITTED_WHEN_EMPTY] = ()


@dataclass(frozen=True, slots=True)
class SupplyNode:
    """One node of the directed supply graph.

    `sources` are the nodes it draws from. `mode` transfer: all load on the first source that is alive (a transfer
    switch); parallel: load shared equally by the sources alive. Usable power is `rating_w` × `derating`, applied
    here and nowhere else. `kind` utility, generator, transformer, ups, distribution, panel or feed. A `feed` serves
    rack positions and has three legs of a third of its usable power each when `is_three_phase`, otherwise the one
    leg L1. `can_fail`: the node is one of the single losses.
    """

    name: str
    kind: str
    rating_w: float
    derating: float = 1.0
    sources: tuple[str, ...] = ()
    mode: str = "transfer"
    is_three_phase: bool = True
    can_fail: bool = True
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class CoolingZone:
    """Usable cooling is (`units` − `redundant_units`) × `unit_w`: N+1 holds with the largest unit out."""

    name: str
    unit_w: float
    units: int
    redundant_units: int
    phase: str

    @property
    def usable_w(self) -> float:
        return (self.units - self.redundant_units) * self.unit_w


@dataclass(frozen=True, slots=True)
class Position:
    """A place for one rack on the floor; `x_m`, `y_m` its centre, `width_m` × `depth_m` its bay.

    `feeds` are the supply nodes at hand there. `owner` is a partner's slug when the position stands in a cage or is
    reserved; None: any. `area_m2` is the useful area a rack here counts for: none in an owned cage, as that counts.
    """

    name: str
    hall: str
    row: str
    index: int
    x_m: float
    y_m: float
    width_m: float
    depth_m: float
    cold_aisle: str
    hot_aisle: str
    cooling_zone: str
    security_zone: str
    feeds: tuple[str, ...]
    area_m2: float
    phase: str
    cage: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """One power cord: the feed it plugs into and the leg (L1, L2, L3, or 3P for a three-phase cord)."""

    feed: str
    leg: str


@dataclass(frozen=True, slots=True)
class Mounted:
    """Something already in a rack: fixed kit (`role` kit) or an existing occupant (`role` occupant).

    `position` None: 0 U, outside the units. `ports_provided` are network ports it offers to the rack, `ports_used`
    those it takes. `redundancy` "k+m" as for devices.
    """

    name: str
    role: str
    position: float | None
    height_u: float
    face: str | None
    is_full_depth: bool
    weight_kg: float
    power_w: float
    supplies: tuple[Supply, ...] = ()
    redundancy: str = "1+0"
    ports_provided: int = 0
    ports_used: int = 0


@dataclass(frozen=True, slots=True)
class TargetRack:
    """A rack at the target: one that stands there, or (in a Plan) one to be bought.

    `owner` is a partner's slug; only that partner's assets, or cloud hosts of a pool it owns, go in. `contents` are
    the fixed kit and the existing occupants. `available_on`: not before this day (phase, lead time).
    """

    id: str
    model: str
    position: str
    owner: str
    height_u: int
    starting_unit: int
    width_mm: int
    depth_mm: int
    tare_kg: float
    max_weight_kg: float
    contents: tuple[Mounted, ...] = ()
    reserved_units: tuple[float, ...] = ()
    available_on: date | None = None


@dataclass(frozen=True, slots=True)
class KitItem:
    """Fixed kit of a new rack. `cords` says which feed of the position each cord takes (0 is the first).

    `lead_days` from order to delivery where it may arrive after the rack (a switch); 0: it comes with the rack.
    """

    name: str
    position: float | None
    height_u: float
    face: str | None
    is_full_depth: bool
    weight_kg: float
    power_w: float
    cords: tuple[int, ...] = ()
    redundancy: str = "1+0"
    ports_provided: int = 0
    ports_used: int = 0
    lead_days: Annotated[int, OMITTED_WHEN_EMPTY] = 0


@dataclass(frozen=True, slots=True)
class RackModel:
    """A rack that may be bought. `stock` None: as many as positions allow; `lead_days` from order to delivery.

    `outer_height_mm` counts on the way in; unknown, it is taken as `height_u` × 44.45 + 200 mm.
    """

    model: str
    height_u: int
    width_mm: int
    depth_mm: int
    tare_kg: float
    max_weight_kg: float
    kit: tuple[KitItem, ...]
    lead_days: int
    stock: int | None = None
    outer_height_mm: Annotated[float | None, OMITTED_WHEN_EMPTY] = None

    @property
    def days_to_deliver(self) -> int:
        """Days from order until the rack and all its kit are there: only then is it brought up."""
        return max([self.lead_days, *(item.lead_days for item in self.kit)])


@dataclass(frozen=True, slots=True)
class TierStorage:
    """What a host brings to one storage tier of its pool, raw."""

    tier: str
    storage_mb: int


@dataclass(frozen=True, slots=True)
class HostType:
    """A cloud host that may be bought. `power_w` is its worst draw under the pool's load.

    `storage_mb` is its raw storage of the pool's default tier, `tiers` that of further ones. `stock` None: as many as
    wanted, else over all pools.
    """

    model: str
    height_u: float
    is_full_depth: bool
    airflow: str
    weight_kg: float
    power_w: float
    redundancy: str
    ports_used: int
    vcpus: int
    memory_mb: int
    storage_mb: int
    lead_days: int
    tiers: Annotated[tuple[TierStorage, ...], OMITTED_WHEN_EMPTY] = ()
    stock: Annotated[int | None, omitted_when(None)] = None


@dataclass(frozen=True, slots=True)
class StorageTier:
    """A storage tier of a pool besides its default one; `replicas` and `storage_fill` as of the pool."""

    name: str
    replicas: int
    storage_fill: float


@dataclass(frozen=True, slots=True)
class CloudPool:
    """A pool of hosts of the community cloud, each of `host_type` or one of `other_host_types`.

    `cpu_overcommit` × vCPUs and `memory_overcommit` × memory of a host may be promised. `reserve_hosts` hosts stay
    empty, so that any that many may go at once (`failure_domain` host), or all hosts of any one rack (rack); what ran
    on each restarts whole on an empty one. What is left stores everything, each of `replicas` copies in another
    failure domain: of equal hosts (hosts − reserve) × storage × `storage_fill` ÷ `replicas`. That is the default tier,
    named `tier`; `tiers` are further ones. `zones` are the tenancy zones served; workloads without a zone go to pools
    with `is_default`. `owner` is the partner whose entitlement its racks count on.
    """

    name: str
    host_type: HostType
    owner: str
    cpu_overcommit: float
    memory_overcommit: float
    reserve_hosts: int
    replicas: int
    storage_fill: float
    zones: tuple[str, ...]
    is_default: bool
    security_zone: str
    phase: str
    max_hosts: int | None = None
    other_host_types: Annotated[tuple[HostType, ...], OMITTED_WHEN_EMPTY] = ()
    tier: Annotated[str, omitted_when("standard")] = "standard"
    tiers: Annotated[tuple[StorageTier, ...], OMITTED_WHEN_EMPTY] = ()
    failure_domain: Annotated[str, omitted_when("host")] = "host"

    @property
    def host_types(self) -> tuple[HostType, ...]:
        """Every type a host of this pool may be of."""
        return (self.host_type, *self.other_host_types)

    def type_named(self, model: str | None) -> HostType | None:
        """The host type of that model; the pool's first for None; None for a model it doesn't have."""
        if model is None:
            return self.host_type
        return next((kind for kind in self.host_types if kind.model == model), None)

    @property
    def all_tiers(self) -> tuple[StorageTier, ...]:
        """Every storage tier, the default one first."""
        return (StorageTier(self.tier, self.replicas, self.storage_fill), *self.tiers)

    def raw_mb(self, kind: HostType, tier: str) -> float:
        """What a host of a type brings to a tier of this pool, raw."""
        if tier == self.tier:
            return float(kind.storage_mb)
        return float(sum(part.storage_mb for part in kind.tiers if part.tier == tier))


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a partner may use of the facility; None is not limited in that dimension. `power_w` is IT load."""

    partner: str
    area_m2: float | None
    power_w: float | None
    units_u: float | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """Space a partner keeps free for what no inventory lists yet: unused from `since` until it is released at `until`.

    Days begin at local midnight; None: open on that side. `positions` are kept without a rack, and their area counts
    like `area_m2`. Amounts are kept free within the partner's entitlement; None: nothing of that dimension.
    """

    name: str
    partner: str
    since: date | None = None
    until: date | None = None
    positions: tuple[str, ...] = ()
    area_m2: float | None = None
    power_w: float | None = None
    units_u: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Cage:
    """A fenced area of a hall with the `positions` in it; `polygon` in metres on the hall's plan.

    With an `owner` it counts for that partner with its whole `area_m2`, filled or not, and racks in it with none.
    """

    name: str
    hall: str
    owner: str | None
    polygon: tuple[tuple[float, float], ...]
    area_m2: float
    positions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlacementRules:
    """Limits on how a rack is filled. A device of `heavy_kg` or more has its top at or below `heavy_max_top_u`
    (units counted from the floor). Devices without a zone go to `default_security_zone`.
    """

    heavy_kg: float
    heavy_max_top_u: float
    default_security_zone: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """A value of this facility that no source gives: where it stands, what it is, why that value."""

    path: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Source:
    """A published figure of this facility and where it was published."""

    path: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Facility:
    """The target, resolved. Every list in the order of the file; positions row by row."""

    name: str
    site: str
    latitude: float
    longitude: float
    gross_area_m2: float
    useful_area_m2: float
    pue: float
    phases: tuple[Phase, ...]
    halls: tuple[Hall, ...]
    supply: tuple[SupplyNode, ...]
    cooling_zones: tuple[CoolingZone, ...]
    security_zones: tuple[str, ...]
    positions: tuple[Position, ...]
    racks: tuple[TargetRack, ...]
    rack_models: tuple[RackModel, ...]
    pools: tuple[CloudPool, ...]
    entitlements: tuple[Entitlement, ...]
    rules: PlacementRules
    assumptions: tuple[Assumption, ...] = ()
    sources: tuple[Source, ...] = ()
    reservations: Annotated[tuple[Reservation, ...], OMITTED_WHEN_EMPTY] = ()
    cages: Annotated[tuple[Cage, ...], OMITTED_WHEN_EMPTY] = ()
    schema_version: str = SCHEMA_VERSION
    content_hash: str = ""


def sealed(facility: Facility) -> Facility:
    """The same facility with its content hash set."""
    bare = replace(facility, content_hash="")
    return replace(bare, content_hash=content_hash(bare))
