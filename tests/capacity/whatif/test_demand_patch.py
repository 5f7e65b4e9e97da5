"""A changed demand is derived by planner and checker alike, by each rule of power, weight and workload."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_builders import an_estate
from whatif_cases import lines, the_present, with_patch

from capacity.demand import derive
from capacity.verification.demands import Demands
from inventory.errors import InputError
from inventory.estate import (
    Device,
    DeviceRole,
    DeviceType,
    Estate,
    Manufacturer,
    Observation,
    PowerPortTemplate,
    Ref,
    Site,
    VirtualDisk,
    VirtualMachine,
    sealed,
)

ONE = Ref("devices", 1)


def seen(*values: tuple[str, str, str, float]) -> tuple[Observation, ...]:
    return tuple(
        Observation(n, ONE, metric, value, "", basis, statistic)
        for n, (metric, basis, statistic, value) in enumerate(values, 1)
    )


def an_estate_of(*observations: Observation, types: int = 1, draw_w: int | None = None) -> Estate:
    """One device; `types` of its role and height besides its own have ports of 100, 200… W."""
    others = range(2, types + 1)
    ports = [PowerPortTemplate(n, n, "PSU1", maximum_draw_w=n * 100) for n in others]
    if draw_w is not None:
        ports += [PowerPortTemplate(90 + n, 1, f"PSU{n}", maximum_draw_w=draw_w) for n in (1, 2)]
    return sealed(
        Estate(
            sites=(Site(1, "Vorst", "vorst"),),
            manufacturers=(Manufacturer(1, "Acme", "acme"),),
            device_roles=(DeviceRole(1, "server", "server"),),
            device_types=tuple(DeviceType(n, 1, f"t{n}", f"t{n}", weight_kg=10.0 * n) for n in (1, *others)),
            power_port_templates=tuple(ports),
            devices=tuple(Device(n, f"srv-{n}", n, 1, 1) for n in (1, *others)),
            observations=observations,
        )
    )


POWER = {
    "peak": an_estate_of(*seen(("power_w", "measured", "peak", 400), ("power_w", "measured", "p95", 300))),
    "p95": an_estate_of(*seen(("power_w", "measured", "p95", 300))),
    "nameplate": an_estate_of(*seen(("power_w", "nameplate", "value", 800))),
    "ports of the type": an_estate_of(draw_w=500),
    "similar": an_estate_of(types=5),
}


@pytest.mark.parametrize("rule", POWER)
def test_a_scaled_draw_keeps_its_range_by_every_rule(rule):
    estate = POWER[rule]
    before = derive(estate)[ONE].quantities["power_w"]
    scaled = with_patch("demand", "{scale: power_w, by: 0.8, of: {name: srv-1}}", present=the_present(estate))
    after = derive(scaled.inputs.estate)[ONE].quantities["power_w"]
    assert (after.low, after.high) == pytest.approx((before.low * 0.8, before.high * 0.8))
    assert after.low < after.high
    others = {ref: d for ref, d in derive(scaled.inputs.estate).items() if ref != ONE}
    assert others == {ref: d for ref, d in derive(estate).items() if ref != ONE}


def test_an_estimate_from_p95_stays_an_estimate():
    scaled = with_patch("demand", "{scale: power_w, by: 2}", present=the_present(POWER["p95"]))
    assert derive(scaled.inputs.estate)[ONE].quantities["power_w"].is_estimate


def test_an_unknown_draw_stays_unknown_until_it_is_set():
    unknown = the_present(an_estate_of())
    with_factor = with_patch("demand", "{scale: power_w, by: 2}", present=unknown)
    assert "power_w" not in derive(with_factor.inputs.estate)[ONE].quantities
    assert len(with_factor.idle) == 1
    set_ = with_patch("demand", "{set: power_w, to: 300}", present=unknown)
    quantity = derive(set_.inputs.estate)[ONE].quantities["power_w"]
    assert (quantity.low, quantity.high) == (300, 300)
    assert lines(set_) == ["srv-1: power_w unknown → 300"]
    assert set_.inputs.estate.observations[-1].source == "scenario x"


def test_weight_and_workload_of_a_device_follow():
    estate = an_estate_of(*seen(("memory_mb", "measured", "value", 1000), ("vcpus", "measured", "value", 4)))
    patched = with_patch(
        "demand", "{add: weight_kg, by: 5}", "{scale: memory_mb, by: 1.5}", "{set: disk_mb, to: 7}",
        present=the_present(estate),
    )  # fmt: skip
    found = {name: q.planning for name, q in derive(patched.inputs.estate)[ONE].quantities.items()}
    assert (found["weight_kg"], found["memory_mb"], found["vcpus"], found["disk_mb"]) == (15, 1500, 4, 7)


def test_a_chassis_gets_heavier_by_its_own_weight_only():
    before = derive(an_estate())[ONE].quantities["weight_kg"]
    patched = with_patch("demand", "{add: weight_kg, by: 5, of: {name: chassis*}}")
    assert derive(patched.inputs.estate)[ONE].quantities["weight_kg"].high == pytest.approx(before.high + 5)


def test_disk_of_a_machine_is_scaled_where_only_its_disks_say_it():
    machine = VirtualMachine(1, "vm", site_id=1, vcpus=2, memory_mb=10)
    disks = (VirtualDisk(1, 1, "a", 100), VirtualDisk(2, 1, "b", 51))
    estate = sealed(replace(an_estate_of(), virtual_machines=(machine,), virtual_disks=disks))
    patched = with_patch("demand", "{scale: disk_mb, by: 1.5}", present=the_present(estate))
    ref = Ref("virtual_machines", 1)
    assert derive(patched.inputs.estate)[ref].quantities["disk_mb"].planning == 227


def test_machines_have_no_draw():
    with pytest.raises(InputError, match="virtual machines have no power_w"):
        with_patch("demand", "{scale: power_w, by: 2, of: {list: virtual_machines}}")


@given(
    dimension=st.sampled_from(["power_w", "weight_kg", "vcpus", "memory_mb", "disk_mb"]),
    operation=st.sampled_from(["scale", "add", "set"]),
    amount=st.floats(min_value=0, max_value=1e4),
    mid=st.booleans(),
)
def test_the_checker_derives_the_same(dimension, operation, amount, mid):
    word = "to" if operation == "set" else "by"
    patched = with_patch("demand", f"{{{operation}: {dimension}, {word}: {amount!r}}}", present=PRESENT)
    value = "mid" if mid else "high"
    theirs = Demands(patched.inputs.estate, value)
    for ref, demand in derive(patched.inputs.estate, planning_value=value).items():
        assert theirs.of(ref).quantities == demand.quantities


PRESENT = the_present()
