"""What the recorded NetBox lacks to be proven, fixed for good: what its owners would add there, in sheets and by hand.

Sizes, weights, measured draws, rates, flows and constraints are the CSV files of tests/data/netbox_overlay, imported
as a second source. Cables from the feeds to the core switches are added to NetBox's own answers; the draw of an unnamed
chassis and the strategy of the core switches are corrections by hand. `entitle` gives the recording's one
partner its share of the target.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from command_line import well
from netbox_server import V1_TOKEN, RecordedNetBox

FILES = Path(__file__).parents[1] / "data" / "netbox_overlay"

PARTNER = "customers"
ENTITLEMENT = "  - {partner: customers, area_m2: 40, power_kw: 40, units_u: 400}\n"

# feed in NetBox -> the supplies (power ports) of a core switch that hang on it
CABLED_FEEDS = {"P1-3A": (52, 53), "P2-3B": (54, 55), "P1-4A": (56, 57), "P2-4B": (58, 59)}
CORE_SWITCHES = ("ncsu-coreswitch1", "ncsu-coreswitch2")
CHASSIS_MODEL = "Flex system"  # the chassis itself has no name
CHASSIS_SUPPLY_W = 1200

# names of devices that are turned into these
HOSTILE = {
    "ncsu128-distswitch1": "{{ lookup('pipe', 'touch owned') }}",
    "ncsu117-distswitch1": "<script>alert(1)</script>",
    "ncsu118-distswitch1": "../../etc/passwd",
    "dmi01-utica-rtr01": "=HYPERLINK(0) [bold red]x[/] \N{RIGHT-TO-LEFT OVERRIDE}\N{FIRE}",
    "dmi01-yonkers-rtr01": "- a: b\n#c: !!python/object:os.system",
}


def pull(netbox: RecordedNetBox, folder: Path) -> None:
    """Make a workspace in `folder` and take all of `netbox` into it."""
    well(folder, "init")
    well(folder, "sync", "netbox", "--apply", VORST_NETBOX_URL=netbox.url, VORST_NETBOX_TOKEN=V1_TOKEN)


def cable_feeds(netbox: RecordedNetBox) -> None:
    """Add the cables of `CABLED_FEEDS` to what NetBox answers."""
    cables, feeds, ports = (netbox.rows[f"dcim/{name}"] for name in ("cables", "power-feeds", "power-ports"))
    for name, supplies in CABLED_FEEDS.items():
        feed = next(row for row in feeds if row["name"] == name)
        number = max(row["id"] for row in cables) + 1
        cable = {
            **cables[0],
            "id": number,
            "type": {"value": "power", "label": "Power"},
            "a_terminations": [{"object_type": "dcim.powerfeed", "object_id": feed["id"]}],
            "b_terminations": [{"object_type": "dcim.powerport", "object_id": port} for port in supplies],
        }
        cables.append(cable)
        for row in (feed, *(row for row in ports if row["id"] in supplies)):
            row["cable"] = {"id": number}


def lay_over(folder: Path) -> None:
    """Import the spreadsheets and make the corrections, in a workspace that holds the recorded NetBox."""
    well(folder, "import", str(FILES))
    estate = well(folder, "estate", "--json").json
    type_id = next(row["id"] for row in estate["device_types"] if row["model"] == CHASSIS_MODEL)
    chassis = next(row["id"] for row in estate["devices"] if row["device_type_id"] == type_id)
    for port in estate["power_ports"]:
        if port["device_id"] == chassis:
            draw = f"maximum_draw_w={CHASSIS_SUPPLY_W}"
            well(folder, "override", f"power_ports:{port['id']}", draw, "--reason", "its nameplate")
    for name in CORE_SWITCHES:
        number = the(estate["devices"], name)["id"]
        well(folder, "strategy", f"devices:{number}", "relocate", "--reason", "the campus keeps its core")


def entitle(folder: Path) -> None:
    """Give the recording's partner a share of the workspace's facility."""
    file = folder / "facility.yaml"
    text = file.read_text(encoding="utf-8")
    head, title, rest = text.partition("entitlements:\n")
    assert title, "facility.yaml lists no entitlements"
    file.write_text(head + title + ENTITLEMENT + rest, encoding="utf-8")


def plan_of(folder: Path, name: str = "plan.json") -> dict[str, Any]:
    """A workspace's plan, as its file has it."""
    found: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    return found


def key(ref: dict[str, Any]) -> tuple[str, int]:
    """A reference of a document, to be compared and looked up."""
    return ref["kind"], ref["id"]


def the(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The one row of this name."""
    (found,) = [row for row in rows if row["name"] == name]
    return found
