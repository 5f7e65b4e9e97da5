"""Whatever is placed holds: units, weight, ports, power in every loss and entitlements are counted again from scratch.

The counting here is its own: plain dictionaries, nothing of capacity.power or the solvers.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from target_builders import WITHOUT_KIT, Wanted, a_cloud, a_target

from capacity.facility import Entitlement, Facility, KitItem, PlacementRules, Supply, TargetRack
from capacity.placement import Placement
from capacity.verify import check
from inventory.estate import Ref

RACK_RULES = {
    *(
        "RACK-POSITION",
        "RACK-STOCK",
        "UNIT-OVERLAP",
        "UNIT-RANGE",
        "BAY",
        "AIRFLOW",
        "HEAVY-LOW",
        "RACK-WEIGHT",
    ),
    *(
        "FLOOR",
        "PORTS",
        "ZONE",
        "OWNER",
        "TOGETHER",
        "APART",
        "POWER-NODE",
        "POWER-LEG",
        "POWER-DIVERSE",
        "COOLING",
    ),
    *("ENTITLEMENT", "HOST-CAPACITY", "POOL-STORAGE", "POOL-RESERVE", "TENANCY", "EVIDENCE", "REF-UNKNOWN"),
}

SWITCH = KitItem("switch", 8.0, 1.0, "rear", False, 5.0, 60.0, (0, 1), "1+1", ports_provided=12)


@dataclass(frozen=True)
class Box:
    """Anything mounted: where, and what it takes."""

    rack: str
    position: float | None
    height_u: float
    is_full_depth: bool
    face: str | None
    weight_kg: float
    ports: float
    power_w: float
    redundancy: str | None
    supplies: tuple[Supply, ...]


@st.composite
def wanteds(draw: st.DrawFn) -> Wanted:
    wanted = Wanted()
    for _ in range(draw(st.integers(1, 14))):
        wanted.device(
            height_u=draw(st.sampled_from([0.0, 0.5, 1.0, 1.5, 2.0, 4.0])),
            power_w=draw(st.sampled_from([0.0, 40.0, 110.0, 333.3, 700.0])),
            weight_kg=draw(st.sampled_from([0.5, 12.0, 45.0])),
            ports=float(draw(st.integers(0, 4))),
            redundancy=draw(st.sampled_from(["1+0", "1+1", "1+1", "2+2", "2+0", None])),
            is_full_depth=draw(st.booleans()),
            airflow=draw(st.sampled_from(["front-to-rear", "rear-to-front", "passive", None])),
            owner=draw(st.sampled_from(["ours", "ours", "theirs", "strangers"])),
            name=draw(st.sampled_from(["a", "{{ x }}", "[b]"])),
        )
    for _ in range(draw(st.integers(0, 12))):
        wanted.machine(
            vcpus=draw(st.sampled_from([0.5, 1.0, 4.0])),
            memory_mb=draw(st.sampled_from([500.0, 2000.0, 6000.0])),
            disk_mb=draw(st.sampled_from([0.0, 400.0, 3000.0])),
        )
    refs = [Ref("devices", d.id) for d in wanted.devices] + [
        Ref("virtual_machines", m.id) for m in wanted.machines
    ]
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["apart", "apart", "together", "zone"]))
        members = draw(st.lists(st.sampled_from(refs), min_size=1, max_size=3, unique=True))
        value = draw(st.sampled_from(["general", "restricted"])) if kind == "zone" else None
        wanted.bind(kind, members, scope=draw(st.sampled_from(["rack", "host"])), value=value)
    return wanted


@st.composite
def targets(draw: st.DrawFn) -> Facility:
    return a_target(
        positions=draw(st.integers(1, 6)),
        height_u=8,
        feed_w=draw(st.sampled_from([900.0, 2500.0, 9000.0])),
        row_w=draw(st.sampled_from([2000.0, 1e5])),
        three_phase=draw(st.booleans()),
        max_weight_kg=draw(st.sampled_from([150.0, 400.0])),
        kit=draw(st.sampled_from([(WITHOUT_KIT,), (SWITCH,)])),
        cooling_w=draw(st.sampled_from([1500.0, 1e5])),
        restricted=draw(st.integers(0, 2)),
        rules=PlacementRules(40.0, draw(st.sampled_from([3.0, 9.0])), "general"),
        entitlements=(
            Entitlement(
                "ours", draw(st.sampled_from([None, 8.0])), draw(st.sampled_from([None, 2000.0])), None
            ),
            Entitlement("theirs", None, None, draw(st.sampled_from([None, 3.0]))),
        ),
        pools=(a_cloud(max_hosts=draw(st.sampled_from([None, 3])), storage_mb=5000),),
    )


def boxes(wanted: Wanted, facility: Facility, placement: Placement) -> list[Box]:
    found = []
    for rack in (*facility.racks, *placement.racks):
        for m in rack.contents:
            ports = m.ports_used - m.ports_provided
            found.append(
                Box(
                    rack.id,
                    m.position,
                    m.height_u,
                    m.is_full_depth,
                    m.face,
                    m.weight_kg,
                    ports,
                    m.power_w,
                    m.redundancy if m.supplies else None,
                    m.supplies,
                )
            )
    for d in placement.devices:
        demand = wanted.demands[d.asset]
        amounts = [demand.quantities[name].planning for name in ("weight_kg", "ports", "power_w")]
        found.append(
            Box(
                d.rack,
                d.position,
                demand.height_u or 0.0,
                bool(demand.is_full_depth),
                d.face,
                *amounts,
                demand.redundancy,
                d.supplies,
            )
        )
    for h in placement.hosts:
        kind = facility.pools[0].host_type
        found.append(
            Box(
                h.rack,
                h.position,
                kind.height_u,
                True,
                h.face,
                kind.weight_kg,
                kind.ports_used,
                kind.power_w,
                "1+1",
                h.supplies,
            )
        )
    return found


def in_units(found: list[Box], racks: dict[str, TargetRack]) -> None:
    taken: dict[tuple[str, str, int], Box] = {}
    for box in found:
        if box.position is None or box.height_u == 0:
            continue
        rack = racks[box.rack]
        first = round((box.position - rack.starting_unit) * 2)
        assert first >= 0
        assert first + round(box.height_u * 2) <= rack.height_u * 2
        if box.height_u % 1 == 0:
            assert box.position % 1 == 0
        for half in range(first, first + round(box.height_u * 2)):
            for face in ("front", "rear") if box.is_full_depth else (box.face or "?",):
                assert (box.rack, face, half) not in taken
                taken[box.rack, face, half] = box


def loads_when(lost: str | None, found: list[Box]) -> dict[tuple[str, str], float]:
    """W by (node, leg), leg "" for the whole node, on the target's graph: feed P1-A hangs on busbar row-A."""
    loads: dict[tuple[str, str], float] = defaultdict(float)
    for box in found:
        if box.redundancy is None:
            continue
        needed, spare = (int(part) for part in box.redundancy.split("+"))
        assert len(box.supplies) == needed + spare
        up = [s for s in box.supplies if lost not in (s.feed, f"row-{s.feed[-1]}")]
        if len(up) < needed:
            assert spare == 0, "a thing with a spare supply goes down"
            continue
        for s in up:
            share = box.power_w / len(up)
            loads[s.feed, ""] += share
            loads[f"row-{s.feed[-1]}", ""] += share
            loads[s.feed, s.leg] += share
    return loads


