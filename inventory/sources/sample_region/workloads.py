"""Hypervisor clusters of every room, the virtual machines on them, and how large those are.

Most sizes are known, some are not; the city's archive has few machines with very large disks. What the machines are for
is `applications`'.
"""

from __future__ import annotations

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.region import Gear, Machine, Region, Room, shares

MACHINES_AT_DEFAULT = 3500
HOSTS_IN_CLUSTER = 12
RESTRICTED_KINDS = ("police", "control-centre", "substation")
RESTRICTED_SHARE = {"police": 0.30, "control-centre": 0.5, "substation": 0.6}
VCPUS = {1: 16, 2: 38, 4: 30, 8: 12, 16: 4}
MEMORY_GB = {2: 10, 4: 26, 8: 30, 16: 22, 32: 9, 64: 3}
DISK_GB = {40: 22, 60: 20, 100: 26, 200: 18, 400: 9, 1000: 4, 2000: 1}
UNKNOWN_SIZES = 0.09  # of the machines of a cluster whose hypervisor nobody may ask
UNASKED_EVERY = 14  # every so many-th cluster is such a one

# The archive: scans of three centuries, many times what its line carries in a year.
ARCHIVE_MACHINES = (22, 22)
ARCHIVE_TB = (24.0, 66.0)


def virtualise(region: Region) -> None:
    """Form the clusters and tell the virtual machines."""
    clusters: list[tuple[SourceRef, Room, int]] = []
    for room in region.rooms:
        hosts = [g for g in room.gear if g.group == "hypervisor" and g.status == "active"]
        for number, start in enumerate(range(0, len(hosts), HOSTS_IN_CLUSTER), start=1):
            some = hosts[start : start + HOSTS_IN_CLUSTER]
            clusters.append((_cluster(region, room, number, some), room, len(some)))
    if not clusters:
        room = region.rooms[0]
        clusters.append((_cluster(region, room, 1, []), room, 1))
    plain = [entry for entry in clusters if entry[1].building.kind != "archive"]
    archive = next((entry for entry in clusters if entry[1].building.kind == "archive"), None)
    total = region.scaled(MACHINES_AT_DEFAULT, least=1)
    if archive is not None:
        total -= min(total, _archive(region, archive[0], archive[1]))
    for number, ((cluster, room, _), count) in enumerate(
        zip(plain, shares(total, [hosts for _, _, hosts in plain]), strict=True)
    ):
        is_unasked = number % UNASKED_EVERY == UNASKED_EVERY - 1
        for _ in range(count):
            _machine(region, cluster, room, is_unasked=is_unasked)


def _cluster(region: Region, room: Room, number: int, hosts: list[Gear]) -> SourceRef:
    cluster = region.register.add(
        "clusters",
        f"{room.key}/C{number}",
        name=f"{room.key}-c{number}",
        type="VMware vSphere",
        group=room.building.partner,
        status="active",
        tenant_id=room.tenant,
        scope=room.location if region.rng.random() < 0.8 or not hosts else room.site,
    )
    for host in hosts:
        host.cluster = cluster
    return cluster


def _archive(region: Region, cluster: SourceRef, room: Room) -> int:
    """Two applications' worth of machines; their disks are as large in a small region."""
    count = 0
    for machines, terabytes in zip(ARCHIVE_MACHINES, ARCHIVE_TB, strict=True):
        some = region.scaled(machines, least=1)
        for _ in range(some):
            _machine(region, cluster, room, is_unasked=False, disk_mb=round(terabytes * 1_000_000 / some))
            count += 1
    return count


def _machine(
    region: Region, cluster: SourceRef, room: Room, *, is_unasked: bool, disk_mb: int | None = None
) -> None:
    rng = region.rng
    room.machines += 1
    name = f"{room.key}-vm-{room.machines:04d}"
    sizes: dict[str, int | float | None] = {
        "vcpus": float(region.pick(VCPUS)),
        "memory_mb": region.pick(MEMORY_GB) * 1024,
        "disk_mb": disk_mb if disk_mb is not None else region.pick(DISK_GB) * 1000,
    }
    if is_unasked and rng.random() < UNKNOWN_SIZES:
        sizes[rng.choice(list(sizes))] = None
    has_disks = sizes["disk_mb"] is not None and rng.random() < 0.2
    machine = region.register.add(
        "virtual_machines",
        name,
        name=name,
        cluster_id=cluster,
        tenant_id=room.tenant,
        platform_id=SourceRef(
            "platforms", rng.choice(("windows-server-2019", "debian-12", "rhel-8", "ubuntu-22-04"))
        ),
        status="active" if rng.random() < 0.97 else "offline",
        vcpus=sizes["vcpus"],
        memory_mb=sizes["memory_mb"],
        disk_mb=None if has_disks else sizes["disk_mb"],
        primary_ip=None,
    )
    if has_disks:
        whole = int(sizes["disk_mb"] or 0)
        system = min(whole // 2, 60_000)
        for label, size_mb in (("system", system), ("data", whole - system)):
            region.register.add(
                "virtual_disks", f"{name}/{label}", virtual_machine_id=machine, name=label, size_mb=size_mb
            )
    share = RESTRICTED_SHARE.get(room.building.kind, 0.0)
    disk = sizes["disk_mb"]
    disk_known = None if disk is None else int(disk)
    is_sized = None not in sizes.values()
    region.machines.append(
        Machine(machine, name, room, cluster, disk_known, is_sized, is_restricted=rng.random() < share)
    )
