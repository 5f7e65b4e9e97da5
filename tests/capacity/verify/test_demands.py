"""The checker's demands: each rule on a value of its own, and random estates on which planner and checker agree."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import a_plan, an_estate, device, machine

from capacity.demand import derive
from capacity.verification.demands import Demands
from inventory.estate import (
    Device,
    DeviceRole,
    DeviceType,
    Estate,
    FrontPort,
    FrontPortTemplate,
    Interface,
    Observation,
    PowerPort,
    PowerPortTemplate,
    Ref,
    VirtualDisk,
    VirtualMachine,
)

SUPPLIES = st.sampled_from((None, "1+0", "1+1", "2+1", "3+2"))
MAYBE_W = st.sampled_from((None, 100, 450, 800))
MAYBE_KG = st.sampled_from((None, 4.0, 12.5, 30.0))


@st.composite
def estates(draw: st.DrawFn) -> Estate:
    """A few types, devices, blades and machines with anything known or not."""
    types = tuple(
        DeviceType(
            n, 1, f"t{n}", f"t{n}", height_u=draw(st.sampled_from((1.0, 2.0))), weight_kg=draw(MAYBE_KG)
        )
        for n in range(1, draw(st.integers(1, 7)) + 1)
    )
    type_ids = st.sampled_from([t.id for t in types])
    roles = (DeviceRole(1, "Server", "server"), DeviceRole(2, "Firewall", "edge-firewall"))
    devices = [
        Device(n, f"d{n}", draw(type_ids), draw(st.sampled_from((1, 2))), 1, supply_redundancy=draw(SUPPLIES))
        for n in range(1, draw(st.integers(1, 9)) + 1)
    ]
    # Blades sit in the first device's bays only: a bay holds no chassis.
    devices = [
        replace(d, parent_device_id=1, parent_bay=f"b{d.id}") if d.id > 1 and draw(st.booleans()) else d
        for d in devices
    ]
    ids = st.sampled_from([d.id for d in devices])
    count = st.integers(0, 6)
    observed = [
        Observation(
            n,
            device(draw(ids)),
            draw(st.sampled_from(("power_w", "weight_kg", "vcpus", "memory_mb", "disk_mb"))),
            float(draw(st.sampled_from((50, 120, 300)))),
            "",
            draw(st.sampled_from(("measured", "nameplate", "type"))),
            draw(st.sampled_from(("peak", "p95", "mean", "value"))),
        )
        for n in range(draw(count))
    ]
    return Estate(
        device_types=types,
        device_roles=roles,
        devices=tuple(devices),
        power_port_templates=tuple(
            PowerPortTemplate(n, draw(type_ids), f"p{n}", maximum_draw_w=draw(MAYBE_W))
            for n in range(draw(count) * 3)
        ),
        power_ports=tuple(
            PowerPort(n, draw(ids), f"p{n}", maximum_draw_w=draw(MAYBE_W)) for n in range(draw(count))
        ),
        front_port_templates=tuple(
            FrontPortTemplate(n, draw(type_ids), "f") for n in range(draw(st.integers(0, 1)))
        ),
        front_ports=tuple(FrontPort(n, draw(ids), "f") for n in range(draw(st.integers(0, 1)))),
        interfaces=tuple(
            Interface(n, draw(ids), "e", cable_id=draw(st.sampled_from((None, 1))))
            for n in range(draw(count) * 2)
        ),
        observations=tuple(observed),
        virtual_machines=(
            VirtualMachine(
                1, "a", vcpus=draw(st.sampled_from((None, 2.0))), disk_mb=draw(st.sampled_from((None, 50)))
            ),
            VirtualMachine(2, "b", memory_mb=100),
        ),
        virtual_disks=tuple(
            VirtualDisk(n, draw(st.sampled_from((1, 2))), "d", 10) for n in range(draw(count))
        ),
    )


@given(estate=estates(), planning_value=st.sampled_from(("high", "mid")))
def test_planner_and_checker_derive_the_same_from_the_page(estate: Estate, planning_value: str) -> None:
    mine = Demands(estate, planning_value)

    derived = derive(estate, planning_value=planning_value)
    assert set(derived) == set(estate.assets())
    for ref, theirs in derived.items():
        asked = mine.of(ref)
        assert asked.quantities == theirs.quantities, ref
        assert (str(asked.supplies) if asked.supplies else None) == theirs.redundancy
        assert asked.redundancy_rule == theirs.redundancy_rule
        assert (asked.height_u, asked.is_full_depth, asked.airflow) == (
            theirs.height_u,
            theirs.is_full_depth,
            theirs.airflow,
        )


def test_the_hand_made_plan_states_what_the_rules_give() -> None:
    demands = Demands(an_estate(), "high")

    for stated in a_plan().demands:
        assert stated.quantities, stated.asset
        for name, quantity in stated.quantities.items():
            assert demands.of(stated.asset).quantities[name] == quantity, (stated.asset, name)


def test_an_asset_that_does_not_exist_asks_nothing() -> None:
    demands = Demands(an_estate(), "high")

    assert demands.of(device(99)).quantities == {}
    assert demands.of(machine(99)).quantities == {}
    assert demands.of(Ref("racks", 1)).quantities == {}


@pytest.mark.parametrize(("known", "rule"), [(2, "nothing"), (3, "power.similar"), (4, "power.similar")])
def test_three_other_types_bound_a_draw(known: int, rule: str) -> None:
    types = tuple(DeviceType(n, 1, f"t{n}", f"t{n}") for n in range(1, known + 2))
    estate = Estate(
        device_types=types,
        device_roles=(DeviceRole(1, "Server", "server"),),
        devices=tuple(Device(n, f"d{n}", n, 1, 1, supply_redundancy="1+1") for n in range(1, known + 2)),
        power_port_templates=tuple(
            PowerPortTemplate(n, n, "p", maximum_draw_w=100 * n) for n in range(2, known + 2)
        ),
    )
    power = Demands(estate, "high").of(device(1)).quantities.get("power_w")

    assert (power.rule if power else "nothing") == rule
    if power:
        assert (power.low, power.high) == (pytest.approx(60.0), 100.0 * (known + 1))


def test_a_bay_that_holds_its_own_chassis_weighs_it_once() -> None:
    estate = Estate(
        device_types=(DeviceType(1, 1, "t", "t", weight_kg=10.0),),
        devices=(
            Device(1, "a", 1, 1, 1),
            Device(2, "b", 1, 1, 1, parent_device_id=1, parent_bay="1"),
            Device(3, "c", 1, 1, 1, parent_device_id=2, parent_bay="1"),
        ),
    )

    assert Demands(estate, "high").of(device(1)).quantities["weight_kg"].planning == pytest.approx(30.0)
