"""Which groups keep their dates and which get others, so that as few as possible move: the groups as a choice.

First, who can stay at all beside the others: the answer's bound holds for every plan that keeps the rest, since what
moves is asked for nothing. Then dates for those that can't, among the soonest that hands and lines allow; only where
one of them finds none, others may make room. The last is a heuristic: dates are tried hour by hour, and not all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from capacity.replanning.alternatives import DAY, TENANT, Alternative, Alternatives, Why
from capacity.replanning.bans import Bans
from capacity.replanning.completing import Completing
from capacity.replanning.situation import TOUCHING
from capacity.solvers.keeping import Choices, choose
from capacity.solvers.timeline import Floats, Timeline

MOVES = 1000  # what a move counts, so that one of a frozen wave may count a little more
A_MOVE = 1_000_000
TRIED, A_NIGHT = 32, 3  # dates tried for a group that has to move, and of one night
WEIGHED = 24  # groups that move whose dates are weighed against each other at first
MOST = 1500  # dates of all groups together, where one finds none beside the others and they may make room


class Choosing:
    """Of the groups of one plan. `refused`: why a group's planned dates don't hold, whatever the others do."""

    def __init__(self, alternatives: Alternatives, completing: Completing, frozen: set[str]) -> None:
        self._alternatives, self._frozen = alternatives, frozen
        self._slots = completing.grid.slots
        self._timeline = completing.timeline()
        for step in completing.ordered:
            if step.id in completing.now.fixed and (step.kind in TOUCHING or step.kind != "replicate"):
                for use in step.uses:
                    if use.resource in self._timeline:
                        begin, end = completing.grid.floor(use.start), completing.grid.ceil(use.end)
                        self._timeline.take({use.resource: use.amount}, max(0, begin), max(0, end))
        self._grid, self._known = completing.grid, dict[str, Floats]()
        self._made: dict[str, tuple[list[Alternative], Iterator[Alternative]]] = {}
        self._names = completing.names
        self.groups = sorted(alternatives.steps)
        self._kept: dict[str, list[Alternative]] = {}
        self.refused: dict[str, Why] = {}
        for group in self.groups:
            self._kept[group], why = alternatives.kept(group)
            if why is not None:
                self.refused[group] = why
        self._before: dict[str, Alternative] = {}
        self._lost: set[str] = (
            set()
        )  # who found no date beside the others, with all weighed against each other
        self._is_most = False
        self._stay: tuple[set[Alternative], dict[str, Alternative]] | None = None
        self.bans = Bans({group: alternatives.planned(group) for group in self.groups})
        self.at_least = self._staying(self.bans)[2]

    def choose(self, bans: Bans) -> tuple[dict[str, Alternative], set[str], dict[str, Why]]:
        """Dates by group, the groups that have none, and why groups that could have stayed move for others.

        Where many move, they get the soonest free dates in the plan's order; asked again with more ruled out, all that
        can be is left on its dates. Dates are weighed against each other where few move, or one first finds none so.
        """
        staying = self._those_staying(bans)
        many = len(self.groups) - len(staying) > WEIGHED
        again = self._again(staying, bans) if self._before or many else None
        chosen, undated = (again, set(self.groups) - again.keys()) if again else self._anew(staying, bans)
        self._before = chosen
        crowded = {
            group: self._crowded(group, chosen, bans)
            for group in self.groups
            if self._open(group, bans) and not (group in chosen and chosen[group].is_kept)
        }
        return chosen, undated, crowded

    def _those_staying(self, bans: Bans) -> dict[str, Alternative]:
        """As many as can stay; worked out again only when more of them can't. Where the most could not be proven at the
        first time, it is not weighed again: those that still can stay do, and whoever fits beside them.
        """
        options = {own for group in self.groups for own in self._open(group, bans)}
        if self._stay is None or (self._stay[0] != options and self._is_most):
            self._stay = (options, self._staying(bans)[0])
        elif self._stay[0] != options:
            staying = {group: own for group, own in self._stay[1].items() if own in options}
            beside = self._without(staying.values())
            for group in self.groups:
                own = next((own for own in self._open(group, bans) if _fits(own, beside)), None)
                if group not in staying and own is not None:
                    staying[group] = own
                    self._hold(own, beside)
            self._stay = (options, staying)
        return self._stay[1]

    def _again(self, staying: Mapping[str, Alternative], bans: Bans) -> dict[str, Alternative] | None:
        """The last choice with those on other dates whose own is ruled out, or taken; None where one finds none."""
        chosen = dict(staying)
        beside = self._without(chosen.values())
        moving = sorted(
            (group for group in self.groups if group not in staying),
            key=lambda group: (self.bans.planned[group], group),
        )
        last = [self._before[group] for group in moving if group in self._before]
        for own in last:
            if not own.is_kept and not bans.forbids(own) and _fits(own, beside):
                chosen[own.group] = own
                self._hold(own, beside)
        for group in moving:
            if group not in chosen and not bans.is_closed(group):
                found = next((own for own in self._others(group, bans) if _fits(own, beside)), None)
                if found is not None:
                    chosen[group] = found
                    self._hold(found, beside)
                elif group not in self._lost and next(self._others(group, bans), None) is not None:
                    return None
        return chosen

    def _anew(
        self, staying: Mapping[str, Alternative], bans: Bans
    ) -> tuple[dict[str, Alternative], set[str]]:
        moving = [group for group in self.groups if group not in staying]
        options: dict[str, list[Alternative]] = {group: [own] for group, own in staying.items()}
        beside = self._without(staying.values())
        for group in moving:
            found = (own for own in self._others(group, bans) if _fits(own, beside))
            options[group] = [*self._open(group, bans), *_some_a_night(found)]
        chosen, undated = self._solved(options)
        self._squeeze_in(chosen, undated, bans)
        if undated and len(self.groups) * TRIED <= MOST:
            wider = {
                group: [*self._open(group, bans), *self._spread(group, bans)]
                if group in undated or (group not in self._frozen and group in staying)
                else options[group]
                for group in self.groups
            }
            other, still = self._solved(wider)
            if len(still) < len(undated):
                chosen, undated = other, still
                self._squeeze_in(chosen, undated, bans)
        self._lost |= undated
        return chosen, undated

    def _squeeze_in(self, chosen: dict[str, Alternative], undated: set[str], bans: Bans) -> None:
        """Give what is left without a date the first that is free beside all others, however late."""
        if not undated:
            return
        beside = self._without(chosen.values())
        for group in sorted(undated, key=lambda name: (self._alternatives.steps[name][0].start, name)):
            own = next((own for own in self._others(group, bans) if _fits(own, beside)), None)
            if own is not None:
                chosen[group] = own
                undated.remove(group)
                self._hold(own, beside)

    def _open(self, group: str, bans: Bans) -> list[Alternative]:
        return [own for own in self._kept[group] if not bans.forbids(own)]

    def _others(self, group: str, bans: Bans) -> Iterator[Alternative]:
        if not bans.is_closed(group):
            yield from (own for own in self._known_others(group) if not bans.forbids(own))

    def _known_others(self, group: str) -> Iterator[Alternative]:
        """The group's other dates, each made once."""
        if group not in self._made:
            self._made[group] = ([], self._alternatives.others(group))
        made, rest = self._made[group]
        yield from made
        for own in rest:
            made.append(own)
            yield own

    def _spread(self, group: str, bans: Bans) -> list[Alternative]:
        """Dates that hold beside what is fixed."""
        return _some_a_night(own for own in self._others(group, bans) if _fits(own, self._timeline))

    def _without(self, taken: Iterable[Alternative]) -> Timeline:
        timeline = Timeline(self._slots)
        for name in self._names:
            timeline.add(name, self._timeline.free(name))
        for name in self._alternatives.guards:
            timeline.add(name, np.ones(self._slots))
        for own in taken:
            self._hold(own, timeline)
        return timeline

    def _hold(self, own: Alternative, timeline: Timeline) -> None:
        for name, amount, begin, end in own.holds:
            if name in timeline:
                timeline.take({name: amount}, max(0, begin), min(end, self._slots))

    def _crowded(self, group: str, chosen: Mapping[str, Alternative], bans: Bans) -> Why:
        """What is short on the planned dates of a group that has to make room."""
        beside = self._without(own for name, own in chosen.items() if name != group)
        for name, amount, begin, end in (hold for own in self._open(group, bans) for hold in own.holds):
            if name.startswith(TENANT):
                others = [
                    other.group
                    for other in chosen.values()
                    if other.group != group
                    and any(n == name and b < end and begin < e for n, _, b, e in other.holds)
                ]
                if others:
                    return Why(
                        "RISKY", f"{others[0]} of the same tenant is critical too, and moves at that time"
                    )
            elif name in beside and not beside.fits({name: amount}, begin, end):
                free = max(0.0, float(beside.free(name)[max(0, begin) : end].min(initial=amount)))
                day = self._grid.moment(begin)
                return Why(
                    "RESOURCE", f"{name}: {amount:g} needed on {day:%Y-%m-%d %H:%M}, others leave {free:g}"
                )
        return Why("REPLAN", "it makes room for a group that would find no date")

    # --- as a choice ------------------------------------------------------------------------------------------------

    def _staying(self, bans: Bans) -> tuple[dict[str, Alternative], list[str], int]:
        """As many groups as can stay at once, the others, and how many have to move at the least."""
        without = [MOVES + (group in self._frozen) for group in self.groups]
        options = {group: self._open(group, bans) for group in self.groups}
        staying, bound = self._picked(options, lambda _: 0, without)
        left = sum(cost for group, cost in zip(self.groups, without, strict=True) if group not in staying)
        self._is_most = left <= bound
        return staying, [group for group in self.groups if group not in staying], bound // MOVES

    def _solved(
        self, options: Mapping[str, Sequence[Alternative]]
    ) -> tuple[dict[str, Alternative], set[str]]:
        """The fewest without a date, of those the fewest that move, of those the soonest dates."""
        planned = {group: own[0].start for group, own in self._kept.items() if own}

        def cost(own: Alternative) -> int:
            days = abs(own.start - planned.get(own.group, own.start)) // DAY
            return 0 if own.is_kept else A_MOVE + days

        without = [A_MOVE * (len(self.groups) + 1)] * len(self.groups)
        chosen, _ = self._picked(options, cost, without)
        return chosen, set(self.groups) - chosen.keys()

    def _picked(
        self,
        options: Mapping[str, Sequence[Alternative]],
        cost: Callable[[Alternative], int],
        without: Sequence[int],
    ) -> tuple[dict[str, Alternative], int]:
        """The alternatives that cost least together, and what any choice costs at least."""
        found = [own for group in self.groups for own in options.get(group, ())]
        if not found:
            return {}, sum(without)
        number = {group: i for i, group in enumerate(self.groups)}
        row: list[int] = []
        which: list[int] = []
        amounts: list[float] = []
        room: list[float] = []
        for name, begin, end, entries in _stretches(found, self._slots):
            if not name.startswith(TENANT) and name not in self._timeline:
                continue
            there = self._free(name)[begin:end] if name in self._timeline else np.ones(1)
            free = float(there.min()) if there.size else 0.0  # beyond the horizon there is nothing
            for index, amount in entries:
                row.append(len(room))
                which.append(index)
                amounts.append(amount)
            room.append(free)
        answer = choose(
            Choices(
                owner=np.array([number[own.group] for own in found], dtype=np.int64),
                cost=np.array([cost(own) for own in found], dtype=np.int64),
                without=np.array(without, dtype=np.int64),
                row=np.array(row, dtype=np.int64),
                which=np.array(which, dtype=np.int64),
                amount=np.array(amounts, dtype=np.float64),
                room=np.array(room, dtype=np.float64),
            )
        )
        return {found[i].group: found[i] for i in answer.chosen.tolist() if i >= 0}, answer.bound

    def _free(self, name: str) -> Floats:
        if name not in self._known:
            self._known[name] = self._timeline.free(name)
        return self._known[name]


