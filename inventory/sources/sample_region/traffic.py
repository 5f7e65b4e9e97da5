"""Lines, addresses and flows: IRISnet's circuits to the sites, what is numbered there, and what talks to what.

Every line carries a little more than what its site has to copy within a season, but for the archive's, which is an old
one. Flows within an application may be heavy or stand no distance; those between sites take a small share of a line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from ipaddress import IPv4Address

from inventory.sources.contract import SourceRef
from inventory.sources.sample_region.applications import Application
from inventory.sources.sample_region.fleet import UNCONNECTED
from inventory.sources.sample_region.geography import KINDS
from inventory.sources.sample_region.region import Machine, Region, Room

TIERS_MBPS = (20, 50, 100, 200, 500, 1000, 2000, 10_000)
COPY_DAYS = 40  # a line is ordered so that half of it copies its site within so many days
FLOW_SHARE = 0.2  # of a line's rate, for all flows that may cross it one day
CAMERA_MBPS = 4
NETWORK = IPv4Address("10.0.0.0")
ADDRESSED_DEVICES, ADDRESSED_MACHINES = 0.5, 0.7  # shares whose address is recorded


def connect(region: Region, applications: Sequence[Application]) -> None:
    """Tell circuits and flows."""
    rates = _circuits(region)
    _Flows(region, applications, rates).tell()


def number(region: Region) -> None:
    """Give most devices and machines their addresses; before the devices are told."""
    register, rng = region.register, region.rng
    machines: dict[str, list[Machine]] = defaultdict(list)
    for machine in region.machines:
        machines[machine.room.key].append(machine)
    base = NETWORK
    for index, room in enumerate(region.rooms):
        bits = max(8, (len(room.gear) + room.machines + 20).bit_length())
        # A network begins at a multiple of its size.
        base = IPv4Address(-(-int(base) // 2**bits) * 2**bits)
        register.add(
            "prefixes",
            room.key,
            prefix=f"{base}/{32 - bits}",
            status="active",
            tenant_id=room.tenant,
            scope=room.site,
            vlan_vid=100 + index % 3900,
        )
        host = base + 10
        for gear in room.gear:
            if (
                gear.role in ("server", "hypervisor", "blade", "firewall")
                and rng.random() < ADDRESSED_DEVICES
            ):
                host += 1
                gear.primary_ip = f"{host}/{32 - bits}"
        for machine in machines[room.key]:
            if rng.random() < ADDRESSED_MACHINES:
                host += 1
                address = f"{host}/{32 - bits}"
                register.fields(machine.ref)["primary_ip"] = address
                _address(region, address, machine.name, machine.ref, room)
        base += 2**bits


def tell_addresses(region: Region) -> None:
    """Tell the devices' addresses on their first interfaces, once those are told."""
    first: dict[str, SourceRef] = {}
    for ref in region.register.refs("interfaces"):
        device = region.register.fields(ref)["device_id"].external_id
        first.setdefault(device, ref)
    for gear in region.gear():
        if gear.primary_ip is not None:
            _address(region, gear.primary_ip, gear.key.replace("/", "-"), first.get(gear.key), gear.room)


def _address(region: Region, address: str, name: str, holder: SourceRef | None, room: Room) -> None:
    region.register.add(
        "ip_addresses",
        address,
        address=address,
        status="active",
        tenant_id=room.tenant,
        dns_name=f"{name}.{room.building.partner}.brussels.example",
        assigned_object=holder,
    )


def _circuits(region: Region) -> dict[str, int]:
    """One line to every connected site; some important sites have a second. The rate of each site's best, in Mbit/s."""
    register = region.register
    irisnet = register.add("providers", "irisnet", name="IRISnet", slug="irisnet")
    other = register.add("providers", "proximus", name="Proximus", slug="proximus")
    to_copy: dict[str, int] = defaultdict(int)
    for machine in region.machines:
        to_copy[machine.room.site.external_id] += machine.disk_mb or 0
    for gear in region.gear("known"):
        to_copy[gear.room.site.external_id] += gear.workload[2] if gear.workload else 0
    rates: dict[str, int] = {}
    for room in region.rooms:
        slug = room.site.external_id
        if slug in rates or room.building.slug in UNCONNECTED:
            continue
        rate = KINDS[room.building.kind].rate_mbps
        if room.building.kind != "archive":
            needed = to_copy[slug] * 8 * 1.2 / (COPY_DAYS * 86_400 * 0.5)
            rate = next((tier for tier in TIERS_MBPS if tier >= max(needed, rate)), TIERS_MBPS[-1])
        rates[slug] = rate
        _circuit(region, irisnet, f"IRN-{len(rates):04d}", rate, room)
        if room.building.kind in ("data-room", "control-centre") and region.rng.random() < 0.5:
            _circuit(region, other, f"PXS-{len(rates):04d}", min(rate, 1000), room)
    return rates