def in_power(found: list[Box], facility: Facility) -> None:
    usable = {n.name: n.rating_w * n.derating for n in facility.supply}
    three = {n.name for n in facility.supply if n.is_three_phase}
    for lost in (None, *(n.name for n in facility.supply if n.can_fail)):
        for (node, leg), watts in loads_when(lost, found).items():
            limit = usable[node] / 3 if leg and node in three else usable[node]
            assert watts <= limit + 1e-6, (lost, node, leg, watts, limit)


@given(wanted=wanteds(), facility=targets())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_everything_placed_holds(wanted: Wanted, facility: Facility) -> None:
    placement = wanted.place(facility)
    racks = {rack.id: rack for rack in (*facility.racks, *placement.racks)}
    found = boxes(wanted, facility, placement)
    in_units(found, racks)
    in_power(found, facility)
    area_m2 = facility.positions[0].area_m2
    for rack in racks.values():
        inside = [box for box in found if box.rack == rack.id]
        weight_kg = rack.tare_kg + sum(box.weight_kg for box in inside)
        assert weight_kg <= min(rack.max_weight_kg, 2000 * 0.8 * 1.2) + 1e-6
        assert sum(box.ports for box in inside) <= 0
    assert sum(box.power_w for box in found) <= facility.cooling_zones[0].usable_w + 1e-6
    for entry in facility.entitlements:
        own = {rack.id for rack in racks.values() if rack.owner == entry.partner}
        mine = [box for box in found if box.rack in own]
        assert entry.area_m2 is None or len(own) * area_m2 <= entry.area_m2
        assert entry.power_w is None or sum(box.power_w for box in mine) <= entry.power_w + 1e-6


@given(wanted=wanteds(), facility=targets())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_asset_is_placed_or_says_what_it_lacks(wanted: Wanted, facility: Facility) -> None:
    placement = wanted.place(facility)
    placed = [d.asset for d in placement.devices] + [w.asset for w in placement.workloads]
    out = [u.asset for u in placement.unplaced]
    assert sorted(placed + out) == sorted(d.asset for d in wanted.decisions)
    assert all(u.lacks and all(entry.explanation for entry in u.lacks) for u in placement.unplaced)


@given(wanted=wanteds(), facility=targets())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_checker_agrees(wanted: Wanted, facility: Facility) -> None:
    # Demands here are stated, not derived: only the rules on racks, power, entitlements, cloud and evidence are asked.
    plan = wanted.plan(facility)
    broken = [v for v in check(wanted.estate, facility, plan) if v.code in RACK_RULES]
    assert not broken, [f"{v.code}: {v.message}" for v in broken[:3]]


# --- small enough to try everything --------------------------------------------------------------------------------


