"""Projects for the hosts of the lab: made from a small plan, with what a person would declare; and their outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from lab_hosts import Lab, LabHost
from wave_builders import a_device, a_facility, a_machine, a_plan, an_estate

from inventory import estate as estates
from inventory.records import RunRecord
from inventory.rows import Ref
from playbooks.generate import generate
from playbooks.run import run


class Project:
    """A generated project of the lab, and what a person declares in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def generate(self, estate: estates.Estate, **plan) -> None:
        known = {"start": datetime.now(UTC) - timedelta(hours=1), "hours": 8}
        generate(estate, a_facility(), a_plan(estate, **{**known, **plan}), self.folder)

    def declare(self, host: str = "", **values: object) -> None:
        """Add to what is declared for one host, or for all."""
        name = f"host_vars/{host}.yml" if host else "group_vars/all.yml"
        path = self.folder / "declared" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        known = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump({**known, **values}))

    def declare_lab(self, lab: Lab) -> None:
        """How this machine reaches the lab's hosts, and how they are switched off there."""
        self.declare(
            ansible_user="root",
            ansible_ssh_private_key_file=str(lab.key),
            ansible_ssh_common_args=f"-o UserKnownHostsFile={lab.known_hosts} -o ControlMaster=no",
            ansible_python_interpreter="/usr/bin/python3",
            vorst_backup_stamp="/srv/backup.stamp",
            vorst_dependency_timeout_s=1,
            vorst_verify_timeout_s=3,
            vorst_shutdown_command=["kill", "-TERM", "1"],
            vorst_shutdown_timeout_s=20,
            vorst_boot_timeout_s=30,
        )

    def declare_move(self, target: LabHost, client: LabHost, host: str = "vm-1") -> None:
        """What a person knows of a workload: where it goes, what to copy, who uses its name."""
        self.declare("client", ansible_host=client.address)
        (self.folder / "declared" / "hosts.yml").write_text("all:\n  hosts:\n    client:\n")
        self.declare(f"{host}-target", ansible_host=target.address)
        self.declare(
            host,
            vorst_data_paths=["/srv/app/data"],
            vorst_name_switch="hosts_file",
            vorst_name_clients=["client"],
            vorst_checks=[{"url": f"http://{target.address}:8080/", "contains": "the application answers"}],
        )

    def write(self, name: str, **values: object) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(values))

    def run(self, phase: str, wave: int = 1, **options) -> RunRecord:
        return run(self.folder, wave, phase, **options)


def a_web_server(host: LabHost) -> None:
    """The application of the lab: data, a service that serves them, a backup."""
    data = host.path("srv/app/data")
    data.mkdir(parents=True, exist_ok=True)
    (data / "index.html").write_text("the application answers\n")
    (data / "deep").mkdir(exist_ok=True)
    (data / "deep" / "file with 'quotes' and {{ braces }}.txt").write_bytes(bytes(range(256)) * 64)
    host.path("srv/backup.stamp").write_text("backup\n")
    host.service("start")
    assert host.waits_for(8080)


def knows(client: LabHost, source: LabHost) -> None:
    """The client finds the application at its source, through its hosts file."""
    hosts = client.path("etc/hosts")
    hosts.write_text(f"{hosts.read_text()}{source.address} app.lab.example\n")


def finds(client: LabHost) -> str:
    """The address at which a client finds the application."""
    return client.inside("getent", "ahosts", "app.lab.example").split()[0]


def outcomes(record: RunRecord) -> dict[str, str]:
    return {host.host: host.outcome for step in record.steps for host in step.hosts}


def failures(record: RunRecord) -> str:
    return "\n".join(
        f"{host.host}: {failure.task}: {failure.message}"
        for step in record.steps
        for host in step.hosts
        for failure in host.failures
    )


def an_application(source: LabHost, dependency: LabHost | None = None, number: int = 1) -> estates.Estate:
    """A machine with an address and a name, and a flow to another one where there is one."""
    machines = [a_machine(number, primary_ip=f"{source.address}/24")]
    devices = [a_device(90, primary_ip=f"{dependency.address}/24")] if dependency else []
    return an_estate(
        devices,
        machines,
        ip_addresses=(estates.IPAddress(1, f"{source.address}/24", dns_name="app.lab.example"),),
        flows=(estates.Flow(1, Ref("virtual_machines", number), Ref("devices", 90), 1.0, None, "tcp/22"),)
        if dependency
        else (),
    )