def _circuit(region: Region, provider: SourceRef, cid: str, rate: int | None, room: Room) -> None:
    region.register.add(
        "circuits",
        cid,
        cid=cid,
        provider_id=provider,
        type="fibre" if rate is None or rate >= 50 else "vdsl",
        status="active",
        tenant_id=room.tenant,
        rate_mbps=None if rate is None else float(rate),
        site_ids=(room.site,),
    )


class _Flows:
    """Tells flows and keeps what each site's line has left for them."""

    def __init__(self, region: Region, applications: Sequence[Application], rates: dict[str, int]) -> None:
        self._region = region
        self._applications = applications
        self._left = {site: rate * FLOW_SHARE for site, rate in rates.items()}

    def tell(self) -> None:
        directories = {
            a.room.building.partner: a for a in self._applications if a.template.name == "Directory"
        }
        names = {a.room.building.partner: a for a in self._applications if a.template.name == "DNS and DHCP"}
        platforms = [
            a for a in self._applications if a.room.building.kind == "data-room" and a.template.platform
        ]
        for application in self._applications:
            partner = application.room.building.partner
            for services, rate, what in ((directories, 1.0, "sign-on"), (names, 0.2, "name look-ups")):
                service = services.get(partner)
                if (
                    service is not None
                    and service is not application
                    and application.template.name not in ("Directory", "DNS and DHCP")
                ):
                    self._between(application, service, rate, 20.0, what)
            if application.template.platform and application.room.building.kind == "town-hall":
                like = next(
                    (p for p in platforms if p.template.platform == application.template.platform), None
                )
                if like is not None:
                    self._between(application, like, 2.0, 60.0, "counter and back office")
            self._within(application)
        self._cameras()

    def _flow(
        self, source: SourceRef, target: SourceRef, rate: float | None, latency: float | None, what: str
    ) -> None:
        self._region.register.numbered(
            "flows", source=source, target=target, rate_mbps=rate, latency_ms=latency, description=what
        )

    def _spend(self, room: Room, wanted: float) -> float:
        """What is left of the line for a flow that may cross it, rounded to 0.1 Mbit/s."""
        site = room.site.external_id
        granted = round(min(wanted, self._left.get(site, 0.0) / 4), 1)
        if site in self._left:
            self._left[site] -= granted
        return granted

    def _between(
        self, one: Application, other: Application, rate: float, latency_ms: float, what: str
    ) -> None:
        granted = self._spend(one.room, rate * self._region.rng.uniform(0.5, 1.5))
        if granted > 0:
            self._flow(one.ref, other.ref, granted, latency_ms, what)

    def _within(self, application: Application) -> None:
        """Front ends to their data; some stand no distance at all."""
        rng = self._region.rng
        sized = [m.ref for m in application.machines if m.is_sized]
        if len(sized) >= 2 and rng.random() < 0.7:
            is_tight = rng.random() < 0.35
            rate = float(rng.choice((5, 10, 20, 40)))
            self._flow(
                sized[0], sized[1], rate, 1.0 if is_tight else rng.choice((10.0, None)), "front end to data"
            )
        boxes = [g.ref for g in application.gear if g.is_restricted]
        if len(boxes) >= 2 and application.template.is_restricted:
            self._flow(boxes[0], boxes[1], 8.0, 0.5, "control loop")

    def _cameras(self) -> None:
        """Encoders, which stay, to the recording they feed."""
        recorders = {
            a.room.site.external_id: a
            for a in self._applications
            if "ideo" in a.template.name and (a.machines or a.gear)
        }
        for gear in self._region.gear("bound"):
            recorder = recorders.get(gear.room.site.external_id)
            if gear.role == "camera-encoder" and recorder is not None:
                rate = self._spend(gear.room, CAMERA_MBPS * self._region.rng.randint(2, 8))
                if rate > 0:
                    target = (recorder.machines or recorder.gear)[0].ref
                    self._flow(gear.ref, target, rate, 150.0, "cameras to recording")
