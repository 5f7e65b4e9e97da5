"""The Calendar: when work may be done, by how many hands, and how fast lines are. A frozen value inside the Plan.

It is resolved from `vorst.toml` (`[calendar]`) and the Estate's windows and freezes by `calendar_settings`; the windows
and freezes themselves stay in the Estate. Instants are aware; weekly times are local to `time_zone`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


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
    `replication_factor` multiplies used bytes (retries and changes while copying).
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


@dataclass(frozen=True, slots=True)
class Calendar:
    """`default_windows` hold where neither application, tenant nor site has windows of its own. On `holidays` (local
    dates) no crew works. `intersite_latency_ms` is the round trip a flow gets when its ends stand at different sites.
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
