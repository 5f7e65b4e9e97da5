"""The part of a runbook for those who run the network: prefixes that move, stretch or lose members in the wave."""

from __future__ import annotations

from capacity.addresses import MOVES, PARTS, AddressRange
from playbooks.runbooks.document import Blank, Block, Paragraph, Table, Text, columns, shown
from playbooks.runbooks.facts import WaveFacts, counted

_DONE = {
    MOVES: "announce it at the target instead",
    PARTS: "renumber what moves, or stretch it for good",
}


def addresses(facts: WaveFacts) -> tuple[Block, ...]:
    """The prefixes of which something moves in the wave, from when to when they are at two places."""
    known = facts.timing.addresses
    wave = facts.scope.number
    moving = {*facts.scope.workloads, *facts.scope.devices}
    rows = tuple(_row(facts, found, wave) for found in known.ranges if wave in found.waves)
    unaddressed = len(moving.intersection(known.unaddressed))
    outside = len(moving.intersection(known.outside))
    unknown = (
        f"Not known: {counted(unaddressed, 'asset')} of the wave without an address on record, {outside} with one in "
        "no prefix on record."
    )
    head = columns(
        ("prefix", 1.4), ("VLAN", 0.6, True), ("at two places from", 1.4), ("until", 1.4),
        ("moves now, in all", 0.9, True), ("stays", 0.6, True), ("what is to be done", 2.2), ("done by", 1),
    )  # fmt: skip
    table = Table(head, rows, empty="No prefix on record has a member that moves in this wave.")
    return (table, Paragraph(unknown)) if unaddressed or outside else (table,)


def _row(facts: WaveFacts, found: AddressRange, wave: int) -> tuple[Text, ...]:
    mine = {*facts.scope.workloads, *facts.scope.devices}
    now = sum(ref in mine for ref in found.moving)
    last = "for good" if found.last is None else facts.local(found.last)
    last = "moves at once" if found.need == MOVES else last
    done = _DONE.get(found.need)
    if done is None:
        done = "stretch it" if wave == found.waves[0] else "it is stretched; check it"
        if wave == found.waves[-1]:
            done += ", and announce it at the target alone once it is empty here"
    return (
        shown(found.prefix),
        "unknown" if found.vlan_vid is None else str(found.vlan_vid),
        facts.local(found.first),
        last,
        f"{now} of {len(found.moving)}",
        str(len(found.staying)),
        done,
        Blank(),
    )
