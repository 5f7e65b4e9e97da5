"""What happens to each asset and where it goes, what proves that it is backed up, and what nobody has said yet."""

from __future__ import annotations

from typing import Any

from inventory.rows import Ref
from playbooks.manifest import workload_entry
from playbooks.runbooks.document import (
    Blank,
    Block,
    Code,
    Paragraph,
    Table,
    Text,
    lines,
)
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.words import message
from playbooks.scope import host_of

# What `HostVariables.lacks` may answer.
LACKS = (
    message("address"),
    message("a platform with a shell"),
    message("DNS name"),
    message("rate of its line"),
    message("ports of its flows"),
    message("addresses of its dependencies"),
)
_FACES = {"front": message("front"), "rear": message("rear")}
_STRATEGIES = {
    "retire": message("retire"),
    "retain": message("retain"),
    "relocate": message("relocate"),
    "rehost": message("rehost"),
    "replatform": message("replatform"),
}


def methods(facts: WaveFacts) -> tuple[Block, ...]:
    """Per asset: method, target position, power and ports, in the order of the night."""
    words = facts.words
    rows = [_device_row(facts, asset) for asset in in_order(facts, facts.scope.devices)]
    rows += [_workload_row(facts, asset) for asset in in_order(facts, facts.scope.workloads)]
    rows += [
        (
            host_of(asset),
            facts.name(asset),
            _step(facts, asset),
            words("retire"),
            words.none,
            words.none,
            words.none,
        )
        for asset in in_order(facts, facts.scope.retired)
    ]
    head = words.columns(
        ("host", 0.9), ("name", 2), ("step", 1.4), ("method", 0.9), ("target position", 2.4), ("power", 1.3),
        ("ports or size", 2),
    )  # fmt: skip
    return (Table(head, tuple(rows), empty=words("No assets.")),)


def in_order(facts: WaveFacts, assets: tuple[Ref, ...]) -> list[Ref]:
    """Assets by the start of the step that moves them, as they are worked through that night."""
    order = {
        move.asset: place
        for place, step in enumerate(facts.moving_steps)
        for move in step.moves
    }  # fmt: skip
    return sorted(assets, key=lambda asset: (order.get(asset, len(order)), asset))


def place(facts: WaveFacts, target: dict[str, Any]) -> Text:
    """A place at the target: rack, unit and face, or chassis and bay."""
    words = facts.words
    rack = words("rack %(rack)s", rack=words.shown(target["rack"]))
    if target["parent"]:
        bay = words.shown(target["bay"])
        return lines((rack, words("in %(chassis)s, bay %(bay)s", chassis=target["parent"], bay=bay)))
    return lines((rack, unit(facts, target["position"], target["face"] or words.unknown)))


def unit(facts: WaveFacts, position: float | None, face: str | None) -> str:
    """A place in a rack: "U 12, front"."""
    words = facts.words
    known = _FACES.get(face or "")
    side = words(known) if known else face
    return f"U {words.number(position)}" + (f", {side}" if side else "")


def feeds(facts: WaveFacts, entry: dict[str, Any]) -> Text:
    """The feeds and legs a device's cords go to."""
    if entry["target"]["parent"]:
        return facts.words("the chassis'")
    shown = facts.words.shown
    found = lines([f"{shown(supply['feed'])} {supply['leg']}" for supply in entry["supplies"]])
    return found or facts.words.none


def _step(facts: WaveFacts, asset: Ref) -> str:
    step = facts.variables.moving_step(asset)
    return step.id if step else facts.words.none


def _strategy(facts: WaveFacts, name: str | None) -> str:
    known = _STRATEGIES.get(name or "")
    return facts.words(known) if known else facts.words.shown(name)


