"""What becomes of each asset: each rule and its citation, and that another deciding value changes the outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from capacity.demand import derive
from capacity.plan import Decision
from capacity.strategies import decide
from inventory.errors import InputError
from inventory.estate import (
    Application,
    ApplicationMember,
    Cluster,
    Constraint,
    Device,
    DeviceRole,
    DeviceType,
    Estate,
    MaintenanceContract,
    Manufacturer,
    Observation,
    Ref,
    Site,
    SpecialNeed,
    StrategyOverride,
    VirtualMachine,
)

DEVICE, MACHINE = Ref("devices", 1), Ref("virtual_machines", 1)


def an_estate(role: str = "server", **changes: Any) -> Estate:
    """One device of a role and one running machine in a cluster of another host."""
    estate = Estate(
        sites=(Site(1, "Vorst", "vorst"),),
        manufacturers=(Manufacturer(1, "Acme", "acme"),),
        device_roles=(DeviceRole(1, role, role), DeviceRole(2, "hypervisor", "hypervisor")),
        device_types=(DeviceType(1, 1, "type", "type"),),
        devices=(Device(1, "one", 1, 1, 1), Device(2, "host", 1, 2, 1, cluster_id=1)),
        clusters=(Cluster(1, "cluster", scope=Ref("sites", 1)),),
        virtual_machines=(VirtualMachine(1, "vm", cluster_id=1, vcpus=2, memory_mb=4000, disk_mb=9000),),
    )
    return replace(estate, **changes)


def decision(estate: Estate, ref: Ref = DEVICE, **options: Any) -> Decision:
    return next(d for d in decide(estate, derive(estate), **options) if d.asset == ref)


def workload_known() -> tuple[Observation, ...]:
    values = {"vcpus": 8.0, "memory_mb": 32000.0, "disk_mb": 500000.0}
    return tuple(
        Observation(n, DEVICE, metric, value, "", "measured", "value")
        for n, (metric, value) in enumerate(values.items(), 1)
    )


def test_every_asset_gets_one_decision() -> None:
    estate = an_estate()
    assert [d.asset for d in decide(estate, derive(estate))] == list(estate.assets())


@pytest.mark.parametrize(
    ("role", "strategy", "rule"),
    [
        ("access-switch", "retire", "strategy.network"),
        ("firewall", "relocate", "strategy.relocate"),
        ("pdu", "retire", "strategy.house_kit"),
        ("storage", "relocate", "strategy.storage"),
        ("server", "relocate", "strategy.relocate"),
    ],
)
def test_the_role_decides_and_is_cited(role: str, strategy: str, rule: str) -> None:
    found = decision(an_estate(role))
    assert (found.strategy, found.rule) == (strategy, rule)
    assert any(cite.field == "devices.1.role" and cite.value == role for cite in found.cites)


def test_a_known_workload_turns_relocate_into_rehost() -> None:
    assert decision(an_estate()).strategy == "relocate"
    found = decision(an_estate(observations=workload_known()))
    assert (found.strategy, found.rule) == ("rehost", "strategy.fits_cloud")
    assert {"devices.1.vcpus", "devices.1.memory_mb"} <= {cite.field for cite in found.cites}


@pytest.mark.parametrize("role", ["time-server", "terminal-server", "blade-chassis"])
def test_what_is_called_a_server_and_is_none_keeps_its_hardware(role: str) -> None:
    assert decision(an_estate(role, observations=workload_known())).strategy == "relocate"


def test_an_unknown_workload_is_cited_as_unknown() -> None:
    assert any(cite.value == "unknown" for cite in decision(an_estate()).cites)


@pytest.mark.parametrize("need", ["tape", "hsm", "dongle", "licence", "not_x86", "plug_type", "rail"])
def test_a_special_need_keeps_the_hardware(need: str) -> None:
    estate = an_estate(observations=workload_known(), special_needs=(SpecialNeed(5, DEVICE, need),))
    found = decision(estate)
    assert (found.strategy, found.rule) == ("relocate", "strategy.special_need")
    assert found.cites[0].field == "special_needs.5.need"
    assert found.cites[0].value == need


@pytest.mark.parametrize("status", ["offline", "decommissioning", "inventory"])
def test_what_no_longer_runs_is_retired(status: str) -> None:
    estate = an_estate()
    devices = (replace(estate.devices[0], status=status), estate.devices[1])
    found = decision(replace(estate, devices=devices))
    assert (found.strategy, found.cites[0].value) == ("retire", status)


@pytest.mark.parametrize("kind", ["keep", "building_bound"])
def test_what_is_bound_stays(kind: str) -> None:
    bound = Constraint(3, kind, members=(DEVICE,), reason="opens the doors")
    found = decision(an_estate(constraints=(bound,)))
    assert found.strategy == "retain"
    assert "opens the doors" in found.reason


def test_a_cluster_host_retires_with_its_machines_and_stays_when_one_stays() -> None:
    host = Ref("devices", 2)
    assert decision(an_estate(), host).strategy == "retire"
    assert decision(an_estate(virtual_machines=()), host).strategy == "relocate"
    stays = decision(an_estate(), host, staying=[MACHINE])
    assert (stays.strategy, stays.rule) == ("retain", "strategy.cluster_still_needed")


@pytest.mark.parametrize(
    "why",
    [
        {"constraints": (Constraint(3, "building_bound", members=(MACHINE,), reason="opens the doors"),)},
        {"special_needs": (SpecialNeed(3, MACHINE, "dongle"),)},
        {"strategy_overrides": (StrategyOverride(3, MACHINE, "retain"),)},
    ],
)
def test_a_cluster_host_stays_with_a_machine_that_stays_for_whatever_reason(why: dict[str, Any]) -> None:
    found = decision(an_estate(**why), Ref("devices", 2))
    assert (found.strategy, found.rule) == ("retain", "strategy.cluster_still_needed")


def test_a_sites_network_stays_while_something_there_stays() -> None:
    assert decision(an_estate("access-switch"), staying=[MACHINE]).rule == "strategy.still_serves"


def test_storage_out_of_maintenance_retires() -> None:
    contract = MaintenanceContract(1, DEVICE, ends_on=date(2026, 1, 1))
    estate = an_estate("storage", maintenance_contracts=(contract,))
    assert decision(estate, today=date(2025, 12, 31)).strategy == "relocate"
    assert decision(estate, today=date(2026, 1, 2)).strategy == "retire"


def test_a_machine_is_rehosted_or_replatformed_with_its_application() -> None:
    assert decision(an_estate(), MACHINE).strategy == "rehost"
    application = Application(1, "permits", "permits", platform_target="NOVA")
    estate = an_estate(applications=(application,), application_members=(ApplicationMember(1, MACHINE),))
    found = decision(estate, MACHINE)
    assert (found.strategy, found.cites[0].value) == ("replatform", "NOVA")


def chassis(*blades: Device, **changes: Any) -> Estate:
    estate = an_estate(**changes)
    return replace(estate, devices=(Device(1, "chassis", 1, 1, 1), *blades))


def test_a_chassis_goes_with_its_blades() -> None:
    host = Device(2, "host", 1, 2, 1, cluster_id=1, parent_device_id=1, parent_bay="1")
    server = Device(3, "server", 1, 1, 1, parent_device_id=1, parent_bay="2")
    assert decision(chassis(host)).rule == "strategy.chassis_empty"
    assert decision(chassis(host, server)).strategy == "relocate"
    assert decision(chassis(host), staying=[MACHINE]).strategy == "retain"


def test_an_override_wins_and_the_recommendation_stays_visible() -> None:
    override = StrategyOverride(4, DEVICE, "retire", reason="replaced in May", decided_by="Nele")
    found = decision(an_estate(strategy_overrides=(override,)))
    assert (found.strategy, found.recommended, found.rule) == ("retire", "relocate", "override")
    assert "Nele" in found.reason
    assert "replaced in May" in found.reason


def test_an_override_with_an_unknown_strategy_is_refused() -> None:
    override = StrategyOverride(4, DEVICE, "teleport")
    with pytest.raises(InputError, match=r"teleport.*retire"):
        decision(an_estate(strategy_overrides=(override,)))


def test_a_machine_can_not_be_relocated_as_hardware() -> None:
    override = StrategyOverride(4, MACHINE, "relocate")
    with pytest.raises(InputError, match=r"no hardware to relocate.*use rehost"):
        decision(an_estate(strategy_overrides=(override,)))
