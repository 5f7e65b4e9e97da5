"""What can be lost: supply nodes, cooling units, racks, switches, cloud hosts, circuits, the sources' panels and feeds.

A loss is written `kind:name`, such as `feed:A-1`, `cooling:zone-1`, `switch:RACK/NAME`; the name alone will do where it
is only one thing's. What stands behind each of them is `standing`'s, what its loss does is `resilience`'s.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from capacity.facility import Facility, TargetRack
from capacity.plan import Plan
from inventory.errors import InputError
from inventory.estate import Estate

COOLING, RACK, SWITCH, HOST = "cooling", "rack", "switch", "host"
CIRCUIT, SOURCE_PANEL, SOURCE_FEED = "circuit", "source-panel", "source-feed"
OTHER_KINDS = (COOLING, RACK, SWITCH, HOST, CIRCUIT, SOURCE_PANEL, SOURCE_FEED)
NEAR = 6  # how many near names an error offers


@dataclass(frozen=True, slots=True, order=True)
class Loss:
    """One thing that is gone. `kind` is a supply node's kind (feed, ups, …) or one of `OTHER_KINDS`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Losable:
    """A thing that can be lost. `index` finds it again: a node's index, an id of the estate, a switch's (rack, item).

    `partner` is the owner of a rack and what is in it, else None. `is_single_loss`: among the losses that `--all` asks
    for; a node that the facility says can't fail is lost only by name.
    """

    loss: Loss
    index: int | str | tuple[str, int]
    is_single_loss: bool = True


class Catalogue:
    """Everything that can be lost, in the order of the documents; kinds of the supply graph come first."""

    def __init__(self, estate: Estate, facility: Facility, plan: Plan) -> None:
        racks: tuple[TargetRack, ...] = (*facility.racks, *plan.racks)
        found = [
            *(Losable(Loss(n.kind, n.name), i, n.can_fail) for i, n in enumerate(facility.supply)),
            *(Losable(Loss(COOLING, zone.name), zone.name) for zone in facility.cooling_zones),
            *(Losable(Loss(RACK, rack.id), rack.id) for rack in racks),
            *_switches(racks),
            *(Losable(Loss(HOST, host.id), host.id) for host in plan.hosts),
            *_of_the_estate(estate),
        ]
        self.items: tuple[Losable, ...] = tuple(found)
        self._by_loss = {item.loss: item for item in found}
        self._by_name: dict[str, list[Losable]] = {}
        for item in found:
            self._by_name.setdefault(item.loss.name, []).append(item)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item.loss.kind for item in self.items))

    def __getitem__(self, loss: Loss) -> Losable:
        return self._by_loss[loss]

    def find(self, text: str) -> Loss:
        """The loss that a person wrote; raises InputError that names what is near when there is none, or several."""
        kind, _, name = text.partition(":")
        exact = self._by_loss.get(Loss(kind, name))
        if exact is not None:
            return exact.loss
        named = self._by_name.get(text, [])
        if len(named) == 1:
            return named[0].loss
        if named:
            choices = ", ".join(str(item.loss) for item in named)
            raise InputError(f"{text!r} is {len(named)} things", remedy=f"name one of {choices}")
        raise InputError(f"nothing here is called {text!r}", remedy=self._remedy(text))

    def _remedy(self, text: str) -> str:
        every = {str(item.loss).casefold(): str(item.loss) for item in self.items}
        names = {item.loss.name.casefold(): str(item.loss) for item in self.items}
        wanted = text.casefold()
        near = [
            *(shown for folded, shown in every.items() if folded == wanted),
            *(names[match] for match in difflib.get_close_matches(wanted, names, NEAR, 0.6)),
            *(every[match] for match in difflib.get_close_matches(wanted, every, NEAR, 0.6)),
        ]
        if not near:
            near = [shown for folded, shown in every.items() if wanted and wanted in folded]
        shown = list(dict.fromkeys(near))[:NEAR]
        if shown:
            return f"did you mean {' or '.join(shown)}?"
        return f"write kind:name, with a kind of {', '.join(self.kinds)}; `vorst fail --all` lists everything"


def _switches(racks: Sequence[TargetRack]) -> Iterator[Losable]:
    """Fixed kit and occupants that provide network ports; a name that a rack has twice gets its place in the list."""
    for rack in racks:
        providing = [(number, item) for number, item in enumerate(rack.contents) if item.ports_provided > 0]
        times = Counter(item.name for _, item in providing)
        for number, item in providing:
            name = item.name if times[item.name] == 1 else f"{item.name}#{number + 1}"
            yield Losable(Loss(SWITCH, f"{rack.id}/{name}"), (rack.id, number))


def _of_the_estate(estate: Estate) -> Iterator[Losable]:
    """Circuits, panels and feeds of the sources; names that are not unique carry their id."""
    for kind, rows in (
        (CIRCUIT, [(circuit.cid, circuit.id) for circuit in estate.circuits if circuit.status == "active"]),
        (SOURCE_PANEL, [(panel.name, panel.id) for panel in estate.power_panels]),
        (SOURCE_FEED, [(feed.name, feed.id) for feed in estate.power_feeds if feed.status == "active"]),
    ):
        yield from _named(kind, rows)


def _named(kind: str, rows: Iterable[tuple[str, int]]) -> Iterator[Losable]:
    listed = list(rows)
    times = Counter(name for name, _ in listed)
    for name, row_id in listed:
        yield Losable(Loss(kind, name if times[name] == 1 else f"{name}#{row_id}"), row_id)
