"""Runbooks of small hand-made plans, as values and as text, for the tests of playbooks/runbooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wave_builders import START, a_device, a_facility, a_machine, a_plan, an_estate

from capacity import plan as plans
from capacity.facility import Facility
from inventory import estate as estates
from inventory.rows import Ref
from playbooks.host_variables import HostVariables
from playbooks.runbooks.book import Runbooks
from playbooks.runbooks.document import (
    Blank,
    Block,
    Break,
    Bullets,
    Code,
    Document,
    Paragraph,
    Strong,
    Tick,
    pieces,
)
from playbooks.scope import WaveScope

SATURDAY = 5


def a_small_estate(**lists) -> estates.Estate:
    """A server, a switch it is plugged into, and a machine of one application; a directory that the server asks."""
    known = {
        "locations": (estates.Location(1, "Cellar", "cellar", 1, floor_limit_kg_m2=500.0),),
        "applications": (
            estates.Application(1, "Tickets", "tickets", None, 1, 15, 120, 300, owner="A. Owner"),
            estates.Application(2, "Directory", "directory", is_shared_service=True),
        ),
        "application_members": (estates.ApplicationMember(1, Ref("virtual_machines", 1)),),
        "flows": (estates.Flow(1, Ref("devices", 1), Ref("applications", 2), 10.0, 1.0, "ldap, tcp/636"),),
        "interfaces": (
            estates.Interface(1, 1, "eth0", cable_id=1),
            estates.Interface(2, 2, "port 7", cable_id=1),
            estates.Interface(3, 1, "eth1"),
        ),
        "power_ports": (estates.PowerPort(1, 1, "PSU1", cable_id=2), estates.PowerPort(2, 1, "PSU2")),
        "power_outlets": (estates.PowerOutlet(1, 9, "outlet 3", cable_id=2),),
        "cables": (
            estates.Cable(1, "cat6", "connected", "N000001", (Ref("interfaces", 1),), (Ref("interfaces", 2),)),
            estates.Cable(2, "power", "connected", "", (Ref("power_outlets", 1),), (Ref("power_ports", 1),)),
        ),
        "constraints": (
            estates.Constraint(
                1, "freeze", "Year end", (Ref("sites", 1),), start=START.replace(month=4), end=START.replace(month=5)
            ),
        ),
        "special_needs": (estates.SpecialNeed(1, Ref("devices", 1), "rail", "the short kind"),),
        "maintenance_contracts": (estates.MaintenanceContract(1, Ref("devices", 1), "Maker", "M-77"),),
        "change_windows": (estates.ChangeWindow(1, Ref("sites", 1), SATURDAY, 20 * 60, 10 * 60),),
    }  # fmt: skip
    return an_estate(
        [
            a_device(1, serial="SN1", asset_tag="TAG1", location_id=1),
            a_device(2, "switch-2", location_id=1),
            a_device(9, "strip-9"),
        ],
        [a_machine(1)],
        **{**known, **lists},
    )


def a_small_plan(estate: estates.Estate, **changes) -> plans.Plan:
    """The server relocated, the machine rehosted, the strip left out; nothing becomes of the switch."""
    plan = a_plan(estate, retired=(2, 9), **changes)
    steps = tuple(step for step in plan.steps if step.kind != "retire")
    flows = tuple(replace(group, cut_flows=(1,)) for group in plan.groups)
    return plans.sealed(replace(plan, steps=steps, groups=flows))


def books(estate: estates.Estate, plan: plans.Plan, facility: Facility | None = None, runs=()) -> Runbooks:
    return Runbooks(HostVariables(estate, plan), facility or a_facility(), runs)


def wave(made: Runbooks, number: int = 1) -> WaveScope:
    return next(scope for scope in made.variables.scopes if scope.number == number)


def text_of(document: Document, title: str) -> str:
    """All words of one section, a line per paragraph, item and row."""
    (section,) = (section for section in document.sections if section.title == title)
    return "\n".join(line for block in section.blocks for line in _lines(block))


def _lines(block: Block):
    if isinstance(block, Paragraph):
        yield _words(block.text)
    elif isinstance(block, Bullets):
        yield from map(_words, block.items)
    elif not block.rows:
        yield block.empty
    else:
        yield _words(block.caption)
        yield " | ".join(column.title for column in block.columns)
        yield from (" | ".join(map(_words, row)) for row in block.rows)


def _words(text) -> str:
    shown: dict[type, Callable] = {
        str: str,
        Code: lambda piece: piece.text,
        Strong: lambda piece: piece.text,
        Blank: lambda _: "____",
        Tick: lambda _: "[ ]",
        Break: lambda _: ", ",
    }
    return "".join(shown[type(piece)](piece) for piece in pieces(text)).replace("\u00a0", " ")
