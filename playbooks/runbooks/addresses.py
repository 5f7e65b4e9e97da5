"""The part of a runbook for those who run the network: prefixes that move, stretch or lose members in the wave."""

from __future__ import annotations

from capacity.addresses import MOVES, PARTS, AddressRange
from playbooks.runbooks.document import Blank, Block, Paragraph, Table, Text
from playbooks.runbooks.facts import WaveFacts
from playbooks.runbooks.words import message

_DONE = {
    MOVES: message("announce it at the target instead"),
    PARTS: message("renumber what moves, or stretch it for good"),
}


def addresses(facts: WaveFacts) -> tuple[Block, ...]:
    """The prefixes of which something moves in the wave, from when to when they are at two places."""
    words = facts.words
    known = facts.timing.addresses
    wave = facts.scope.number
    moving = {*facts.scope.workloads, *facts.scope.devices}
    rows = tuple(_row(facts, found, wave) for found in known.ranges if wave in found.waves)
    unaddressed = len(moving.intersection(known.unaddressed))
    outside = len(moving.intersection(known.outside))
    unknown = []
    if unaddressed:
        one, many = "%(n)s asset has no address on record", "%(n)s assets have no address on record"
        unknown.append(words.counted(one, many, unaddressed))
    if outside:
        one, many = (
            "%(n)s asset has an address in no prefix on record",
            "%(n)s assets have addresses in no prefix on record",
        )
        unknown.append(words.counted(one, many, outside))
    head = words.columns(
        ("prefix", 1.4), ("VLAN", 0.6, True), ("at two places from", 1.4), ("until", 1.4),
        ("moves now, in all", 0.9, True), ("stays", 0.6, True), ("what is to be done", 2.2), ("done by", 1),
    )  # fmt: skip
    table = Table(head, rows, empty=words("No prefix on record has a member that moves in this wave."))
    return (table, Paragraph(words("Not known: %(what)s.", what="; ".join(unknown)))) if unknown else (table,)


def _row(facts: WaveFacts, found: AddressRange, wave: int) -> tuple[Text, ...]:
    mine = {*facts.scope.workloads, *facts.scope.devices}
    now = sum(ref in mine for ref in found.moving)
    words = facts.words
    last = words("for good") if found.last is None else facts.local(found.last)
    last = words("moves at once") if found.need == MOVES else last
    return (
        words.shown(found.prefix),
        words.shown(found.vlan_vid),
        facts.local(found.first),
        last,
        words("%(now)s of %(all)s", now=words.number(now), all=words.number(len(found.moving))),
        words.number(len(found.staying)),
        _done(facts, found, wave),
        Blank(),
    )


def _done(facts: WaveFacts, found: AddressRange, wave: int) -> str:
    words = facts.words
    if found.need in _DONE:
        return words(_DONE[found.need])
    if wave != found.waves[-1]:
        return words("stretch it") if wave == found.waves[0] else words("it is stretched; check it")
    if wave == found.waves[0]:
        return words("stretch it, and announce it at the target alone once it is empty here")
    return words("it is stretched; check it, and announce it at the target alone once it is empty here")
