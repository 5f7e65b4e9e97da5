"""The rows of the Estate that planning adds to NetBox's: applications, flows, windows, observations, constraints.

They come from spreadsheets, from people and from measurements. `None` is unknown. Rows that NetBox knows are in `rows`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from inventory.rows import Ref


@dataclass(frozen=True, slots=True)
class Application:
    """`criticality` 1 (a stop is felt at once by the public) to 4; budgets in minutes, None where nobody said."""

    id: int
    name: str
    slug: str
    tenant_id: int | None = None
    criticality: int | None = None
    rpo_minutes: int | None = None
    rto_minutes: int | None = None
    downtime_budget_minutes: int | None = None
    is_shared_service: bool = False
    platform_target: str | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class ApplicationMember:
    application_id: int
    object: Ref


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic between two ends (applications, devices or virtual machines); both directions together.

    `rate_mbps` in Mbit/s at peak; `latency_ms` the longest one-way-and-back time the flow stands.
    """

    id: int
    source: Ref
    target: Ref
    rate_mbps: float | None = None
    latency_ms: float | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """When changes are allowed for `object` (an application, tenant or site), each week, local Brussels time.

    `weekday` 0 is Monday; `start_minute` counts from that midnight; `duration_minutes` may run past the next one.
    """

    id: int
    object: Ref
    weekday: int
    start_minute: int
    duration_minutes: int
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured or published value of an object: the raw material of a demand (design, §1).

    `metric` is a dimension of capacity/resources.py ("power_w", "weight_kg", "vcpus", "memory_mb", "disk_mb",
    "change_rate_mbps", "cpu_pct"); `basis` measured, nameplate or type; `statistic` peak, p95, mean or value.
    """

    id: int
    object: Ref
    metric: str
    value: float
    unit: str
    basis: str
    statistic: str
    observed_at: datetime | None = None
    interval_start: datetime | None = None
    interval_end: datetime | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Constraint:
    """`kind`: together, apart, zone, tier, keep, freeze, pin or building_bound.

    together/apart: `scope` rack, host or group, apart also feed: no loss of a feed, or of a node behind it, takes two
    of them. apart with scope group and a `value`: the members are one side of the split of that name, and share no
    group with those of its other constraints. zone: `value` names the security or tenancy zone; tier: the storage
    tier. freeze: no change of the members from `start` to `end`; pin: they move between `start` and `end`, open on
    the side that is None. keep and building_bound: the members stay where they are, for `reason`.
    """

    id: int
    kind: str
    name: str = ""
    members: tuple[Ref, ...] = ()
    scope: str | None = None
    value: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SpecialNeed:
    """`need`: plug_type, rail, licence, tape, hsm, dongle or not_x86."""

    id: int
    object: Ref
    need: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceContract:
    id: int
    object: Ref
    provider: str = ""
    reference: str = ""
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class StrategyOverride:
    """A person's decision against the recommendation."""

    id: int
    object: Ref
    strategy: str
    reason: str = ""
    decided_by: str = ""
