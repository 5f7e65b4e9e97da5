"""The Plan: one document that says what becomes of every asset, where it goes, when, and how sure that is.

A frozen document with a content hash. It names the hashes of its inputs, carries the demands and the calendar it was
made with, and is judged by `verify`, which trusts none of it. What each field promises is docs/reference/rules.md.
Comparing two plans is `plan_diff`'s; making one is `planner`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from capacity.calendar import Calendar
from capacity.facility import Supply, TargetRack
from capacity.resources import Quantity
from inventory.documents import OMITTED_WHEN_EMPTY, content_hash
from inventory.rows import Ref

SCHEMA_VERSION = "1"

STRATEGIES = ("retire", "retain", "relocate", "rehost", "replatform")
STEP_KINDS = (
    "commission_rack",
    "commission_host",
    "replicate",
    "cutover",
    "relocate",
    "decommission",
    "retire",
    "audit",
    "rehearsal",
    "hypercare",
)
STATUSES = ("complete", "truncated")


@dataclass(frozen=True, slots=True)
class Inputs:
    """Hashes of what the plan was made from, and the settings; the calendar itself is in the plan."""

    estate_hash: str
    estate_revision: int
    facility_hash: str
    seed: int
    start: datetime
    planning_value: str = "high"


@dataclass(frozen=True, slots=True)
class Citation:
    """A field the reason rests on: `field` "devices.12.status", its `value` as text ("unknown" for None)."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of an asset. `rule` names the strategy rule; `reason` is one sentence; `cites` its ground.

    `recommended` is what the rules say; it differs from `strategy` only when a person overrode it.
    """

    asset: Ref
    name: str
    strategy: str
    recommended: str
    rule: str
    reason: str
    cites: tuple[Citation, ...]
    partner: str | None = None


@dataclass(frozen=True, slots=True)
class AssetDemand:
    """What one asset asks for. A dimension missing from `quantities` is unknown: the asset is unproven there.

    Devices: power_w, weight_kg, ports; workloads (virtual machines and rehosted devices): vcpus, memory_mb, disk_mb,
    and change_rate_mbps where somebody observed it.
    `height_u`, `is_full_depth`, `airflow` of devices; a chassis' power and weight include what sits in its bays, a
    device in a bay has height 0 and asks nothing of its own. `redundancy` "k+m" by `redundancy_rule`.
    """

    asset: Ref
    quantities: dict[str, Quantity]
    height_u: float | None = None
    is_full_depth: bool | None = None
    airflow: str | None = None
    redundancy: str | None = None
    redundancy_rule: str | None = None


@dataclass(frozen=True, slots=True)
class DevicePlacement:
    """Where a relocated device goes. Devices in a bay have `parent_device_id` and neither position nor supplies."""

    asset: Ref
    rack: str
    position: float | None
    face: str | None
    supplies: tuple[Supply, ...] = ()
    parent_device_id: int | None = None
    parent_bay: str | None = None


@dataclass(frozen=True, slots=True)
class WorkloadPlacement:
    """Which cloud host a rehosted or replatformed workload runs on."""

    asset: Ref
    pool: str
    host: str


@dataclass(frozen=True, slots=True)
class CloudHost:
    """A cloud host to be bought, and where it is mounted. `model`: its host type; None: its pool's first."""

    id: str
    pool: str
    rack: str
    position: float
    face: str
    supplies: tuple[Supply, ...]
    model: Annotated[str | None, OMITTED_WHEN_EMPTY] = None


@dataclass(frozen=True, slots=True)
class Lack:
    """What an unplaced asset lacks: `needs` in the dimension's unit (None: unknown), `available` the best there is."""

    dimension: str
    needs: float | None
    available: float | None
    where: str
    explanation: str


@dataclass(frozen=True, slots=True)
class LimitChange:
    """One limit of the facility, the calendar or the estate, and by how much it would have to change.

    `limit_path` as in Bound; `now` and `by` in the unit its name ends in (None: nobody knows what it is now).
    """

    limit_path: str
    now: float | None
    by: float


@dataclass(frozen=True, slots=True)
class SmallestChange:
    """What would place an unplaced asset, everything else left where the plan has it: one limit, or several together.

    `place` is the rack or host it would then get. `basis` says what is proven: that no smaller change of one limit
    does, that it takes these together, or that it was computed from one limit without looking at the others.
    `limits` is empty where no change of limits was found; `explanation` then says what to do instead.
    """

    limits: tuple[LimitChange, ...]
    place: str
    explanation: str
    basis: str


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An asset that should move but has no place or no date. `is_unproven`: because a demand is unknown."""

    asset: Ref
    name: str
    is_unproven: bool
    lacks: tuple[Lack, ...]
    change: Annotated[SmallestChange | None, OMITTED_WHEN_EMPTY] = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: at a source (`site_id`, and rack or cluster as the Estate has it), or at the target.

    Target: `rack` (and `position`, `face`) or `pool` and `host`; source: `site_id` with `rack_id`, `cluster_id` or
    neither. A place outside the estate and the facility has all of them None.
    """

    site_id: int | None = None
    rack_id: int | None = None
    cluster_id: int | None = None
    rack: str | None = None
    position: float | None = None
    face: str | None = None
    pool: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """One asset of a step. `target` None: it ends here (retire, decommission)."""

    asset: Ref
    source: Place | None
    target: Place | None