def _device_row(facts: WaveFacts, asset: Ref) -> tuple[Text, ...]:
    entry, words = facts.devices[asset], facts.words
    ports = entry["ports"]
    known = ", ".join(str(name) for name in entry["ports_now"])
    count = words.unknown
    if ports:
        count = words.counted("%(n)s port", "%(n)s ports", ports["planning"])
    if ports and ports["estimate"]:
        count = words.counted("%(n)s port (estimate)", "%(n)s ports (estimate)", ports["planning"])
    return (
        host_of(asset),
        facts.name(asset),
        _step(facts, asset),
        _strategy(facts, entry["strategy"]),
        place(facts, entry["target"]),
        feeds(facts, entry),
        known or count,
    )


def _workload_row(facts: WaveFacts, asset: Ref) -> tuple[Text, ...]:
    entry, words = workload_entry(facts.variables, asset), facts.words
    target = entry["target"]
    vcpus, memory, disk = (words.number(entry[name]) for name in ("vcpus", "memory_mb", "disk_mb"))
    return (
        host_of(asset),
        facts.name(asset),
        _step(facts, asset),
        _strategy(facts, entry["strategy"]),
        lines(
            (
                words(
                    "host %(host)s (pool %(pool)s)",
                    host=words.shown(target["host"]),
                    pool=words.shown(target["pool"]),
                ),
                words("rack %(rack)s", rack=words.shown(target["rack"])),
            )
        ),
        words("the cloud host's"),
        words(
            "%(vcpus)s vCPU, %(memory)s MB memory, %(disk)s MB disk", vcpus=vcpus, memory=memory, disk=disk
        ),
    )


def backup(facts: WaveFacts) -> tuple[Block, ...]:
    """Who vouches for a backup of what; the roles prove it by a file on the host."""
    words = facts.words
    rows: list[tuple[Text, ...]] = [
        (
            facts.application_name(application.id, application.name),
            words.number(application.rpo_minutes, "min"),
            Blank(),
            Blank(),
        )
        for application in facts.applications
    ]
    belonging = facts.variables.belonging.applications_of
    others = sum(not belonging.get(asset) for asset in facts.scope.assets)
    if others:
        text = words.counted("%(n)s asset of no application", "%(n)s assets of no application", others)
        rows.append((text, words.unknown, Blank(), Blank()))
    head = words.columns(
        ("application", 2.4),
        ("RPO", 0.8, True),
        ("last backup, restored on trial (fill in)", 2),
        ("by (fill in)", 1.2),
    )
    return (
        Paragraph(
            words.pieces(
                "Each host names the file its last backup touched (%(stamp)s); preflight fails when it is missing or "
                "older than %(hours)s hours (26). The time preflight saw stands in %(records)s. That a backup can be "
                "read back is for a person to say:",
                stamp=Code("vorst_backup_stamp"),
                hours=Code("vorst_backup_max_age_h"),
                records=Code("records/"),
            )
        ),
        Table(head, tuple(rows), tall=True),
    )


def missing(facts: WaveFacts) -> tuple[Block, ...]:
    """What preflight will ask for: hosts that lack the same things share a row."""
    words = facts.words
    by_lack: dict[tuple[str, ...], list[str]] = {}
    for asset in facts.scope.assets:
        lacks = facts.variables.lacks(asset, facts.scope)
        if lacks:
            by_lack.setdefault(tuple(lacks), []).append(f"{host_of(asset)} {facts.name(asset)}")
    rows = tuple(
        ("; ".join(words(lack) for lack in lacks), words.number(len(names)), ", ".join(names))
        for lacks, names in sorted(by_lack.items())
    )
    return (
        Paragraph(
            words.pieces(
                "Preflight stops these hosts until somebody declares what is missing (%(declared)s), or takes them on "
                "by name (%(manual)s). Not counted: data paths, backup proofs and target addresses, which nobody can "
                "know from here.",
                declared=Code("declared/"),
                manual=Code("vorst_manual"),
            )
        ),
        Table(
            words.columns(("missing", 2), ("hosts", 0.6, True), ("which", 5)),
            rows,
            empty=words("Nothing is missing."),
        ),
    )
