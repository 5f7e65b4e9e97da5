"""Address ranges while a plan is carried out: against looking at every member at every moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_plan, an_estate, at, device, machine

from capacity.addresses import MOVES, PARTS, STRETCHES, AddressRange, address_ranges
from capacity.plan import Move, Plan, Step
from inventory.estate import Estate, Interface, IPAddress, Prefix, Ref


def moved(ref: Ref, start: datetime, hours: int, kind: str = "cutover", wave: int = 1) -> Step:
    end = start + timedelta(hours=hours)
    return Step(f"{kind}-{ref.id}", kind, start, end, (), (Move(ref, None, None),), wave=wave)


def estate_of(
    addresses: dict[Ref, str], prefixes: tuple[str, ...] = ("10.1.0.0/16", "10.1.2.0/24")
) -> Estate:
    return replace(
        an_estate(),
        prefixes=tuple(Prefix(n, text, vlan_vid=n) for n, text in enumerate(prefixes, 1)),
        ip_addresses=tuple(
            IPAddress(n, text, assigned_object=ref) for n, (ref, text) in enumerate(addresses.items(), 1)
        ),
    )


def only(estate: Estate, *steps: Step) -> AddressRange:
    (found,) = address_ranges(estate, replace(a_plan(), steps=steps)).ranges
    return found


def test_an_address_belongs_to_the_longest_prefix_around_it() -> None:
    assert (
        only(estate_of({machine(1): "10.1.2.3/24"}), moved(machine(1), at(3, 1), 2)).prefix == "10.1.2.0/24"
    )
    assert (
        only(estate_of({machine(1): "10.1.9.3/24"}), moved(machine(1), at(3, 1), 2)).prefix == "10.1.0.0/16"
    )


def test_what_moves_in_one_night_moves_whole() -> None:
    estate = estate_of({machine(1): "10.1.2.3/24", machine(2): "10.1.2.4/24"})
    found = only(estate, moved(machine(1), at(3, 1, 20), 4), moved(machine(2), at(3, 1, 21), 4))
    assert (found.need, found.staying) == (MOVES, ())


def test_what_moves_in_two_nights_stretches_between_them() -> None:
    estate = estate_of({machine(1): "10.1.2.3/24", machine(2): "10.1.2.4/24"})
    found = only(estate, moved(machine(1), at(3, 1, 20), 4), moved(machine(2), at(3, 8, 20), 4, wave=2))
    assert (found.need, found.first, found.last) == (STRETCHES, at(3, 2), at(3, 8, 20))
    assert found.waves == (1, 2)


def test_a_member_that_stays_is_named_and_one_that_is_retired_is_waited_for() -> None:
    estate = estate_of({machine(1): "10.1.2.3/24", device(5): "10.1.2.4/24"})
    stays = only(estate, moved(machine(1), at(3, 1), 4))
    assert (stays.need, stays.last, stays.staying) == (PARTS, None, (device(5),))
    retired = only(estate, moved(machine(1), at(3, 1), 4), moved(device(5), at(4, 1), 2, "retire"))
    assert (retired.need, retired.last) == (STRETCHES, at(4, 1, 2))


def test_an_interface_is_its_devices_and_what_is_unknown_is_listed() -> None:
    estate = replace(
        estate_of(
            {Ref("interfaces", 7): "10.1.2.3/24", machine(2): "192.0.2.1/24", machine(3): "no address"}
        ),
        interfaces=(Interface(7, 5, "eth0"),),
    )
    steps = tuple(moved(ref, at(3, 1), 2) for ref in (device(5), machine(1), machine(2), machine(3)))
    found = address_ranges(estate, replace(a_plan(), steps=steps))
    assert [r.moving for r in found.ranges] == [(device(5),)]
    assert found.unaddressed == (machine(1),)
    assert found.outside == (machine(2), machine(3))


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6), st.sampled_from(["cutover", "retire", "stays"])),
                min_size=1, max_size=6))  # fmt: skip
def test_a_range_is_at_two_places_just_when_members_are(moves: list[tuple[int, int, str]]) -> None:
    refs = [machine(n) for n in range(1, len(moves) + 1)]
    estate = estate_of({ref: f"10.1.2.{ref.id}/24" for ref in refs})
    steps = tuple(
        moved(ref, at(3, 1) + timedelta(hours=start), hours, kind)
        for ref, (start, hours, kind) in zip(refs, moves, strict=True)
        if kind != "stays"
    )
    plan: Plan = replace(a_plan(), steps=steps)
    found = address_ranges(estate, plan).ranges

    def places(hour: int) -> set[str]:
        there = set()
        for start, hours, kind in moves:
            if kind == "stays" or hour < (start if kind == "cutover" else start + hours):
                there.add("source")
            elif kind == "cutover" and hour >= start + hours:
                there.add("target")
        return there

    split = [hour for hour in range(60) if places(hour) == {"source", "target"}]
    if not any(kind == "cutover" for *_, kind in moves):
        assert not found
    elif not split:
        assert found[0].need == MOVES
    else:
        assert found[0].first == at(3, 1) + timedelta(hours=split[0])
        last = found[0].last
        assert (last is None) == (split[-1] == 59)
        assert last is None or last == at(3, 1) + timedelta(hours=split[-1] + 1)
