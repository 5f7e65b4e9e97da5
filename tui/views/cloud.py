"""The community cloud: pools, the hosts to be bought with how full they are, and what runs on each."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from capacity.facility import CloudPool, HostType
from capacity.plan import CloudHost
from capacity.target_usage import target_usage
from capacity.usage import UsageLine
from inventory.rows import Ref
from tui.loaded import Loaded
from tui.quantities import used_of, word
from tui.views.spans import Column, Line, Rows, Span, bar, count, line, rows, share_tone, some, span

BAR_WIDTH = 10
HOST_COLUMNS = (
    Column("host", width=18),
    Column("pool", width=14),
    Column("rack", width=16),
    Column("U", right=True),
    Column("vCPU", is_share=True),
    Column("memory", is_share=True),
    Column("workloads", right=True, tones={"reserve": "accent"}),
)
WORKLOAD_COLUMNS = (
    Column("workload", width=30),
    Column("partner", width=14),
    Column("vCPU", right=True),
    Column("GB memory", right=True),
    Column("GB disk", right=True),
    Column("strategy", tones={"rehost": "rehost", "replatform": "replatform"}),
)


@dataclass(frozen=True, slots=True)
class HostLoad:
    """What a host carries and what may be promised on it."""

    host: CloudHost
    pool: CloudPool
    vcpus: float
    memory_mb: float
    workloads: int

    @property
    def kind(self) -> HostType:
        return self.pool.type_named(self.host.model) or self.pool.host_type

    @property
    def cpu_share(self) -> float:
        return self.vcpus / (self.kind.vcpus * self.pool.cpu_overcommit)

    @property
    def memory_share(self) -> float:
        return self.memory_mb / (self.kind.memory_mb * self.pool.memory_overcommit)


def host_loads(loaded: Loaded) -> tuple[HostLoad, ...]:
    """Every planned host with what runs on it; a host of a pool the facility doesn't have is left out."""
    if loaded.plan is None:
        return ()
    vcpus: dict[str, float] = defaultdict(float)
    memory: dict[str, float] = defaultdict(float)
    number: Counter[str] = Counter()
    for placed in loaded.plan.workloads:
        demand = loaded.planned_demands.get(placed.asset)
        quantities = demand.quantities if demand else {}
        vcpus[placed.host] += quantities["vcpus"].planning if "vcpus" in quantities else 0
        memory[placed.host] += quantities["memory_mb"].planning if "memory_mb" in quantities else 0
        number[placed.host] += 1
    pools = {pool.name: pool for pool in loaded.facility.pools}
    return tuple(
        HostLoad(host, pools[host.pool], vcpus[host.id], memory[host.id], number[host.id])
        for host in loaded.plan.hosts
        if host.pool in pools
    )


def hosts(loaded: Loaded) -> Rows:
    """One row per host; the key is its id."""
    items = [
        (
            load.host.id,
            (
                load.host.id,
                load.host.pool,
                load.host.rack,
                f"{load.host.position:g}",
                _bar(load.cpu_share),
                _bar(load.memory_share),
                count(load.workloads) if load.workloads else "reserve",
            ),
        )
        for load in host_loads(loaded)
    ]
    return rows(HOST_COLUMNS, items)


def _bar(share: float) -> str:
    return f"{bar(share, BAR_WIDTH)} {share:>4.0%}"


def pools(loaded: Loaded) -> tuple[Line, ...]:
    """Each pool: hosts, reserve, and its fill in every dimension."""
    found: list[Line] = []
    usage = [
        u for u in target_usage(loaded.facility, loaded.standing_plan) if u.where.startswith("target, pool ")
    ]
    hosts_of = Counter(host.pool for host in loaded.plan.hosts) if loaded.plan else Counter()
    for pool in loaded.facility.pools:
        most = f" of at most {pool.max_hosts}" if pool.max_hosts is not None else ""
        found.append(
            line(
                span(pool.name, "strong"),
                span(
                    f"  {some(hosts_of[pool.name], 'host')}{most}, {pool.reserve_hosts} in reserve, "
                    f"{_types(pool, loaded)}, zones {', '.join(pool.zones)}",
                    "muted",
                ),
            )
        )
        for entry in usage:
            if entry.where == f"target, pool {pool.name}":
                share = entry.share or 0.0
                found.append(
                    line(
                        Span(f"  {word(entry.dimension):<7}"),
                        Span(bar(share, 16), share_tone(share)),
                        Span(f" {entry.share_text:>7}  ", share_tone(entry.share)),
                        span(_fill(entry), "muted"),
                    )
                )
    if not loaded.facility.pools:
        found.append(line(Span("the facility offers no cloud pool", "muted")))
    return tuple(found)


def _fill(entry: UsageLine) -> str:
    """What is used of a pool, in the unit a person would say; a range or an unknown stays as it is told elsewhere."""
    if entry.supply is None or entry.unknown or entry.low != entry.high:
        return f"{entry.used_text} of {entry.supply_text}"
    return used_of(entry.high, entry.supply, entry.dimension)


def _types(pool: CloudPool, loaded: Loaded) -> str:
    """The pool's host type; of several, those bought and how many of each."""
    if not pool.other_host_types or loaded.plan is None:
        return " or ".join(kind.model for kind in pool.host_types)
    bought = Counter(
        host.model or pool.host_type.model for host in loaded.plan.hosts if host.pool == pool.name
    )
    return " and ".join(f"{number} × {model}" for model, number in sorted(bought.items())) or "no host"


def workloads(loaded: Loaded, host: str | None) -> Rows:
    """What runs on a host; keys are references."""
    items = []
    for placed in loaded.plan.workloads if loaded.plan else ():
        if placed.host != host:
            continue
        demand = loaded.planned_demands.get(placed.asset)
        sizes = demand.quantities if demand else {}
        decision = loaded.decisions.get(placed.asset)
        items.append(
            (
                placed.asset,
                (
                    loaded.name_of(placed.asset),
                    loaded.belonging.partner_of(placed.asset) or "",
                    _size(sizes, "vcpus", 1),
                    _size(sizes, "memory_mb", 1000),
                    _size(sizes, "disk_mb", 1000),
                    decision.strategy if decision else "",
                ),
            )
        )
    return rows(WORKLOAD_COLUMNS, items)


def _size(quantities: object, dimension: str, divisor: float) -> str:
    assert isinstance(quantities, dict)  # noqa: S101 - narrows the type for the checker
    quantity = quantities.get(dimension)
    return "unknown" if quantity is None else count(quantity.planning / divisor)


def host_of(loaded: Loaded, ref: Ref) -> str | None:
    placed = loaded.workloads.get(ref)
    return placed.host if placed else None
