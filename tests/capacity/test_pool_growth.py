"""How a pool grows: no host runs work before the reserve is up and what is stored then would survive the loss."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from target_builders import a_cloud

from capacity.facility import CloudPool
from capacity.plan import CloudHost
from capacity.timetable.pool_growth import usable_from

SLOTS = st.integers(0, 4)


def hosts(number: int) -> list[CloudHost]:
    return [CloudHost(f"h{i}", "cloud", f"r{i % 2}", float(i), "front", (), None) for i in range(number)]


def survives(pool: CloudPool, storage_mb: int, there: int, stored_mb: float) -> bool:
    """Whether `there` hosts hold one copy of what is stored whichever `reserve_hosts` of them go."""
    losses = combinations(range(there), min(pool.reserve_hosts, there))
    return all(stored_mb <= storage_mb * (there - len(lost)) for lost in losses)


@given(
    up=st.lists(SLOTS, min_size=2, max_size=6),
    disks=st.lists(st.integers(1, 30), min_size=1, max_size=4),
    reserve_hosts=st.integers(0, 2),
)
def test_work_waits_for_the_reserve_and_for_room_to_store_it(
    up: list[int], disks: list[int], reserve_hosts: int
) -> None:
    storage_mb = 20
    pool = a_cloud(storage_mb=storage_mb, reserve_hosts=reserve_hosts)
    pool_hosts = hosts(len(up))
    slots = {host.id: slot for host, slot in zip(pool_hosts, up, strict=True)}
    stored = {host.id: {pool.tier: float(mb)} for host, mb in zip(pool_hosts[:-1], disks, strict=False)}
    empty_up = max(slots[host.id] for host in pool_hosts if host.id not in stored)

    found = usable_from(pool, pool_hosts, slots, stored)

    running_at = {
        slot: [name for name in stored if max(slots[name], empty_up) <= slot] for slot in range(max(up) + 1)
    }
    holds = {
        slot: survives(
            pool,
            storage_mb,
            sum(since <= slot for since in up),
            sum(stored[name][pool.tier] for name in running),
        )
        for slot, running in running_at.items()
    }
    expected = {}
    for name in stored:
        slot = next((s for s in running_at if name in running_at[s] and holds[s]), None)
        if slot is not None:
            expected[name] = slot
    assert found == expected


def test_a_reserve_that_never_comes_lets_nothing_run() -> None:
    pool = a_cloud(reserve_hosts=1)
    two = hosts(2)

    assert usable_from(pool, two, {"h0": 1}, {"h0": {pool.tier: 1.0}}) == {}


def test_a_host_that_is_never_up_runs_nothing_and_keeps_no_other_waiting() -> None:
    pool = a_cloud(reserve_hosts=0)
    two = hosts(2)

    found = usable_from(pool, two, {"h0": 1}, {"h0": {pool.tier: 1.0}, "h1": {pool.tier: 1.0}})

    assert found == {"h0": 1}
