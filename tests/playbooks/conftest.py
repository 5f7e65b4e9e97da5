"""Estates and projects the tests of playbooks/ share; no host is reached here."""

from __future__ import annotations

import pytest
from wave_builders import a_device, a_facility, a_machine, a_plan, an_estate, renamed

from inventory import estate as estates
from inventory.rows import Ref
from playbooks.generate import GeneratedProject, generate


def full_estate() -> estates.Estate:
    """Two devices, a third to be retired, three machines, an application on two, and flows with and without a port."""
    return an_estate(
        [
            a_device(1, primary_ip="10.0.0.1/24", serial="SN1", platform_id=1),
            a_device(2, serial="SN2"),
            a_device(3),
        ],
        [
            a_machine(1, primary_ip="10.0.0.11/24"),
            a_machine(2, primary_ip="2001:db8::12/64"),
            a_machine(3),
        ],
        platforms=(estates.Platform(1, "Debian 12", "debian-12"),),
        applications=(
            estates.Application(1, "Tickets", "tickets", owner="A. Owner", downtime_budget_minutes=30),
        ),
        application_members=(
            estates.ApplicationMember(1, Ref("virtual_machines", 1)),
            estates.ApplicationMember(1, Ref("virtual_machines", 2)),
        ),
        ip_addresses=(
            estates.IPAddress(1, "10.0.0.11/24", dns_name="tickets.example.brussels"),
            estates.IPAddress(2, "2001:db8::12/64", dns_name="not a name; reboot"),
        ),
        flows=(
            estates.Flow(1, Ref("applications", 1), Ref("devices", 1), 10.0, None, "directory, tcp/636"),
            estates.Flow(2, Ref("virtual_machines", 3), Ref("applications", 1), 1.0),
        ),
    )


@pytest.fixture
def estate() -> estates.Estate:
    return full_estate()


@pytest.fixture
def project(estate, tmp_path) -> GeneratedProject:
    return generate(estate, a_facility(), a_plan(estate, retired=(3,), waves=2), tmp_path / "project")


@pytest.fixture(scope="session")
def hostile_project(tmp_path_factory) -> GeneratedProject:
    """Every text of the estate is an attack."""
    estate = renamed(full_estate())
    folder = tmp_path_factory.mktemp("hostile") / "project"
    return generate(estate, a_facility(), a_plan(estate, retired=(3,), waves=2), folder)
