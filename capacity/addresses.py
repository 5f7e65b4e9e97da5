"""Which address ranges have to stretch between sites, and which of their members have to be renumbered.

A prefix moves in one go when all of it that is left moves at once. Otherwise it is at two places from the first
arrival at the target until the last member has left its source, or for good where one stays. A function of estate and
plan, no rule: how a network is stretched, or what an address is changed to, is for those who run it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network

from capacity.plan import Plan, Step
from inventory.estate import Estate, Prefix, Ref

MOVES, STRETCHES, PARTS = "moves whole", "stretches", "renumber or stretch for good"
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AddressRange:
    """A prefix of which something moves. `first`: when its first member is at the target; `last`: when the last one
    has left its source, None where some stay; `need` is one of the three words above. `waves` that take from it.
    """

    prefix: str
    vlan_vid: int | None
    need: str
    first: datetime
    last: datetime | None
    moving: tuple[Ref, ...]
    staying: tuple[Ref, ...]
    waves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Ranges by their first arrival. `unaddressed`: assets that move and have no address on record, of which nothing
    is known; `outside`: those whose addresses lie in no prefix on record.
    """

    ranges: tuple[AddressRange, ...]
    unaddressed: tuple[Ref, ...]
    outside: tuple[Ref, ...]


def address_ranges(estate: Estate, plan: Plan) -> Addresses:
    """What becomes of each prefix while the plan is carried out; an address belongs to the longest prefix around it."""
    moves = {
        move.asset: step for step in plan.steps if step.kind in {"cutover", "relocate"} for move in step.moves
    }
    ends = {move.asset: step.end for step in plan.steps if step.kind == "retire" for move in step.moves}
    addresses = _addresses(estate)
    find = _Prefixes(estate.prefixes)
    members: dict[int, set[Ref]] = defaultdict(set)
    outside = set()
    for ref, found in addresses.items():
        prefixes = {prefix for address in found if (prefix := find.of(address)) is not None}
        for prefix in prefixes:
            members[prefix].add(ref)
        if ref in moves and not prefixes:
            outside.add(ref)
    by_id = {prefix.id: prefix for prefix in estate.prefixes}
    ranges = [
        moved
        for prefix_id, refs in members.items()
        if (moved := _range(by_id[prefix_id], sorted(refs), moves, ends)) is not None
    ]
    return Addresses(
        tuple(sorted(ranges, key=lambda r: (r.first, r.prefix))),
        tuple(sorted(moves.keys() - addresses.keys())),
        tuple(sorted(outside)),
    )


def _range(
    prefix: Prefix, members: Iterable[Ref], moves: Mapping[Ref, Step], ends: Mapping[Ref, datetime]
) -> AddressRange | None:
    members = tuple(members)
    moving = tuple(ref for ref in members if ref in moves)
    if not moving:
        return None
    staying = tuple(ref for ref in members if ref not in moves and ref not in ends)
    first = min(moves[ref].end for ref in moving)
    left = [*(moves[ref].start for ref in moving), *(ends[ref] for ref in members if ref in ends)]
    last = None if staying else max(left)
    need = PARTS if last is None else MOVES if last <= first else STRETCHES
    waves = sorted({wave for ref in moving if (wave := moves[ref].wave) is not None})
    return AddressRange(prefix.prefix, prefix.vlan_vid, need, first, last, moving, staying, tuple(waves))


def _addresses(estate: Estate) -> dict[Ref, set[str]]:
    """The addresses of devices and machines: those assigned to them or their interfaces, and primary ones."""
    device_of = {interface.id: interface.device_id for interface in estate.interfaces}
    found: dict[Ref, set[str]] = defaultdict(set)
    for address in estate.ip_addresses:
        holder = address.assigned_object
        if holder is not None and holder.kind == "interfaces" and holder.id in device_of:
            holder = Ref("devices", device_of[holder.id])
        if holder is not None and holder.kind in {"devices", "virtual_machines"}:
            found[holder].add(address.address)
    for kind, rows in (("devices", estate.devices), ("virtual_machines", estate.virtual_machines)):
        for row in rows:
            if row.primary_ip:
                found[Ref(kind, row.id)].add(row.primary_ip)
    return found


class _Prefixes:
    """The prefixes of an estate by length, so that the longest around an address is found at once."""

    def __init__(self, prefixes: Iterable[Prefix]) -> None:
        self._ids: dict[Network, int] = {}
        for prefix in prefixes:
            network = _network(prefix.prefix)
            if network is not None:
                self._ids.setdefault(network, prefix.id)
        self._lengths = sorted({(n.version, n.prefixlen) for n in self._ids}, reverse=True)

    def of(self, address: str) -> int | None:
        """The id of the longest prefix around an address; None where there is none, or it is no address."""
        try:
            known = ip_interface(address).ip
        except ValueError:
            return None
        for version, length in self._lengths:
            if version == known.version:
                found = self._ids.get(ip_network((known, length), strict=False))
                if found is not None:
                    return found
        return None


def _network(text: str) -> Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
