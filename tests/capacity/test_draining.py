"""Emptying hosts while they run: against every order of moves on tiny clouds, and rule by rule."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

import pytest
from cloud_plans import World, a_running_cloud
from hypothesis import given, settings
from hypothesis import strategies as st
from target_builders import Wanted, a_cloud

from capacity.draining.answer import Drain, Wish, drain
from capacity.draining.naming import hosts_named
from capacity.verification.draining import WorkloadMove, replay
from inventory.errors import InputError
from inventory.estate import Ref

QUICK = 3  # chunks of the solver: tiny clouds need no more


def emptied(world: World, *hosts: str, **wish: object) -> Drain:
    return drain(*world, Wish(hosts, work=QUICK, **wish))  # type: ignore[arg-type]


def targets(found: Drain) -> dict[int, str]:
    return {move.asset.id: move.target for move in found.moves}


# --- against every order of moves -------------------------------------------------------------------------------------


@st.composite
def clouds(draw: st.DrawFn) -> tuple[World, int]:
    """Three to five hosts of 8 GB in two racks, some workloads kept apart; and how many hosts stand in reserve."""
    hosts = [f"h{n}" for n in range(draw(st.integers(3, 5)))]
    reserve = draw(st.integers(0, 1))
    wanted, on = Wanted(), {}
    room = dict.fromkeys(hosts[: len(hosts) - reserve], 8)
    for _ in range(draw(st.integers(1, 5))):
        size = draw(st.integers(1, 6))
        fitting = [host for host, left in room.items() if left >= size]
        if fitting:
            host = draw(st.sampled_from(fitting))
            room[host] -= size
            on[wanted.machine(vcpus=1.0, memory_mb=size * 1000)] = host
    if len(set(on.values())) > 1 and draw(st.booleans()):
        one = next(iter(on))
        other = next(ref for ref in on if on[ref] != on[one])
        wanted.bind("apart", (one, other), scope="host")
    racks = [hosts[0::2], hosts[1::2]]
    return a_running_cloud(wanted, on, racks, a_cloud(reserve_hosts=reserve)), reserve


def cheapest(world: World, leaving: str, reserve: int) -> float | None:
    """The least memory copied until a host is empty, by trying every move from every state; None: there is no way."""
    estate, _, plan = world
    hosts = [host.id for host in plan.hosts]
    refs = [placed.asset for placed in plan.workloads]
    size = {d.asset: d.quantities["memory_mb"].planning for d in plan.demands}
    apart = [set(c.members) for c in estate.constraints]

    def holds(inside: dict[str, list[Ref]]) -> bool:
        empty = sum(not refs for host, refs in inside.items() if host != leaving)
        return (
            all(sum(size[ref] for ref in there) <= 8000 and len(there) <= 8 for there in inside.values())
            and all(len(pair & set(there)) < 2 for there in inside.values() for pair in apart)
            and (empty >= reserve or not any(inside.values()))
        )

    def at(state: tuple[str, ...]) -> dict[str, list[Ref]]:
        return {
            host: [ref for ref, where in zip(refs, state, strict=True) if where == host] for host in hosts
        }

    def steps(state: tuple[str, ...]) -> Iterator[tuple[float, tuple[str, ...]]]:
        for n, ref in enumerate(refs):
            for host in hosts:
                both = at(state)
                if host in (leaving, state[n]):
                    continue
                both[host].append(ref)
                after = (*state[:n], host, *state[n + 1 :])
                if holds(both) and holds(at(after)):
                    yield size[ref], after

    first = tuple(placed.host for placed in plan.workloads)
    tie = count()
    waiting, done = [(0.0, next(tie), first)], set()
    while waiting:
        cost, _, state = heapq.heappop(waiting)
        if leaving not in state:
            return cost
        if state not in done:
            done.add(state)
            for more, after in steps(state):
                heapq.heappush(waiting, (cost + more, next(tie), after))
    return None


@given(clouds())
@settings(max_examples=30, deadline=None)
def test_a_host_is_emptied_wherever_it_can_be_and_never_for_less_than_is_possible(case) -> None:
    world, reserve = case
    leaving = world[2].workloads[0].host if world[2].workloads else "h0"

    found, least = emptied(world, leaving), cheapest(world, leaving, reserve)

    assert not found.refused
    assert bool(found.stays) == (least is None)
    if least is not None:
        assert found.copied_mb >= least
        if found.status == "optimal":
            assert found.copied_mb == pytest.approx(least) == pytest.approx(found.bound_mb)
    if found.missing:
        assert least is None


# --- rule by rule -----------------------------------------------------------------------------------------------------


def three_hosts(*sizes: int, reserve: int = 0, **changes: object) -> tuple[Wanted, dict[Ref, str], World]:
    """Machines of so many GB on h1, h2, h3 in turn, with a host more for each in reserve; hosts hold 8."""
    wanted, on = Wanted(), {}
    for n, size in enumerate(sizes):
        on[wanted.machine(memory_mb=size * 1000)] = f"h{n % 3 + 1}"
    names = [f"h{n}" for n in range(1, 4 + reserve)]
    return wanted, on, a_running_cloud(wanted, on, [names], a_cloud(reserve_hosts=reserve, **changes))


def test_what_runs_goes_where_there_is_room() -> None:
    _, _, world = three_hosts(4, 6, 3)
    found = emptied(world, "h1")
    assert (targets(found), found.status, found.copied_mb) == ({1: "h3"}, "optimal", 4000)


def test_something_else_makes_room_where_it_has_to() -> None:
    """Neither of the others takes 6 GB; when 2 GB of one go to the other it does."""
    wanted, on = Wanted(), {}
    for size, host in ((6, "h1"), (3, "h2"), (2, "h2"), (5, "h3")):
        on[wanted.machine(memory_mb=size * 1000)] = host
    found = emptied(a_running_cloud(wanted, on, [["h1", "h2", "h3"]]), "h1", is_reserve_kept=False)
    assert not found.stays
    assert (found.status, found.copied_mb, found.bound_mb) == ("feasible", 9000, 6000)
    assert [move.name for move in found.moves] == ["v2", "v1"]  # room first


def test_a_workload_counts_on_both_hosts_while_it_moves() -> None:
    """Two that change places fit at the end, never in between; with a third host one steps aside."""
    wanted, on = Wanted(), {}
    for size, host in ((5, "h1"), (6, "h2")):
        on[wanted.machine(memory_mb=size * 1000)] = host
    world = a_running_cloud(wanted, on, [["h1", "h2"]], a_cloud(reserve_hosts=0))
    swap = [
        WorkloadMove(1, Ref("virtual_machines", 1), "h1", "h2"),
        WorkloadMove(2, Ref("virtual_machines", 2), "h2", "h1"),
    ]
    assert [(b.code, b.step) for b in replay(*world, (), swap)] == [("HOST-CAPACITY", 1)]


def test_the_reserve_stays_empty_and_may_be_given_up() -> None:
    _, _, world = three_hosts(8, 8, 8, reserve=1)
    kept = emptied(world, "h1")
    assert ([move.asset for move in kept.moves], len(kept.stays), kept.status) == ([], 1, "none")
    (missing,) = kept.missing
    assert (missing.dimension, missing.needs, missing.available, missing.hosts) == (
        "memory_mb",
        24000,
        16000,
        1,
    )
    given_up = emptied(world, "h1", is_reserve_kept=False)
    assert (targets(given_up), given_up.status) == ({1: "h4"}, "optimal")


def test_a_host_in_reserve_that_leaves_is_replaced_by_another_that_is_cleared() -> None:
    _, _, world = three_hosts(2, 3, 6, reserve=1)
    found = emptied(world, "h4")
    assert (found.reserve, found.status, found.copied_mb) == (("h1",), "feasible", 2000)
    assert targets(found)[1] in {"h2", "h3"}


def test_n_plus_2_keeps_two() -> None:
    _, _, world = three_hosts(8, 4, 4, reserve=2)
    assert emptied(world, "h2").reserve == ("h4", "h5")
    assert targets(emptied(world, "h2")) == {2: "h3"}


def test_what_is_kept_apart_stays_so_by_host_and_by_rack() -> None:
    for scope, target in (("host", "h3"), ("rack", "h4")):
        wanted, on = Wanted(), {}
        for host in ("h1", "h2"):
            on[wanted.machine(memory_mb=1000)] = host
        wanted.bind("apart", on, scope=scope)
        world = a_running_cloud(
            wanted, on, [["h1"], ["h2", "h3"], ["h4"] if scope == "rack" else []], a_cloud(reserve_hosts=0)
        )
        assert targets(emptied(world, "h1")) == {1: target}


def test_more_kept_apart_than_hosts_are_left_is_said() -> None:
    wanted, on, _ = three_hosts(1, 1, 1)
    wanted.bind("apart", on, scope="host")
    world = a_running_cloud(wanted, on, [["h1", "h2", "h3"]], a_cloud(reserve_hosts=0))
    found = emptied(world, "h1")
    (missing,) = found.missing
    assert (missing.dimension, missing.hosts, [stay.host for stay in found.stays]) == ("apart", 1, ["h1"])


def test_what_belongs_together_goes_together() -> None:
    wanted, on = Wanted(), {}
    for size, host in ((3, "h1"), (3, "h1"), (4, "h2"), (1, "h3")):
        on[wanted.machine(memory_mb=size * 1000)] = host
    wanted.bind("together", list(on)[:2], scope="host")
    found = emptied(a_running_cloud(wanted, on, [["h1", "h2", "h3"]], a_cloud(reserve_hosts=0)), "h1")
    assert (targets(found), {move.step for move in found.moves}) == ({1: "h3", 2: "h3"}, {1})


def two_pools(zones: tuple[str, ...], storage_mb: int = 10**7) -> World:
    second = a_cloud(name="other", zones=zones, is_default=False, reserve_hosts=0, storage_mb=storage_mb)
    wanted, on = Wanted(), {}
    on[wanted.machine(disk_mb=5000)] = "h1"
    wanted.bind("zone", on, value="general")
    first = a_cloud(reserve_hosts=0)
    return a_running_cloud(wanted, on, [["h1", "x1"]], first, second, pool_of={"x1": "other"})


def test_a_whole_pool_goes_to_another_that_serves_the_zone_and_stores_it() -> None:
    assert targets(emptied(two_pools(("general",)), "h1")) == {1: "x1"}
    for world in (two_pools(("restricted",)), two_pools(("general",), storage_mb=4000)):
        found = emptied(world, "h1")
        assert (found.moves, [entry.dimension for entry in found.missing]) == ((), ["hosts"])


def test_disks_that_leave_have_to_be_stored_by_those_that_stay() -> None:
    wanted, on = Wanted(), {}
    for host in ("h1", "h2"):
        on[wanted.machine(disk_mb=3000)] = host
    world = a_running_cloud(wanted, on, [["h1", "h2"]], a_cloud(reserve_hosts=0, storage_mb=5000))
    assert emptied(world, "h1").status == "optimal"
    found = emptied(world, "h1", is_storage_leaving=True)
    (missing,) = found.missing
    assert (missing.dimension, missing.needs, missing.available, missing.hosts) == ("disk_mb", 6000, 5000, 1)
    assert found.moves == ()


def test_a_pool_is_evened_out() -> None:
    wanted, on = Wanted(), {}
    for _ in range(4):
        on[wanted.machine(memory_mb=2000, vcpus=1.0)] = "h1"
    world = a_running_cloud(wanted, on, [["h1", "h2"]], a_cloud(reserve_hosts=0))
    found = drain(*world, Wish(evened=("cloud",), work=QUICK))
    assert (found.fullest_before, found.fullest_after, len(found.moves)) == (1.0, 0.5, 2)


# --- the replay -------------------------------------------------------------------------------------------------------


def moved(world: World, *moves: tuple[int, str, str], leaving: tuple[str, ...] = ()) -> list[str]:
    steps = [
        WorkloadMove(n, Ref("virtual_machines", asset), source, target)
        for n, (asset, source, target) in enumerate(moves, start=1)
    ]
    return [broken.code for broken in replay(*world, leaving, steps)]


def test_the_replay_sees_what_is_wrong_with_a_list() -> None:
    wanted, on, world = three_hosts(5, 5, 1, reserve=1)
    assert moved(world, (3, "h3", "h1")) == []
    assert moved(world, (3, "h2", "h1")) == ["SOURCE"]
    assert moved(world, (3, "h3", "h9")) == ["TARGET"]
    assert moved(world, (3, "h3", "h1"), leaving=("h1",)) == ["TARGET"]
    assert moved(world, (1, "h1", "h2")) == ["HOST-CAPACITY", *["POOL-RESERVE"] * 3]
    assert set(moved(world, (3, "h3", "h4"))) == {"POOL-RESERVE"}  # while it moves, nothing is empty
    wanted.bind("apart", [Ref("virtual_machines", 1), Ref("virtual_machines", 3)], scope="host")
    assert moved(a_running_cloud(wanted, on, [["h1", "h2", "h3", "h4"]]), (3, "h3", "h1")) == ["APART"]


def test_the_replay_sees_a_reserve_that_could_not_take_the_work_apart() -> None:
    """What is kept apart by rack could restart only beside its fellow."""
    wanted, on = Wanted(), {}
    for host in ("h1", "h2"):
        on[wanted.machine(memory_mb=1000)] = host
    wanted.bind("apart", on, scope="rack")
    world = a_running_cloud(wanted, on, [["h1", "h3"], ["h2"], ["h4"]], a_cloud(reserve_hosts=1))
    assert moved(world, (1, "h1", "h3")) == []
    assert "POOL-RESERVE" in moved(world, (1, "h1", "h3"), leaving=("h4",))


def test_where_whole_racks_may_go_every_host_of_one_finds_an_empty_one() -> None:
    wanted, on = Wanted(), {}
    for host in ("h1", "h2", "h3"):
        on[wanted.machine(memory_mb=4000)] = host
    pool = a_cloud(reserve_hosts=2, failure_domain="rack")
    world = a_running_cloud(wanted, on, [["h1", "h2"], ["h3"], ["h4"], ["h5"]], pool)

    found = emptied(world, "h3")

    assert (found.status, found.reserve) == ("optimal", ("h4", "h5"))
    assert targets(found)[3] in {"h1", "h2"}
    assert moved(world, (3, "h3", "h1")) == []
    # With h4 at work only h5 is empty, and rack R1 holds two that would have to restart.
    assert set(moved(world, (3, "h3", "h4"), leaving=("h3",))) == {"POOL-RESERVE"}


# --- names ------------------------------------------------------------------------------------------------------------


def test_hosts_are_named_by_what_they_are_in() -> None:
    _, facility, plan = three_hosts(1)[2]
    for text in ("h1", "host:h1"):
        assert hosts_named(facility, plan, [text]) == ("h1",)
    for text in ("cloud", "pool:cloud", "R1", "rack:R1", "row:H-R", "hall:H"):
        assert hosts_named(facility, plan, [text]) == ("h1", "h2", "h3")
    with pytest.raises(InputError, match="no cloud host is behind 'h9'"):
        hosts_named(facility, plan, ["h9"])


def test_the_same_question_has_the_same_answer() -> None:
    _, _, world = three_hosts(4, 6, 3, 1, 1, 1)
    assert emptied(world, "h1") == emptied(world, "h1")
