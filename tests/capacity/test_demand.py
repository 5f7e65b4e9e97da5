"""What each asset asks for: each rule of docs/reference/rules.md, the first that applies, and unknown never zero."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.demand import derive
from capacity.plan import AssetDemand
from inventory.errors import InputError
from inventory.estate import (
    Device,
    DeviceRole,
    DeviceType,
    Estate,
    FrontPortTemplate,
    Interface,
    Manufacturer,
    Observation,
    PowerPort,
    PowerPortTemplate,
    Ref,
    Site,
    VirtualDisk,
    VirtualMachine,
)

SERVER = Ref("devices", 1)


def an_estate(device: Device | None = None, **lists: tuple[object, ...]) -> Estate:
    """One server of type 1 at one site, and whatever lists a test adds."""
    base = Estate(
        sites=(Site(1, "Vorst", "vorst"),),
        manufacturers=(Manufacturer(1, "Acme", "acme"),),
        device_roles=(DeviceRole(1, "Server", "server"), DeviceRole(2, "Switch", "access-switch")),
        device_types=tuple(DeviceType(n, 1, f"type {n}", f"type-{n}") for n in range(1, 6)),
        devices=(device or Device(1, "db-1", 1, 1, 1),),
    )
    return replace(base, **lists)  # type: ignore[arg-type]


def the_demand(estate: Estate, ref: Ref = SERVER, **options: str) -> AssetDemand:
    return derive(estate, **options)[ref]


def an_observation(
    value: float, statistic: str, basis: str = "measured", metric: str = "power_w"
) -> Observation:
    return Observation(
        1, SERVER, metric, value, "W", basis, statistic, observed_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def ports(count: int, draw: int | None) -> tuple[PowerPort, ...]:
    return tuple(PowerPort(n, 1, f"PSU{n}", maximum_draw_w=draw) for n in range(1, count + 1))


def test_nothing_known_is_unknown_and_not_zero() -> None:
    demand = the_demand(an_estate())
    assert "power_w" not in demand.quantities
    assert "weight_kg" not in demand.quantities
    assert demand.redundancy is None
    assert demand.redundancy_rule is None


@pytest.mark.parametrize(
    ("count", "redundancy", "power_w"),
    [
        (1, "1+0", 500),
        (2, "1+1", 500),
        (3, "2+1", 1000),
        (4, "2+2", 1000),
        (5, "3+2", 1500),
        (6, "3+3", 1500),
    ],
)
def test_the_draw_of_netbox_is_per_port_and_k_ports_carry_the_load(
    count: int, redundancy: str, power_w: float
) -> None:
    demand = the_demand(an_estate(power_ports=ports(count, 500)))
    assert demand.redundancy == redundancy
    power = demand.quantities["power_w"]
    assert (power.low, power.planning, power.high) == (pytest.approx(0.3 * power_w), power_w, power_w)
    assert power.rule == "power.ports"
    assert not power.is_estimate


def test_a_stated_redundancy_wins_over_the_number_of_ports() -> None:
    device = Device(1, "db-1", 1, 1, 1, supply_redundancy="2+0")
    demand = the_demand(an_estate(device, power_ports=ports(2, 400)))
    assert (demand.redundancy, demand.redundancy_rule) == ("2+0", "redundancy.stated")
    assert demand.quantities["power_w"].high == 800


def test_a_redundancy_that_is_none_names_the_device() -> None:
    device = Device(1, "db-1", 1, 1, 1, supply_redundancy="double")
    with pytest.raises(InputError, match=r"db-1.*double.*k\+m"):
        derive(an_estate(device))


def test_one_port_without_a_draw_makes_the_power_unknown() -> None:
    mixed = (*ports(1, 400), PowerPort(2, 1, "PSU2"))
    assert "power_w" not in the_demand(an_estate(power_ports=mixed)).quantities


def test_the_types_ports_stand_in_where_the_device_has_none() -> None:
    templates = (
        PowerPortTemplate(1, 1, "PSU1", maximum_draw_w=300),
        PowerPortTemplate(2, 1, "PSU2", maximum_draw_w=350),
    )
    power = the_demand(an_estate(power_port_templates=templates)).quantities["power_w"]
    assert (power.high, power.rule) == (350, "power.type_ports")


def test_a_measured_peak_wins_over_the_ports() -> None:
    observed = (an_observation(210, "peak"), an_observation(150, "p95"), an_observation(120, "mean"))
    power = the_demand(an_estate(power_ports=ports(2, 750), observations=observed)).quantities["power_w"]
    assert (power.low, power.high, power.rule) == (150, 210, "power.measured_peak")


def test_a_measured_p95_is_widened_and_marked_as_estimate() -> None:
    power = the_demand(an_estate(observations=(an_observation(200, "p95"),))).quantities["power_w"]
    assert (power.low, power.high, power.is_estimate) == (200, 250, True)


def test_a_nameplate_bounds_from_above() -> None:
    power = the_demand(an_estate(observations=(an_observation(500, "value", "nameplate"),))).quantities[
        "power_w"
    ]
    assert (power.low, power.high, power.rule) == (150, 500, "power.nameplate")


def similar_types(known: int) -> Estate:
    devices = tuple(Device(n, f"s{n}", n, 1, 1) for n in range(1, 6))
    templates = tuple(PowerPortTemplate(n, n, "PSU", maximum_draw_w=100 * n) for n in range(2, 2 + known))
    return an_estate(devices=devices, power_port_templates=templates)


def test_three_similar_types_bound_an_unknown_draw() -> None:
    power = the_demand(similar_types(3)).quantities["power_w"]
    assert (power.low, power.high, power.rule, power.is_estimate) == (60, 400, "power.similar", True)


def test_two_similar_types_bound_nothing() -> None:
    assert "power_w" not in the_demand(similar_types(2)).quantities


def test_a_patch_panel_draws_nothing_and_has_no_cords() -> None:
    demand = the_demand(an_estate(front_port_templates=(FrontPortTemplate(1, 1, "1"),)))
    assert demand.quantities["power_w"].high == 0
    assert (demand.redundancy, demand.redundancy_rule) == (None, "redundancy.passive")
    assert demand.quantities["ports"].planning == 0


def chassis(blade_weight_kg: float | None) -> Estate:
    types = (
        DeviceType(1, 1, "chassis", "chassis", height_u=10, weight_kg=100, subdevice_role="parent"),
        DeviceType(2, 1, "blade", "blade", height_u=0, weight_kg=blade_weight_kg, subdevice_role="child"),
    )
    blades = tuple(Device(n, f"b{n}", 2, 1, 1, parent_device_id=1, parent_bay=f"bay {n}") for n in (2, 3))
    return an_estate(
        device_types=types, devices=(Device(1, "c", 1, 1, 1), *blades), power_ports=ports(6, 2000)
    )


def test_a_chassis_weighs_what_sits_in_it_and_its_blades_ask_for_nothing() -> None:
    demands = derive(chassis(5))
    assert demands[SERVER].quantities["weight_kg"].high == 110
    blade = demands[Ref("devices", 2)]
    assert (blade.height_u, blade.quantities["power_w"].high, blade.quantities["weight_kg"].high) == (0, 0, 0)


def test_one_blade_of_unknown_weight_makes_the_chassis_unknown() -> None:
    assert "weight_kg" not in the_demand(chassis(None)).quantities


def test_cabled_interfaces_are_counted_and_network_gear_takes_its_uplinks() -> None:
    cabled = (*tuple(Interface(n, 1, f"eth{n}", cable_id=n) for n in range(1, 7)), Interface(9, 1, "eth9"))
    assert the_demand(an_estate(interfaces=cabled)).quantities["ports"].planning == 6
    switch = Device(1, "sw", 1, 2, 1)
    assert the_demand(an_estate(switch, interfaces=cabled)).quantities["ports"].planning == 4


def test_a_machine_without_a_disk_size_has_the_sum_of_its_disks_or_none() -> None:
    machine = VirtualMachine(1, "vm", vcpus=4, memory_mb=8000)
    estate = an_estate(virtual_machines=(machine,))
    ref = Ref("virtual_machines", 1)
    assert "disk_mb" not in the_demand(estate, ref).quantities
    disks = (VirtualDisk(1, 1, "a", 1000), VirtualDisk(2, 1, "b", 500))
    assert the_demand(replace(estate, virtual_disks=disks), ref).quantities["disk_mb"].planning == 1500


def test_planning_in_the_middle_of_the_range() -> None:
    power = the_demand(an_estate(power_ports=ports(2, 1000)), planning_value="mid").quantities["power_w"]
    assert power.planning == pytest.approx(650)
    with pytest.raises(InputError, match="high or mid"):
        derive(an_estate(), planning_value="low")


@given(
    draws=st.lists(st.one_of(st.none(), st.integers(1, 5000)), max_size=6),
    observed=st.lists(
        st.tuples(
            st.floats(1, 5000),
            st.sampled_from(["peak", "p95", "mean", "value"]),
            st.sampled_from(["measured", "nameplate", "type"]),
        ),
        max_size=4,
    ),
)
def test_every_quantity_is_ordered_and_planned_at_its_high_end(
    draws: list[int | None], observed: list[tuple[float, str, str]]
) -> None:
    power_ports = tuple(PowerPort(n, 1, f"PSU{n}", maximum_draw_w=draw) for n, draw in enumerate(draws, 1))
    observations = tuple(an_observation(*entry) for entry in observed)
    quantities = the_demand(an_estate(power_ports=power_ports, observations=observations)).quantities
    assert quantities
    for quantity in quantities.values():
        assert 0 <= quantity.low <= quantity.planning == quantity.high
