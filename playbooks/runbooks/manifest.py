"""What travels in a wave, load by load, and what it is plugged into, port by port: the lists a crew ticks off."""

from __future__ import annotations

from typing import Any

from inventory.rows import Ref
from playbooks.runbooks.document import (
    Blank,
    Block,
    Code,
    Paragraph,
    Strong,
    Table,
    Text,
    Tick,
    lines,
)
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.method import feeds, place, unit
from playbooks.runbooks.transport import carrying, weighed
from playbooks.scope import host_of
from playbooks.wiring import End, Plug


def manifest(facts: WaveFacts) -> tuple[Block, ...]:
    """Load by load: what travels, with its serial, places and weight; boxes for out, in the van, racked."""
    words = facts.words
    file = Code(f"{facts.scope.folder}/manifest.json")
    found: list[Block] = [Paragraph(words.pieces("As data, with all cables: %(file)s.", file=file))]
    if not facts.scope.devices:
        return (
            *found,
            Paragraph(
                words("Nothing travels: what this wave moves are data, and what it retires stays behind.")
            ),
        )
    head = words.columns(
        ("out", 0.45), ("van", 0.45), ("in", 0.5), ("what", 2.2), ("type, serial, asset tag", 1.9), ("from", 1.5),
        ("to", 1.4), ("weight, draw", 1.3), ("feeds", 1.3),
    )  # fmt: skip
    for step in carrying(facts):
        entries = [facts.devices[move.asset] for move in step.moves if move.asset in facts.devices]
        sites = words.listed(entry["source"]["site"] for entry in entries)
        caption = words.pieces(
            "%(step)s: %(pieces)s from %(sites)s; leaves %(moment)s, %(t)s",
            step=Strong(step.id),
            pieces=words.counted("%(n)s piece", "%(n)s pieces", len(entries)),
            sites=sites,
            moment=facts.local(step.start),
            t=facts.t(step.start),
        )
        found.append(Table(head, tuple(_manifest_row(facts, entry) for entry in entries), caption=caption))
    return tuple(found)


def _manifest_row(facts: WaveFacts, entry: dict[str, Any]) -> tuple[Text, ...]:
    source, words = entry["source"], facts.words
    position = unit(facts, source["position"], source["face"])
    power = entry["power_w"]
    draw = words("unknown draw")
    if power:
        draw = words.number(power["planning"], "W")
        draw = words("%(value)s est.", value=draw) if power["estimate"] else draw
    in_bay = entry["target"]["parent"]
    return (
        Tick(),
        Tick(),
        Tick(),
        lines((Strong(entry["host"]), words.shown(entry["name"]))),
        lines(
            (
                words.shown(entry["type"]),
                words("serial %(serial)s", serial=words.shown(entry["serial"])),
                words("tag %(tag)s", tag=words.shown(entry["asset_tag"])),
            )
        ),
        lines(
            (words.shown(source["room"]), words("rack %(rack)s", rack=words.shown(source["rack"])), position)
        ),
        place(facts, entry["target"]),
        words("in its chassis") if in_bay else lines((weighed(facts, entry), draw)),
        feeds(facts, entry),
    )


def cables(facts: WaveFacts) -> tuple[Block, ...]:
    """Port by port: what to unplug at the source, and where it goes at the target."""
    words = facts.words
    rows: list[tuple[Text, ...]] = []
    bare: list[str] = []
    for step in carrying(facts):
        for asset in (move.asset for move in step.moves):
            plugs = facts.wiring.of(asset)
            if not plugs:
                bare.append(host_of(asset))
            rows += [_cable_row(facts, asset, plug, is_first=plug is plugs[0]) for plug in plugs]
    head = words.columns(
        ("out", 0.45), ("in", 0.4), ("device", 1.6), ("port", 1.2), ("cable", 1), ("at the source", 2),
        ("at the target", 2),
    )  # fmt: skip
    found: list[Block] = [Table(head, tuple(rows), empty=words("No cable has to be moved."))]
    if bare:
        found.append(
            Paragraph(
                words(
                    "No port or cable is recorded for: %(hosts)s. Look before unplugging.",
                    hosts=", ".join(bare),
                )
            )
        )
    return tuple(found)


def _cable_row(facts: WaveFacts, asset: Ref, plug: Plug, *, is_first: bool) -> tuple[Text, ...]:
    words = facts.words
    label = plug.label or plug.type
    bare = words("not recorded") if plug.port else words.none
    if plug.label and plug.type:
        label = f"{plug.label} ({plug.type})"
    return (
        Tick(),
        Tick(),
        lines((Strong(host_of(asset)), facts.name(asset))) if is_first else host_of(asset),
        words("power cord") if plug.port is None else words.shown(plug.port),
        label or bare,
        lines([_end(facts, end) for end in plug.ends]) or bare,
        _target(facts, plug.target),
    )


def _target(facts: WaveFacts, end: End | None) -> Text:
    if end is None:
        return (Blank(),)
    if end.wave is not None and end.wave > facts.scope.number:
        return lines((_end(facts, end), Strong(facts.words("there from wave %(wave)s only", wave=end.wave))))
    return _end(facts, end)


def _end(facts: WaveFacts, end: End) -> str:
    text = " ".join(str(part) for part in (end.host, end.name, end.port) if part) or facts.words.unknown
    return facts.words("%(end)s, rack %(rack)s", end=text, rack=end.rack) if end.rack else text
