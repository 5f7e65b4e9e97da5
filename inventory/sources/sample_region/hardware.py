"""Which published types stand in which partner's rooms, and what a device of a type really draws.

Types are of the library beside `device_types`; their sizes, weights and nameplates are the makers'. The draws here
are what a power strip would show at peak: plausible shares of the supplies of such machines, invented like all
measurements.
"""

from __future__ import annotations

import math
import re
from random import Random

from inventory.sources.contract import SourceRef
from inventory.sources.device_types import DeviceTypeSpec, builtin_library
from inventory.sources.sample_region.register import Register

MIXED = {
    "hpe-proliant-dl360-gen9": 9, "hpe-proliant-dl360-gen10": 9, "hpe-proliant-dl380-gen9": 7,
    "hpe-proliant-dl380-gen10": 7, "hpe-proliant-dl360p-gen8": 4, "hpe-proliant-dl360e-gen8": 2,
    "hpe-proliant-dl380p-gen8": 3, "hpe-proliant-dl20-gen10": 3, "hpe-proliant-dl360-gen11": 2,
    "hpe-proliant-dl380-gen11": 2, "hpe-proliant-dl365-gen11": 1, "dell-poweredge-r230": 4, "dell-poweredge-r430": 5,
    "dell-poweredge-r540": 3, "dell-poweredge-r610": 2, "dell-poweredge-r620": 3, "dell-poweredge-r630": 4,
    "dell-poweredge-r640": 6, "dell-poweredge-r650": 2, "dell-poweredge-r6515": 1, "dell-poweredge-r720": 4,
    "dell-poweredge-r730": 4, "dell-poweredge-r740xd": 4, "dell-poweredge-r750": 1, "lenovo-system-x3550-m5": 3,
    "lenovo-thinksystem-sr630": 4, "lenovo-thinksystem-sr645": 1, "lenovo-thinksystem-sr650": 4,
    "fujitsu-primergy-rx2530-m6": 2, "fujitsu-primergy-rx2540-m5": 2, "supermicro-superserver-5018d-mtf": 1,
    "supermicro-superserver-1018r-wc0r": 1, "cisco-ucsc-c220-m5sx": 1, "cisco-ucs-c240-m5sx": 1,
    "hpe-proliant-dl580-gen9": 1,
}  # fmt: skip
# Bought in a few large lots, and never metered: their nameplates are all there is.
STIB = {
    "dell-poweredge-r640": 34, "fujitsu-primergy-rx2530-m6": 12, "fujitsu-primergy-rx2540-m5": 22,
    "dell-poweredge-r650xs": 8, "hpe-proliant-dl380-gen7": 6, "dell-poweredge-r230": 4, "dell-poweredge-r740xd": 8,
    "hpe-proliant-dl360-gen10": 6,
}  # fmt: skip
# Two units high for their interface cards.
SIBELGA = {
    "hpe-proliant-dl380-gen9": 16, "hpe-proliant-dl380-gen10": 20, "hpe-proliant-dl380p-gen8": 10,
    "lenovo-thinksystem-sr650": 14, "dell-poweredge-r720": 6, "dell-poweredge-r740xd": 8,
    "fujitsu-primergy-rx2540-m5": 6, "dell-poweredge-r540": 6, "hpe-proliant-dl360-gen9": 6,
    "lenovo-thinksystem-sr630": 4, "dell-poweredge-r840": 2, "hpe-proliant-dl580-gen9": 2,
}  # fmt: skip
SERVERS = {"cirb": MIXED, "others": MIXED, "stib": STIB, "sibelga": SIBELGA}
HYPERVISORS = {
    "hpe-proliant-dl360-gen10": 6, "hpe-proliant-dl380-gen10": 8, "dell-poweredge-r640": 8, "dell-poweredge-r740xd": 5,
    "lenovo-thinksystem-sr630": 4, "lenovo-thinksystem-sr850-v2": 2, "cisco-ucsc-c220-m5sx": 2,
    "cisco-ucs-c240-m5sx": 2, "dell-poweredge-r840": 1, "dell-poweredge-r6515": 2,
}  # fmt: skip
# Enclosure, the blade in it, how many bays its blades may take, and its own inlets where the library has none.
ENCLOSURES = (
    ("hpe-bladesystem-c7000", "hpe-proliant-bl460c-gen9", 16, 6),
    ("hpe-bladesystem-c7000", "hpe-proliant-bl460c-gen10", 16, 6),
    ("hpe-synergy-12000-frame", "hpe-synergy-480-gen10", 12, 6),
    ("cisco-ucsb-5108-ac2", "cisco-ucsb-b200-m5", 8, 4),
    ("ibm-bladecenter-h", "ibm-bladecenter-hs22", 14, 4),
)

# Peak draw in W of one device, lowest and highest, by type; the entry without a type is by height.
_DRAWS: dict[str, tuple[int, int]] = {
    "dell-poweredge-r230": (60, 110), "hpe-proliant-dl20-gen10": (55, 120),
    "supermicro-superserver-5018d-mtf": (60, 130),
    "sys-510d-8c-fn6p": (50, 110), "hpe-proliant-dl580-gen9": (560, 900), "dell-poweredge-r840": (480, 780),
    "lenovo-thinksystem-sr850-v2": (480, 820), "dell-poweredge-t340": (90, 160),
    "hpe-bladesystem-c7000": (2600, 4600), "hpe-synergy-12000-frame": (2400, 4300),
    "cisco-ucsb-5108-ac2": (1600, 2900), "ibm-bladecenter-h": (2200, 3900),
    "netapp-ds4246": (170, 260), "netapp-ds224c": (140, 230), "hpe-3par-storeserv-8000-sff-enclosure": (140, 230),
    "quantum-superloader-3": (60, 110), "quantum-scalar-i3": (130, 240), "thales-luna-t7": (60, 110),
    "thales-luna-k6": (60, 110), "lantime-m300": (15, 40), "infoblox-ib-825": (60, 100), "f5-big-ip-i2600": (90, 150),
}  # fmt: skip
_DRAW_OF_HEIGHT = {1: (120, 300), 2: (190, 430), 3: (200, 420), 4: (400, 800)}
_PASSIVE = ("patch-panel", "distribution-frame", "cable-management", "blank")

