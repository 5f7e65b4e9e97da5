"""What travels in a wave, load by load, and what it is plugged into, port by port: the lists a crew ticks off."""

from __future__ import annotations

from typing import Any

from inventory.rows import Ref
from playbooks.runbooks.document import (
    NONE,
    UNKNOWN,
    Blank,
    Block,
    Code,
    Paragraph,
    Strong,
    Table,
    Text,
    Tick,
    columns,
    lines,
    number,
    shown,
)
from playbooks.runbooks.facts import WaveFacts, counted, listed
from playbooks.runbooks.method import feeds, place
from playbooks.runbooks.transport import carrying, weighed
from playbooks.scope import host_of
from playbooks.wiring import End, Plug


def manifest(facts: WaveFacts) -> tuple[Block, ...]:
    """Load by load: what travels, with its serial, places and weight; boxes for out, in the van, racked."""
    found: list[Block] = [
        Paragraph(("As data, with all cables: ", Code(f"{facts.scope.folder}/manifest.json"), "."))
    ]
    if not facts.scope.devices:
        return (
            *found,
            Paragraph("Nothing travels: what this wave moves are data, and what it retires stays behind."),
        )
    head = columns(
        ("out", 0.4), ("van", 0.4), ("in", 0.5), ("what", 2.2), ("type, serial, asset tag", 2), ("from", 1.5),
        ("to", 1.4), ("weight, draw", 1.1), ("feeds", 1.3),
    )  # fmt: skip
    for step in carrying(facts):
        entries = [facts.devices[move.asset] for move in step.moves if move.asset in facts.devices]
        sites = listed(entry["source"]["site"] for entry in entries)
        caption = (
            Strong(step.id),
            f": {counted(len(entries), 'piece')} from {sites}; leaves {facts.local(step.start)}, {facts.t(step.start)}",
        )
        found.append(Table(head, tuple(_manifest_row(entry) for entry in entries), caption=caption))
    return tuple(found)


def _manifest_row(entry: dict[str, Any]) -> tuple[Text, ...]:
    source = entry["source"]
    position = f"U {number(source['position'])}" + (f", {source['face']}" if source["face"] else "")
    power = entry["power_w"]
    draw = (
        number(power["planning"], "W") + (" est." if power["estimate"] else "")
        if power
        else f"{UNKNOWN} draw"
    )
    in_bay = entry["target"]["parent"]
    return (
        Tick(),
        Tick(),
        Tick(),
        lines((Strong(entry["host"]), shown(entry["name"]))),
        lines((shown(entry["type"]), f"serial {shown(entry['serial'])}", f"tag {shown(entry['asset_tag'])}")),
        lines((shown(source["room"]), f"rack {shown(source['rack'])}", position)),
        place(entry["target"]),
        "in its chassis" if in_bay else lines((weighed(entry), draw)),
        feeds(entry),
    )


def cables(facts: WaveFacts) -> tuple[Block, ...]:
    """Port by port: what to unplug at the source, and where it goes at the target."""
    rows: list[tuple[Text, ...]] = []
    bare: list[str] = []
    for step in carrying(facts):
        for asset in (move.asset for move in step.moves):
            plugs = facts.wiring.of(asset)
            if not plugs:
                bare.append(host_of(asset))
            rows += [_cable_row(facts, asset, plug, is_first=plug is plugs[0]) for plug in plugs]
    head = columns(
        ("out", 0.4), ("in", 0.4), ("device", 1.6), ("port", 1.2), ("cable", 1), ("at the source", 2),
        ("at the target", 2),
    )  # fmt: skip
    found: list[Block] = [Table(head, tuple(rows), empty="No cable has to be moved.")]
    if bare:
        found.append(
            Paragraph(f"No port or cable is recorded for: {', '.join(bare)}. Look before unplugging.")
        )
    return tuple(found)


def _cable_row(facts: WaveFacts, asset: Ref, plug: Plug, *, is_first: bool) -> tuple[Text, ...]:
    label = plug.label or plug.type
    if plug.label and plug.type:
        label = f"{plug.label} ({plug.type})"
    return (
        Tick(),
        Tick(),
        lines((Strong(host_of(asset)), facts.name(asset))) if is_first else host_of(asset),
        "power cord" if plug.port is None else shown(plug.port),
        label or ("not recorded" if plug.port else NONE),
        lines([_end(end) for end in plug.ends]) or ("not recorded" if plug.port else NONE),
        _target(facts, plug.target),
    )


def _target(facts: WaveFacts, end: End | None) -> Text:
    if end is None:
        return (Blank(),)
    if end.wave is not None and end.wave > facts.scope.number:
        return lines((_end(end), Strong(f"there from wave {end.wave} only")))
    return _end(end)


def _end(end: End) -> str:
    text = " ".join(str(part) for part in (end.host, end.name, end.port) if part) or UNKNOWN
    return f"{text}, rack {end.rack}" if end.rack else text
