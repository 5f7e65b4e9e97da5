"""Cloud pools planned and proven: types, reserve, tiers, racks as failure domains, apart by rack and by feed.

Tiny cases are compared with trying everything; the trying counts by its own plain sums and shares nothing with planner
or checker. Random ones are handed to the checker.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from target_builders import Wanted, a_cloud, a_target

from capacity.facility import CloudPool, Entitlement, Facility, HostType, StorageTier, TierStorage
from capacity.verify import check
from inventory.estate import Ref

PLACES = {
    *("UNIT-OVERLAP", "UNIT-RANGE", "RACK-WEIGHT", "PORTS", "ZONE", "OWNER", "TOGETHER", "APART", "ROUTE"),
    *("POWER-NODE", "POWER-LEG", "POWER-DIVERSE", "COOLING", "ENTITLEMENT", "EVIDENCE", "REF-UNKNOWN"),
    *("HOST-TYPE", "HOST-CAPACITY", "POOL-STORAGE", "POOL-RESERVE", "STORAGE-TIER", "TENANCY", "FLOOR"),
}


def a_type(model: str, vcpus: int, memory_mb: int, power_w: float, **changes: Any) -> HostType:
    return replace(
        a_cloud().host_type, model=model, vcpus=vcpus, memory_mb=memory_mb, power_w=power_w, **changes
    )


def machines_of(wanted: Wanted, sizes: Sequence[tuple[float, float, float]]) -> list[Ref]:
    return [wanted.machine(vcpus=v, memory_mb=m, disk_mb=d) for v, m, d in sizes]


def broken(wanted: Wanted, facility: Facility) -> list[str]:
    plan = wanted.plan(facility)
    return [f"{v.code}: {v.message}" for v in check(wanted.estate, facility, plan) if v.code in PLACES]


# --- trying everything ---------------------------------------------------------------------------------------------


def dealings(count: int, most: int) -> Iterator[list[list[int]]]:
    """Every way to deal so many things to at most so many unnumbered heaps."""

    def deal(i: int, heaps: list[list[int]]) -> Iterator[list[list[int]]]:
        if i == count:
            yield [list(heap) for heap in heaps]
            return
        for heap in heaps:
            heap.append(i)
            yield from deal(i + 1, heaps)
            heap.pop()
        if len(heaps) < most:
            heaps.append([i])
            yield from deal(i + 1, heaps)
            heaps.pop()

    return deal(0, [])


def restarts(
    heaps: list[list[int]], kinds: Sequence[HostType], sizes: Sequence[tuple[float, ...]], k: int
) -> bool:
    """Whether after any loss of k hosts every lost one with work has an empty host of its own that holds it."""
    loads = [(sum(sizes[i][0] for i in heap), sum(sizes[i][1] for i in heap)) for heap in heaps]
    loads += [(0.0, 0.0)] * (len(kinds) - len(heaps))
    for lost in itertools.combinations(range(len(kinds)), k):
        work = [loads[h] for h in lost if h < len(heaps)]
        left = [kinds[h] for h in range(len(heaps), len(kinds)) if h not in lost]
        if not any(
            all(v <= kind.vcpus and m <= kind.memory_mb for (v, m), kind in zip(work, chosen, strict=True))
            for chosen in itertools.permutations(left, len(work))
        ):
            return False
    return True


def keeps_copies(kinds: Sequence[HostType], disk_mb: float, replicas: int, k: int) -> bool:
    """Whether with any k hosts lost the rest holds so many copies of everything, each copy on another host."""
    return all(
        sum(min(float(kind.storage_mb), disk_mb) for h, kind in enumerate(kinds) if h not in lost)
        >= replicas * disk_mb - 1e-6
        for lost in itertools.combinations(range(len(kinds)), k)
    )


def fewest_hosts(
    kinds: Sequence[HostType],
    sizes: Sequence[tuple[float, ...]],
    apart: set[int],
    *,
    k: int,
    replicas: int,
    most: int,
) -> int | None:
    """Over all dealings and all choices of types, the fewest hosts; None when none of at most `most` does."""
    disk_mb = sum(size[2] for size in sizes)
    best = None
    for heaps in dealings(len(sizes), most):
        if any(len(apart & set(heap)) > 1 for heap in heaps):
            continue
        for count in range(len(heaps) + k, (best or most + 1)):
            if any(
                all(
                    sum(sizes[i][0] for i in heap) <= kind.vcpus
                    and sum(sizes[i][1] for i in heap) <= kind.memory_mb
                    for heap, kind in zip(heaps, chosen, strict=False)
                )
                and restarts(heaps, chosen, sizes, k)
                and keeps_copies(chosen, disk_mb, replicas, k)
                for chosen in itertools.product(kinds, repeat=count)
            ):
                best = count
                break
    return best


@pytest.mark.parametrize("seed", range(30))
def test_hosts_of_one_type_are_as_few_as_trying_everything_finds(seed: int) -> None:
    rnd = random.Random(seed)
    sizes = [
        (rnd.choice([1, 2, 3, 5]), rnd.choice([1000, 3000, 5000]), rnd.choice([0, 2000, 6000]))
        for _ in range(4)
    ]
    k, replicas, most = rnd.choice([0, 1, 2]), rnd.choice([1, 2, 3]), rnd.choice([3, 5, 6])
    pool = a_cloud(storage_mb=9000, reserve_hosts=k, replicas=replicas, max_hosts=most)
    wanted = Wanted()
    refs = machines_of(wanted, sizes)
    apart = set(rnd.sample(range(4), 2))
    wanted.bind("apart", [refs[i] for i in sorted(apart)], scope="host")
    least = fewest_hosts([pool.host_type], sizes, apart, k=k, replicas=replicas, most=most)
    facility = a_target(pools=(pool,), positions=6)
    plan = wanted.plan(facility)
    hosts = next(o for o in plan.evidence.objectives if o.name == "cloud_hosts")
    assert (not plan.unplaced) == (least is not None)
    if least is not None:
        assert hosts.bound <= least
        assert hosts.value == least
    assert broken(wanted, facility) == []


@pytest.mark.parametrize("seed", range(30))
def test_hosts_of_two_types_are_as_few_as_trying_everything_finds(seed: int) -> None:
    rnd = random.Random(100 + seed)
    sizes = [(rnd.choice([1, 2, 4, 7]), rnd.choice([1000, 3000, 7000]), 1000.0) for _ in range(4)]
    large = a_type("large", 8, 8000, 300.0)
    small = a_type("small", rnd.choice([4, 10]), rnd.choice([4000, 5000]), 100.0)
    pool = a_cloud(reserve_hosts=1, replicas=rnd.choice([1, 2]), other_host_types=(small,))
    pool = replace(pool, host_type=large)
    wanted = Wanted()
    refs = machines_of(wanted, sizes)
    wanted.bind("apart", refs[:2], scope="host")
    least = fewest_hosts([large, small], sizes, {0, 1}, k=1, replicas=pool.replicas, most=6)
    facility = a_target(pools=(pool,), positions=6)
    plan = wanted.plan(facility)
    hosts = next(o for o in plan.evidence.objectives if o.name == "cloud_hosts")
    assert not plan.unplaced
    assert least is not None
    assert hosts.bound <= least
    assert hosts.value == least
    assert broken(wanted, facility) == []


def rack_cases() -> list[tuple[int, int]]:
    return [(racks, machines) for racks in (1, 2, 3) for machines in (2, 3)]


@pytest.mark.parametrize(("racks", "machines"), rack_cases())
def test_machines_apart_by_rack_are_all_placed_just_when_they_can_restart_so(
    racks: int, machines: int
) -> None:
    """Every dealing of one host for each machine and one or more empty ones to racks is tried."""
    wanted = Wanted()
    refs = machines_of(wanted, [(8.0, 1000.0, 0.0)] * machines)
    wanted.bind("apart", refs, scope="rack")
    facility = a_target(pools=(a_cloud(max_hosts=machines + 2),), positions=racks, height_u=8)

    def holds(where: tuple[int, ...]) -> bool:
        working, empty = where[:machines], where[machines:]
        if len(set(working)) < machines:
            return False
        return all(any(e not in working or e == working[i] for e in empty) for i in range(machines))

    possible = any(
        holds(where) for spare in (1, 2) for where in itertools.product(range(racks), repeat=machines + spare)
    )
    placement = wanted.place(facility)
    assert (not placement.unplaced) == possible
    assert broken(wanted, facility) == []


@pytest.mark.parametrize(("positions", "members"), [(1, 2), (2, 2), (3, 2), (3, 3), (4, 3)])
def test_single_corded_devices_apart_by_feed_take_other_lines(positions: int, members: int) -> None:
    """A row has two lines: two of them find a place each where there are two racks, a third never does."""
    wanted = Wanted()
    refs = [wanted.device(redundancy="1+0") for _ in range(members)]
    wanted.bind("apart", refs, scope="feed")
    facility = a_target(positions=positions)
    placement = wanted.place(facility)
    assert len(placement.devices) == min(members, positions, 2)
    assert all(entry.lacks[0].explanation for entry in placement.unplaced)
    assert broken(wanted, facility) == []


def test_double_corded_devices_apart_by_feed_take_other_racks() -> None:
    wanted = Wanted()
    refs = [wanted.device() for _ in range(3)]
    wanted.bind("apart", refs, scope="feed")
    placement = wanted.place(a_target(positions=4))
    assert len({device.rack for device in placement.devices}) == 3


# --- one thing at a time -------------------------------------------------------------------------------------------


def test_leaner_hosts_are_bought_where_the_load_allows() -> None:
    large, small = a_type("large", 8, 8000, 300.0), a_type("small", 2, 2000, 80.0)
    pool = replace(a_cloud(other_host_types=(small,)), host_type=large)
    wanted = Wanted()
    machines_of(wanted, [(7.0, 7000.0, 0.0), (2.0, 2000.0, 0.0)])
    placement = wanted.place(a_target(pools=(pool,)))
    assert sorted(host.model or "large" for host in placement.hosts) == ["large", "large", "small"]


def test_no_more_of_a_type_are_bought_than_there_are() -> None:
    large, small = a_type("large", 8, 8000, 300.0, stock=2), a_type("small", 4, 4000, 80.0)
    pool = replace(a_cloud(other_host_types=(small,)), host_type=large)
    wanted = Wanted()
    machines_of(wanted, [(4.0, 4000.0, 0.0)] * 4)
    facility = a_target(pools=(pool,))
    placement = wanted.place(facility)
    assert not placement.unplaced
    assert sum(host.model is None for host in placement.hosts) <= 2
    assert broken(wanted, facility) == []


def tiered(nvme_mb: int, **changes: Any) -> CloudPool:
    pool = a_cloud(**changes)
    kind = replace(pool.host_type, tiers=(TierStorage("nvme", nvme_mb),))
    return replace(pool, host_type=kind, tiers=(StorageTier("nvme", 2, 0.5),))


def test_a_tier_that_is_short_asks_for_hosts_of_its_own() -> None:
    """1000 MB twice, half filled: 4000 MB raw, on hosts of 1000 MB besides the reserve."""
    wanted = Wanted()
    refs = machines_of(wanted, [(1.0, 1000.0, 500.0), (1.0, 1000.0, 500.0)])
    wanted.bind("tier", refs, value="nvme")
    facility = a_target(pools=(tiered(1000),))
    assert len(wanted.place(facility).hosts) == 4 + 1
    assert broken(wanted, facility) == []


def test_types_that_bring_one_tier_each_are_bought_side_by_side() -> None:
    wanted = Wanted()
    refs = machines_of(wanted, [(1.0, 1000.0, 500.0), (1.0, 1000.0, 20_000.0)])
    wanted.bind("tier", refs[:1], value="nvme")
    bulk = a_type("bulk", 8, 8000, 100.0, storage_mb=10_000)
    fast = a_type("fast", 8, 8000, 100.0, storage_mb=1, tiers=(TierStorage("nvme", 1000),))
    pool = replace(a_cloud(other_host_types=(fast,)), host_type=bulk, tiers=(StorageTier("nvme", 2, 1.0),))
    facility = a_target(pools=(pool,))
    assert {host.model for host in wanted.place(facility).hosts} == {None, "fast"}
    assert broken(wanted, facility) == []


def test_a_workload_finds_the_pool_that_has_its_tier_or_says_that_none_has() -> None:
    wanted = Wanted()
    fast, tape = machines_of(wanted, [(1.0, 1000.0, 10.0)] * 2)
    wanted.bind("tier", [fast], value="nvme")
    wanted.bind("tier", [tape], value="tape")
    pools = (a_cloud(), replace(tiered(10**6), name="second", is_default=True))
    placement = wanted.place(a_target(pools=pools))
    assert [(w.asset, w.pool) for w in placement.workloads] == [(fast, "second")]
    (out,) = placement.unplaced
    assert (out.asset, out.lacks[0].dimension) == (tape, "tier")
    assert "tape" in out.lacks[0].explanation


def test_a_rack_may_go_with_all_its_hosts_where_the_pool_says_so() -> None:
    wanted = Wanted()
    machines_of(wanted, [(8.0, 1000.0, 100.0)] * 4)
    facility = a_target(pools=(a_cloud(failure_domain="rack", reserve_hosts=2, replicas=2),), positions=6)
    placement = wanted.place(facility)
    assert not placement.unplaced
    assert broken(wanted, facility) == []
    racks = [host.rack for host in placement.hosts]
    assert max(map(racks.count, racks)) == 2


@pytest.mark.parametrize("seed", range(40))
def test_the_checker_agrees_on_random_pools(seed: int) -> None:
    rnd = random.Random(500 + seed)
    wanted = Wanted()
    refs = machines_of(
        wanted,
        [
            (rnd.choice([1, 2, 4]), rnd.choice([500, 2000, 6000]), rnd.choice([0, 300, 2500]))
            for _ in range(9)
        ],
    )
    refs += [wanted.device(redundancy=rnd.choice(["1+0", "1+1"])) for _ in range(3)]
    for _ in range(rnd.randint(0, 4)):
        members = rnd.sample(refs, rnd.randint(2, 3))
        wanted.bind("apart", members, scope=rnd.choice(["host", "rack", "feed"]))
    if rnd.random() < 0.5:
        wanted.bind("tier", rnd.sample(refs[:9], 3), value="nvme")
    small = a_type("small", rnd.choice([4, 12]), rnd.choice([3000, 6000]), 60.0, stock=rnd.choice([None, 2]))
    pool = tiered(
        rnd.choice([2000, 20000]),
        reserve_hosts=rnd.choice([0, 1, 2]),
        replicas=rnd.choice([1, 2, 3]),
        failure_domain=rnd.choice(["host", "rack"]),
        other_host_types=rnd.choice([(), (small,)]),
        max_hosts=rnd.choice([None, 4, 7]),
        storage_mb=20000,
    )
    facility = a_target(
        pools=(pool,), positions=rnd.randint(2, 6), height_u=rnd.choice([3, 8]),
        entitlements=(Entitlement("ours", None, None, None),),
    )  # fmt: skip
    plan = wanted.plan(facility)
    told = (
        [w.asset for w in plan.workloads] + [d.asset for d in plan.devices] + [u.asset for u in plan.unplaced]
    )
    assert sorted(told) == sorted(d.asset for d in wanted.decisions)
    assert broken(wanted, facility) == []