# Words of a maker's own supply bays, for devices whose inlets the library leaves to modules.
_SUPPLY_BAY = re.compile(r"^(PSU|PSI|PS|Power Supply)[ _-]?\d+$")

ROLES = {
    "server": "Server", "hypervisor": "Hypervisor", "blade": "Blade server", "chassis": "Blade chassis",
    "storage": "Storage array", "storage-controller": "Storage controller", "storage-shelf": "Storage shelf",
    "nas": "NAS", "tape-library": "Tape library", "hsm": "Hardware security module", "switch": "Switch",
    "san-switch": "SAN switch", "router": "Router", "firewall": "Firewall", "load-balancer": "Load balancer",
    "dns-appliance": "DNS appliance", "time-server": "Time server", "console-server": "Console server",
    "kvm": "KVM over IP", "pdu": "PDU", "ups": "UPS", "patch-panel": "Patch panel",
    "cable-management": "Cable management", "access-control": "Access control", "camera-encoder": "Camera encoder",
    "telephone-exchange": "Telephone exchange", "distribution-frame": "Distribution frame",
    "irisnet-termination": "IRISnet termination", "fire-detection": "Fire detection",
}  # fmt: skip
PLATFORMS = {
    "vmware-esxi-8": "VMware ESXi 8", "vmware-esxi-6-7": "VMware ESXi 6.7",
    "windows-server-2012-r2": "Windows Server 2012 R2",
    "windows-server-2019": "Windows Server 2019", "debian-12": "Debian 12", "rhel-8": "Red Hat Enterprise Linux 8",
    "ubuntu-22-04": "Ubuntu 22.04",
}  # fmt: skip


def library() -> dict[str, DeviceTypeSpec]:
    """The published types by slug."""
    return {spec.slug: spec for spec in builtin_library()}


def inlets(spec: DeviceTypeSpec, role: str) -> tuple[tuple[str, str | None, int | None], ...]:
    """Name, type and published maximum draw (W, rounded up) of a device's power inlets.

    Where the library publishes none they are the supply bays the maker names, else one or two plain ones, with no draw.
    """
    if spec.power_ports:
        return tuple(
            (p.name, p.type, None if p.maximum_draw_w is None else math.ceil(p.maximum_draw_w))
            for p in spec.power_ports
        )
    if spec.subdevice_role == "child" or role in _PASSIVE:
        return ()
    count = next((inlets for slug, _, _, inlets in ENCLOSURES if slug == spec.slug), 2)
    bays = [name for name in spec.module_bay_names if _SUPPLY_BAY.match(name)][:count]
    if spec.u_height == 0:
        return (("Power", "other", None),)
    kind = "iec-60320-c20" if count > 2 else "iec-60320-c14"
    names = bays if len(bays) == count else [f"PSU{number}" for number in range(1, count + 1)]
    return tuple((name, kind, None) for name in names)


def draw_w(spec: DeviceTypeSpec, role: str, rng: Random) -> float:
    """What such a device really draws at peak; never more than its published supplies carry."""
    if spec.subdevice_role == "child" or role in _PASSIVE:
        return 0.0
    low, high = _DRAWS.get(spec.slug) or _DRAW_OF_HEIGHT.get(math.ceil(spec.u_height), (20, 60))
    drawn = rng.uniform(low, high)
    published = [p.maximum_draw_w for p in spec.power_ports if p.maximum_draw_w is not None]
    if published:
        drawn = min(drawn, max(published) * max(1, len(published) // 2) * rng.uniform(0.45, 0.8))
    return round(drawn)


def tell_types(register: Register, used: dict[str, DeviceTypeSpec], roles: set[str]) -> None:
    """Makers, types with their port templates, roles and platforms."""
    for slug, name in ROLES.items():
        if slug in roles:
            register.add("device_roles", slug, name=name, slug=slug)
    for slug, name in PLATFORMS.items():
        register.add("platforms", slug, name=name, slug=slug)
    makers: dict[str, SourceRef] = {}
    for slug in sorted(used):
        spec = used[slug]
        maker = re.sub(r"[^a-z0-9]+", "-", spec.manufacturer.lower()).strip("-")
        if maker not in makers:
            makers[maker] = register.add("manufacturers", maker, name=spec.manufacturer, slug=maker)
        kind = register.add(
            "device_types",
            slug,
            manufacturer_id=makers[maker],
            model=spec.model,
            slug=slug,
            part_number=spec.part_number or "",
            height_u=spec.u_height,
            is_full_depth=spec.is_full_depth,
            airflow=spec.airflow,
            weight_kg=spec.weight_kg,
            subdevice_role=spec.subdevice_role,
        )
        for port in spec.power_ports:
            draws = [port.maximum_draw_w, port.allocated_draw_w]
            maximum, allocated = (None if watts is None else math.ceil(watts) for watts in draws)
            register.numbered(
                "power_port_templates",
                device_type_id=kind,
                name=port.name,
                type=port.type,
                maximum_draw_w=maximum,
                allocated_draw_w=allocated,
            )
        for name in dict.fromkeys(spec.front_ports):
            register.numbered("front_port_templates", device_type_id=kind, name=name)
