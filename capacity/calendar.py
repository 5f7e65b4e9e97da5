"""The Calendar: when work may be done, by how many hands, and how fast lines are. A frozen value inside the Plan.

It is resolved from `vorst.toml` (`[calendar]`) and the Estate's windows and freezes by `calendar_settings`; the windows
and freezes themselves stay in the Estate. Instants are aware; weekly times are local to `time_zone`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from inventory.documents import OMITTED_WHEN_EMPTY, omitted_when


@dataclass(frozen=True, slots=True)
class WeeklySlot:
    """Each week from `weekday` (0 Monday) at `start_minute` after that midnight, `duration_minutes` long, local."""

    weekday: int
    start_minute: int
    duration_minutes: int


@dataclass(frozen=True, slots=True)
class CalendarException:
    """From `start` to `end` a resource has `capacity` instead of its usual one."""

    start: datetime
    end: datetime
    capacity: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalendarResource:
    """A renewable resource: crews, vans, dock slots. Outside its slots its capacity is 0; no slots: always on."""

    name: str
    capacity: float
    unit: str
    slots: tuple[WeeklySlot, ...] = ()
    exceptions: tuple[CalendarException, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkRates:
    """How much work a step is, as assumptions a person may set. Minutes are of one crew, rates are shares of a line.

    relocate: `relocate_minutes` per device (unrack, rack, cable, test), plus `transport_minutes` for the run; a van
    takes `van_kg` and `van_units_u`. cutover: `cutover_minutes` per machine. retire and decommission:
    `decommission_minutes` per asset. commission: `rack_minutes` per new rack, `host_minutes` per cloud host.
    `replication_share` of a circuit's rate may carry replication while the line serves its users;
    `replication_factor` multiplies used bytes (overhead and retries), `compression` divides what is sent. Of a disk
    whose change rate nobody observed `change_share_per_day` changes each day; changes are sent every `delta_minutes`.
    What no line copies in time goes by van, on appliances of `appliance_mb` each that fill and empty at
    `appliance_mbps`, with `escort_crew` crews on the way for `transport_minutes`; 0: there are none.
    A device whose role's slug has one of `media_roles` in it bears data: where it ends (retire, decommission), wiping
    it is `wipe_minutes` of a crew's work more; where that is 0 it leaves as it is, with `escort_crew` crews and a van.
    """

    relocate_minutes: float
    transport_minutes: float
    van_kg: float
    van_units_u: float
    cutover_minutes: float
    decommission_minutes: float
    rack_minutes: float
    host_minutes: float
    replication_share: float
    replication_factor: float
    compression: Annotated[float, omitted_when(1.0)] = 1.0
    change_share_per_day: Annotated[float, OMITTED_WHEN_EMPTY] = 0.0
    delta_minutes: Annotated[float, OMITTED_WHEN_EMPTY] = 0.0
    appliance_mb: Annotated[float, OMITTED_WHEN_EMPTY] = 0.0
    appliance_mbps: Annotated[float, OMITTED_WHEN_EMPTY] = 0.0
    escort_crew: Annotated[float, OMITTED_WHEN_EMPTY] = 0.0
    wipe_minutes: Annotated[float, OMITTED_WHEN_EMPTY] = 0.0
    media_roles: Annotated[tuple[str, ...], OMITTED_WHEN_EMPTY] = ()


@dataclass(frozen=True, slots=True)
class Skill:
    """Who can touch what: a step that moves an asset whose role's or platform's slug has one of `words` in it holds one
    of the resource `name`.
    """

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SchoolHoliday:
    """Days, both inclusive and local, on which a community's schools are closed, and who says so."""

    community: str
    name: str
    first: date
    last: date
    source: str


@dataclass(frozen=True, slots=True)
class SchoolRule:
    """Assets of these tenants or at these sites (slugs) move "only" or "never" in a community's school holidays."""

    community: str
    moves: str
    tenants: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SchoolHands:
    """Of crews and engineers only `factor` is there in a community's school holidays; the least where they overlap."""

    community: str
    factor: float


@dataclass(frozen=True, slots=True)
class Grouping:
    """How strongly things hold together when move groups are made, and how large a group gets: all assumptions.

    Everything is weighed as a flow of so many Mbit/s. A flow weighs its rate (`unknown_rate_mbps` where nobody knows
    it) and, the closer its latency bound is to the way between sites, up to `latency_mbps` more. Each member of an
    application, of a cluster (its machines share storage) or of what shares a licence or dongle is held to the others
    with `application_mbps`, `cluster_mbps`, `licence_mbps`; of a cluster with nothing unless a person says so, as its
    storage stays behind. `common_window_minutes`: what assets with different windows have to have in common to share a
    group. `max_assets`: what a crew can move and test in one night.
    """

    max_assets: int = 40
    application_mbps: float = 50.0
    cluster_mbps: float = 0.0
    licence_mbps: float = 20.0
    latency_mbps: float = 10.0
    unknown_rate_mbps: float = 5.0
    common_window_minutes: int = 240


@dataclass(frozen=True, slots=True)
class Care:
    """What is done around moves, all assumptions; 0 minutes or hours: not done.

    A crew walks through each site for `audit_minutes` before the first wave that takes from it is frozen. What has an
    application of criticality up to `rehearsal_criticality` is rehearsed, `rehearsal_minutes` of an engineer's work at
    most `rehearsal_days` and at least `rehearsal_lead_hours` before. After each night's moves `hypercare_engineers`
    stand by for `hypercare_hours`, beginning at most `hypercare_within_hours` after the last.
    """

    audit_minutes: float
    rehearsal_minutes: float
    rehearsal_criticality: int
    rehearsal_days: int
    hypercare_hours: float
    hypercare_engineers: float
    hypercare_within_hours: float
    rehearsal_lead_hours: float = 24.0


@dataclass(frozen=True, slots=True)
class Calendar:
    """`default_windows` hold where neither application, tenant nor site has windows of its own. On `holidays` (local
    dates) no crew works. `intersite_latency_ms` is the round trip a flow gets when its ends stand at different sites.
    `grouping` None: as the defaults of Grouping are. `core_mbps`: what the shared core carries of all lines together;
    None: nobody knows, and nothing is proven of it. Moves of applications of criticality up to `risky_criticality` are
    risky: one tenant has one at a time.
    """

    time_zone: str
    start: datetime
    horizon_end: datetime
    default_windows: tuple[WeeklySlot, ...]
    holidays: tuple[date, ...]
    resources: tuple[CalendarResource, ...]
    work: WorkRates
    rollback_days: int
    intersite_latency_ms: float
    assumptions: tuple[str, ...] = ()
    grouping: Annotated[Grouping | None, OMITTED_WHEN_EMPTY] = None
    core_mbps: Annotated[float | None, OMITTED_WHEN_EMPTY] = None
    risky_criticality: Annotated[int, OMITTED_WHEN_EMPTY] = 0
    care: Annotated[Care | None, OMITTED_WHEN_EMPTY] = None
    skills: Annotated[tuple[Skill, ...], OMITTED_WHEN_EMPTY] = ()
    school_holidays: Annotated[tuple[SchoolHoliday, ...], OMITTED_WHEN_EMPTY] = ()
    school_rules: Annotated[tuple[SchoolRule, ...], OMITTED_WHEN_EMPTY] = ()
    school_hands: Annotated[tuple[SchoolHands, ...], OMITTED_WHEN_EMPTY] = ()
