"""What happens to each asset and where it goes, what proves that it is backed up, and what nobody has said yet."""

from __future__ import annotations

from typing import Any

from inventory.rows import Ref
from playbooks.manifest import workload_entry
from playbooks.runbooks.document import (
    NONE,
    Blank,
    Block,
    Code,
    Paragraph,
    Table,
    Text,
    columns,
    lines,
    number,
    shown,
)
from playbooks.runbooks.facts import WaveFacts
from playbooks.scope import host_of


def methods(facts: WaveFacts) -> tuple[Block, ...]:
    """Per asset: method, target position, power and ports, in the order of the night."""
    rows = [_device_row(facts, asset) for asset in in_order(facts, facts.scope.devices)]
    rows += [_workload_row(facts, asset) for asset in in_order(facts, facts.scope.workloads)]
    rows += [
        (host_of(asset), facts.name(asset), _step(facts, asset), "retire", NONE, NONE, NONE)
        for asset in in_order(facts, facts.scope.retired)
    ]
    head = columns(
        ("host", 0.9), ("name", 2), ("step", 1.4), ("method", 0.9), ("target position", 2.4), ("power", 1.3),
        ("ports or size", 2),
    )  # fmt: skip
    return (Table(head, tuple(rows), empty="No assets."),)


def in_order(facts: WaveFacts, assets: tuple[Ref, ...]) -> list[Ref]:
    """Assets by the start of the step that moves them, as they are worked through that night."""
    order = {
        move.asset: place
        for place, step in enumerate(facts.moving_steps)
        for move in step.moves
    }  # fmt: skip
    return sorted(assets, key=lambda asset: (order.get(asset, len(order)), asset))


def place(target: dict[str, Any]) -> Text:
    """A place at the target: rack, unit and face, or chassis and bay."""
    if target["parent"]:
        return lines((f"rack {shown(target['rack'])}", f"in {target['parent']}, bay {shown(target['bay'])}"))
    return lines(
        (f"rack {shown(target['rack'])}", f"U {number(target['position'])}, {shown(target['face'])}")
    )


def feeds(entry: dict[str, Any]) -> Text:
    """The feeds and legs a device's cords go to."""
    if entry["target"]["parent"]:
        return "the chassis'"
    return lines([f"{shown(supply['feed'])} {supply['leg']}" for supply in entry["supplies"]]) or NONE


def _step(facts: WaveFacts, asset: Ref) -> str:
    step = facts.variables.moving_step(asset)
    return step.id if step else "none"


def _device_row(facts: WaveFacts, asset: Ref) -> tuple[Text, ...]:
    entry = facts.devices[asset]
    ports = entry["ports"]
    known = ", ".join(str(name) for name in entry["ports_now"])
    count = f"{number(ports['planning'])} ports" if ports else "unknown"
    return (
        host_of(asset),
        facts.name(asset),
        _step(facts, asset),
        shown(entry["strategy"]),
        place(entry["target"]),
        feeds(entry),
        known or (count + (" (estimate)" if ports and ports["estimate"] else "")),
    )


def _workload_row(facts: WaveFacts, asset: Ref) -> tuple[Text, ...]:
    entry = workload_entry(facts.variables, asset)
    target = entry["target"]
    units = {"vcpus": "vCPU", "memory_mb": "MB memory", "disk_mb": "MB disk"}
    return (
        host_of(asset),
        facts.name(asset),
        _step(facts, asset),
        shown(entry["strategy"]),
        lines(
            (f"host {shown(target['host'])} (pool {shown(target['pool'])})", f"rack {shown(target['rack'])}")
        ),
        "the cloud host's",
        ", ".join(f"{number(entry[name])}\u00a0{unit}" for name, unit in units.items()),
    )


def backup(facts: WaveFacts) -> tuple[Block, ...]:
    """Who vouches for a backup of what; the roles prove it by a file on the host."""
    rows: list[tuple[Text, ...]] = [
        (
            f"{application.name} (application {application.id})",
            number(application.rpo_minutes, "min"),
            Blank(),
            Blank(),
        )
        for application in facts.applications
    ]
    belonging = facts.variables.belonging.applications_of
    others = sum(not belonging.get(asset) for asset in facts.scope.assets)
    if others:
        rows.append((f"{others} assets of no application", "unknown", Blank(), Blank()))
    head = columns(
        ("application", 2.4),
        ("RPO", 0.8, True),
        ("last backup, restored on trial (fill in)", 2),
        ("by (fill in)", 1.2),
    )
    return (
        Paragraph(
            (
                "Each host names the file its last backup touched (",
                Code("vorst_backup_stamp"),
                "); preflight fails when it is missing or older than ",
                Code("vorst_backup_max_age_h"),
                " hours (26). The time preflight saw stands in ",
                Code("records/"),
                ". That a backup can be read back is for a person to say:",
            )
        ),
        Table(head, tuple(rows), tall=True),
    )


def missing(facts: WaveFacts) -> tuple[Block, ...]:
    """What preflight will ask for: hosts that lack the same things share a row."""
    by_lack: dict[tuple[str, ...], list[str]] = {}
    for asset in facts.scope.assets:
        lacks = facts.variables.lacks(asset, facts.scope)
        if lacks:
            by_lack.setdefault(tuple(lacks), []).append(f"{host_of(asset)} {facts.name(asset)}")
    rows = tuple(
        ("; ".join(lacks), str(len(names)), ", ".join(names)) for lacks, names in sorted(by_lack.items())
    )
    return (
        Paragraph(
            (
                "Preflight stops these hosts until somebody declares what is missing (",
                Code("declared/"),
                "), or takes them on by name (",
                Code("vorst_manual"),
                "). Not counted: data paths, backup proofs and target addresses, which nobody can know from here.",
            )
        ),
        Table(columns(("missing", 2), ("hosts", 0.6, True), ("which", 5)), rows, empty="Nothing is missing."),
    )