def _some_a_night(found: Iterable[Alternative]) -> list[Alternative]:
    """The first alternatives, a few of each night."""
    nights: Counter[int] = Counter()
    kept: list[Alternative] = []
    for own in found:
        nights[own.start // DAY] += 1
        if nights[own.start // DAY] <= A_NIGHT:
            kept.append(own)
            if len(kept) == TRIED:
                break
    return kept


def _fits(own: Alternative, timeline: Timeline) -> bool:
    return all(
        timeline.fits({name: amount}, begin, end)
        for name, amount, begin, end in own.holds
        if name in timeline and end > begin
    )


def _stretches(
    alternatives: Sequence[Alternative], slots: int
) -> Iterator[tuple[str, int, int, list[tuple[int, float]]]]:
    """Stretches of time in which alternatives hold the same of a resource: its name, from, to, and who holds what."""
    of_resource: dict[str, list[tuple[int, int, int, float]]] = defaultdict(list)
    for index, own in enumerate(alternatives):
        for name, amount, begin, end in own.holds:
            if amount > 0:
                of_resource[name].append((max(begin, 0), min(end, slots), index, amount))
    for name, held in sorted(of_resource.items()):
        edges = sorted({edge for begin, end, *_ in held for edge in (begin, end)})
        starting, position = sorted(held), 0
        active: list[tuple[int, int, int, float]] = []
        for begin, end in pairwise(edges):
            while position < len(starting) and starting[position][0] <= begin:
                active.append(starting[position])
                position += 1
            active = [entry for entry in active if entry[1] > begin]
            if active:
                yield name, begin, end, [(index, amount) for _, _, index, amount in active]