def fits_one_rack(devices: tuple[tuple[int, int, int], ...]) -> bool:
    """Rack of 6 U, 900 W a feed, 60 kg of contents; single-corded things on either feed of one leg."""
    if sum(u for u, _, _ in devices) > 6 or sum(kg for _, _, kg in devices) > 60:
        return False
    shared = sum(w for _, w, _ in devices if w > 0)
    lone = [-w for _, w, _ in devices if w < 0]
    return any(
        max(
            shared + sum(itertools.compress(lone, side)),
            shared + sum(w for w, s in zip(lone, side, strict=True) if not s),
        )
        <= 900
        for side in itertools.product((True, False), repeat=len(lone))
    )


def fewest_racks(devices: list[tuple[int, int, int]]) -> int:
    """Over all ways of dealing the devices to racks, the fewest racks."""
    best = len(devices)

    def deal(rest: list[tuple[int, int, int]], racks: list[tuple[tuple[int, int, int], ...]]) -> None:
        nonlocal best
        if len(racks) >= best:
            return
        if not rest:
            best = len(racks)
            return
        for i, rack in enumerate(racks):
            if fits_one_rack((*rack, rest[0])):
                deal(rest[1:], [*racks[:i], (*rack, rest[0]), *racks[i + 1 :]])
        deal(rest[1:], [*racks, (rest[0],)])

    deal(sorted(devices, reverse=True), [])
    return best


@pytest.mark.parametrize("seed", range(25))
def test_racks_are_as_few_as_trying_everything_finds(seed: int) -> None:
    rnd = random.Random(seed)
    devices = [
        (rnd.randint(1, 4), rnd.choice([100, 250, 400, -300, -500]), rnd.choice([5, 15, 30]))
        for _ in range(rnd.randint(4, 9))
    ]
    wanted = Wanted()
    for height_u, watts, kg in devices:
        redundancy = "1+1" if watts > 0 else "1+0"
        wanted.device(height_u=height_u, power_w=abs(watts), weight_kg=kg, redundancy=redundancy)
    facility = a_target(positions=9, height_u=6, feed_w=900.0, max_weight_kg=160.0)
    plan = wanted.plan(facility)
    racks = next(o for o in plan.evidence.objectives if o.name == "new_racks")
    optimum = fewest_racks(devices)
    assert racks.bound <= optimum
    assert racks.value == optimum
    assert not plan.unplaced


@pytest.mark.parametrize("seed", range(25))
def test_hosts_are_as_few_as_trying_everything_finds(seed: int) -> None:
    rnd = random.Random(seed)
    machines = [
        (rnd.choice([1, 2, 3, 5]), rnd.choice([1000, 2000, 3000, 5000])) for _ in range(rnd.randint(4, 9))
    ]
    wanted = Wanted()
    for vcpus, memory_mb in machines:
        wanted.machine(vcpus=vcpus, memory_mb=memory_mb)
    apart = rnd.sample(range(len(machines)), 3)
    wanted.bind("apart", [Ref("virtual_machines", i + 1) for i in apart], scope="host")

    def ok(host: list[int]) -> bool:
        return (
            sum(machines[i][0] for i in host) <= 8
            and sum(machines[i][1] for i in host) <= 8000
            and len(set(host) & set(apart)) <= 1
        )

    optimum = min(hosts for hosts in range(1, len(machines) + 1) if any_deal(len(machines), hosts, ok))
    plan = wanted.plan(a_target(pools=(a_cloud(),)))
    found = next(o for o in plan.evidence.objectives if o.name == "cloud_hosts")
    assert found.bound <= optimum + 1
    assert found.value == optimum + 1


def any_deal(count: int, hosts: int, ok) -> bool:
    """Whether some dealing of the machines to so many hosts is allowed."""

    def deal(i: int, dealt: list[list[int]]) -> bool:
        if i == count:
            return True
        for host in range(min(len(dealt) + 1, hosts)):
            grown = [*dealt, []] if host == len(dealt) else [list(h) for h in dealt]
            grown[host].append(i)
            if ok(grown[host]) and deal(i + 1, grown):
                return True
        return False

    return deal(0, [])


@pytest.mark.parametrize("seed", range(10))
def test_as_few_stay_out_as_trying_everything_finds(seed: int) -> None:
    rnd = random.Random(seed)
    heights = [rnd.randint(1, 5) for _ in range(9)]
    wanted = Wanted()
    for height_u in heights:
        wanted.device(height_u=height_u)
    facility = replace(a_target(height_u=6), entitlements=(Entitlement("ours", 8.0, None, None),))
    most = 0
    for deal in itertools.product((0, 1, 2), repeat=len(heights)):  # out, or one of two racks
        if all(sum(h for h, d in zip(heights, deal, strict=True) if d == rack) <= 6 for rack in (1, 2)):
            most = max(most, sum(d > 0 for d in deal))
    plan = wanted.plan(facility)
    out = next(o for o in plan.evidence.objectives if o.name == "unplaced")
    assert out.value == len(heights) - most
    assert out.bound <= out.value