@dataclass(frozen=True, slots=True)
class Use:
    """`amount` of a resource held from `start` to `end`: crew, engineer, van, dock, appliance, or "circuit:ID", Mbit/s.

    Most are held as long as their step; a replicate step holds its circuit on for changes until the cutover is over.
    """

    resource: str
    amount: float
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """One typed step. `commissions` names the racks or hosts a commission step brings up; other kinds have `moves`.

    An audit of `site_id`, a rehearsal of `group` and the hypercare after a night have neither: they hold people.

    `by` "truck": a replicate step whose first copy goes on appliances in a van, a cutover that waits for another one
    with what changed since; "" over the line. Until `rollback_deadline` (cutover and relocate only) the source place
    stays reserved for going back.
    """

    id: str
    kind: str
    start: datetime
    end: datetime
    predecessors: tuple[str, ...]
    moves: tuple[Move, ...] = ()
    commissions: tuple[str, ...] = ()
    uses: tuple[Use, ...] = ()
    group: str | None = None
    wave: int | None = None
    rollback_deadline: datetime | None = None
    by: Annotated[str, OMITTED_WHEN_EMPTY] = ""
    site_id: Annotated[int | None, OMITTED_WHEN_EMPTY] = None


@dataclass(frozen=True, slots=True)
class MoveGroup:
    """Assets that move in one go, why, and the flows that cross sites meanwhile (ids of Estate flows)."""

    id: str
    name: str
    assets: tuple[Ref, ...]
    reason: str
    cut_flows: tuple[int, ...]
    wave: int | None


@dataclass(frozen=True, slots=True)
class Wave:
    """A dated bundle of groups. `frozen_on`: from then on its content no longer changes."""

    number: int
    name: str
    start: datetime
    end: datetime
    frozen_on: datetime
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomOutcome:
    """What becomes of a server room: `emptied_at` when only building-bound assets are left, or None and why not."""

    location_id: int | None
    site_id: int
    name: str
    emptied_at: datetime | None
    remaining: tuple[Ref, ...]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective in lexicographic order: unplaced, new_racks, cloud_hosts, energy_kwh.

    `gap` is (value − bound) ÷ max(bound, 1); `basis` says what the bound holds for.
    """

    name: str
    value: float
    bound: float
    gap: float
    basis: str


@dataclass(frozen=True, slots=True)
class Bound:
    """One lower bound: the number of `objective` that `dimension` alone forces within `scope`.

    `demand` ÷ `limit` per unit, rounded up where the objective counts; `limit_path` names the limit that, tightened,
    moves it. `basis` "total over capacity" when nothing finer was proven.
    """

    objective: str
    scope: str
    dimension: str
    demand: float
    limit: float
    value: float
    limit_path: str
    basis: str


@dataclass(frozen=True, slots=True)
class BindingLimit:
    """A limit with (almost) nothing left: lifting it may change the plan."""

    limit_path: str
    where: str
    dimension: str
    used: float
    limit: float
    explanation: str


@dataclass(frozen=True, slots=True)
class UsedAssumption:
    """An assumption this plan rests on, and how many assets it touches."""

    name: str
    value: str
    note: str
    assets: int


@dataclass(frozen=True, slots=True)
class Stranded:
    """Capacity of one kind that nothing can use, because another kind beside it is used up.

    `level` is row, zone (of cooling), partner, pool or facility, `where` its name. `amount` of the `free` of
    `dimension` can't be used for want of `without`. None: unknown, as nothing says how the two go together.
    """

    level: str
    where: str
    dimension: str
    without: str
    free: float
    amount: float | None


@dataclass(frozen=True, slots=True)
class DateBound:
    """Days from the plan's start beside what no dates with the same places fall below, as far as `basis` says.

    `name`: room_days, until each room that becomes empty is, added up; last_room_days, until the last of them is.
    """

    name: str
    value: float
    bound: float
    basis: str


@dataclass(frozen=True, slots=True)
class Evidence:
    objectives: tuple[Objective, ...]
    bounds: tuple[Bound, ...]
    binding: tuple[BindingLimit, ...]
    assumptions: tuple[UsedAssumption, ...]
    stranded: Annotated[tuple[Stranded, ...], OMITTED_WHEN_EMPTY] = ()
    dates: Annotated[tuple[DateBound, ...], OMITTED_WHEN_EMPTY] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The document. Lists in a stable order: assets by kind and id, steps by start then id.

    `follows`: content hashes of the plans it was replanned from, the first first; what their runs did counts for it.
    """

    name: str
    status: str
    inputs: Inputs
    calendar: Calendar
    decisions: tuple[Decision, ...]
    demands: tuple[AssetDemand, ...]
    racks: tuple[TargetRack, ...]
    hosts: tuple[CloudHost, ...]
    devices: tuple[DevicePlacement, ...]
    workloads: tuple[WorkloadPlacement, ...]
    unplaced: tuple[Unplaced, ...]
    groups: tuple[MoveGroup, ...]
    waves: tuple[Wave, ...]
    steps: tuple[Step, ...]
    rooms: tuple[RoomOutcome, ...]
    evidence: Evidence
    schema_version: str = SCHEMA_VERSION
    content_hash: str = ""
    follows: Annotated[tuple[str, ...], OMITTED_WHEN_EMPTY] = ()


def sealed(plan: Plan) -> Plan:
    """The same plan with its content hash set."""
    bare = replace(plan, content_hash="")
    return replace(bare, content_hash=content_hash(bare))
