"""What one partner loses when something fails: the worst single losses and the worst pairs, in its own numbers.

Rule 12: of what is lost only the partner's own things and the data centre's shared plant carry a name; a cloud host,
another's rack or line is told by its kind alone, and of several such only the worst is told. Counted are the partner's
applications and assets, named only its own applications.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.facility import Facility
from capacity.failures.application_states import DOWN, STATES, UP
from capacity.failures.evaluation import Outcome, Scenario
from capacity.failures.losses import (
    CIRCUIT,
    COOLING,
    HOST,
    RACK,
    SOURCE_FEED,
    SOURCE_PANEL,
    SWITCH,
    Loss,
)
from capacity.failures.pairs import PairSearch
from capacity.plan import Plan
from capacity.resilience import CHUNK, Resilience
from inventory.estate import Estate

MOST_SINGLES = 8
MOST_PAIRS = 5
MOST_NAMES = 5
FEED = "feed"

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LostThing:
    """What is lost: its kind, and its name where the partner may know it, else nothing."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class FailureLine:
    """One loss, or two at once, and what of the partner's that takes along. `applications`: the first few of its
    applications that are down, by name.
    """

    losses: tuple[LostThing, ...]
    applications_down: int
    applications_unknown: int
    interrupted: int
    degraded: int
    assets_down: int
    assets_unknown: int
    applications: tuple[str, ...]

    @property
    def weight(self) -> tuple[int, ...]:
        """For sorting: what is worse is higher."""
        return (
            self.applications_down,
            self.assets_down,
            self.applications_unknown,
            self.interrupted,
            self.degraded,
            self.assets_unknown,
        )


@dataclass(frozen=True, slots=True)
class FailureFigures:
    """`singles` and `pairs`, worst first; pairs only where the two take more than each alone. `losses` and `looked_at`
    say how many single losses touch the partner and how many there are.
    """

    singles: tuple[FailureLine, ...] = ()
    pairs: tuple[FailureLine, ...] = ()
    losses: int = 0
    looked_at: int = 0


def failure_figures(estate: Estate, facility: Facility, plan: Plan, partner: str) -> FailureFigures:
    """After the plan's last step. Raises ProblemError for a plan that stands on another facility."""
    return _Partner(Resilience(estate, facility, plan), partner).figures()


class _Partner:
    """One partner's part of what fails."""

    def __init__(self, resilience: Resilience, partner: str) -> None:
        self._resilience, self._partner = resilience, partner
        evaluation = resilience.evaluation
        standing = evaluation.standing
        belonging, rows = standing.belonging, standing.estate.by_id("applications")
        self._members: Bools = np.array(
            [belonging.owner_of(ref) == partner for ref in evaluation.members], dtype=bool
        )
        self._applications: Bools = np.array(
            [belonging.partner_of_tenant(rows[i].tenant_id) == partner for i in evaluation.applications.ids],
            dtype=bool,
        )
        self._names = [rows[i].name for i in evaluation.applications.ids]
        self._own_racks = {rack for rack, owner in standing.owner_of_rack.items() if owner == partner}
        in_own = [load for load in standing.loads if load.rack in self._own_racks]
        shared = {
            s.feed for load in standing.loads if load.rack not in self._own_racks for s in load.supplies
        }
        self._own_feeds = {s.feed for load in in_own for s in load.supplies} - shared
        self._own_sites = {
            site.id
            for site in standing.estate.sites
            if belonging.partner_of_tenant(site.tenant_id) == partner
        }

    def figures(self) -> FailureFigures:
        losses, _ = self._resilience.every()
        found: list[FailureLine] = []
        for begin in range(0, len(losses), CHUNK):
            outcome = self._resilience.evaluation.work_out([(x,) for x in losses[begin : begin + CHUNK]])
            found += [line for s in range(len(outcome.scenarios)) if (line := self._line(outcome, s))]
        found.sort(key=_order)
        return FailureFigures(
            tuple(_worst_of_the_unnamed(found))[:MOST_SINGLES],
            tuple(self._pairs([loss for loss in losses if self._named(loss).name])),
            len(found),
            len(losses),
        )

    def _pairs(self, named: list[Loss]) -> Iterable[FailureLine]:
        evaluation = self._resilience.evaluation
        search = PairSearch(
            evaluation,
            named,
            lambda _stage, _done, _total: None,
            members=self._members,
            applications=self._applications,
        )
        worse = [c for c in search.search(MOST_PAIRS).candidates if c.more_applications or c.more_assets]
        scenarios: list[Scenario] = [candidate.losses for candidate in worse]
        if not scenarios:
            return []
        outcome = evaluation.work_out(scenarios)
        lines = [line for s in range(len(scenarios)) if (line := self._line(outcome, s))]
        return sorted(lines, key=_order)

    def _line(self, outcome: Outcome, s: int) -> FailureLine | None:
        """The partner's line of one scenario, or None where nothing of it is touched."""
        states = outcome.states[s][self._applications]
        down = int((outcome.down[s] & self._members).sum())
        unknown = int((outcome.unknown[s] & self._members).sum())
        if not (states != UP).any() and not down and not unknown:
            return None
        counts = dict(zip(STATES, np.bincount(states, minlength=len(STATES)).tolist(), strict=True))
        names = [self._names[a] for a in np.flatnonzero((outcome.states[s] == DOWN) & self._applications)]
        return FailureLine(
            tuple(self._named(loss) for loss in outcome.scenarios[s]),
            counts["down"],
            counts["unknown"],
            counts["interrupted"],
            counts["degraded"],
            down,
            unknown,
            tuple(sorted(names)[:MOST_NAMES]),
        )

    def _named(self, loss: Loss) -> LostThing:
        return LostThing(loss.kind, loss.name if self._may_name(loss) else "")

    def _may_name(self, loss: Loss) -> bool:
        """The plant that all share, and what is the partner's own."""
        index = self._resilience.catalogue[loss].index
        estate = self._resilience.evaluation.standing.estate
        if loss.kind in {RACK, SWITCH}:
            return (index[0] if isinstance(index, tuple) else index) in self._own_racks
        if loss.kind == FEED:
            return loss.name in self._own_feeds
        if loss.kind == HOST or not isinstance(index, int):
            return loss.kind == COOLING
        if loss.kind == CIRCUIT:
            sites = estate.by_id("circuits")[index].site_ids
            return bool(sites) and set(sites) <= self._own_sites
        if loss.kind == SOURCE_PANEL:
            return estate.by_id("power_panels")[index].site_id in self._own_sites
        if loss.kind == SOURCE_FEED:
            panel = estate.by_id("power_panels").get(estate.by_id("power_feeds")[index].power_panel_id)
            return panel is not None and panel.site_id in self._own_sites
        return True


def _order(line: FailureLine) -> tuple[object, ...]:
    return ([-part for part in line.weight], [(thing.kind, thing.name) for thing in line.losses])


def _worst_of_the_unnamed(lines: Iterable[FailureLine]) -> Iterable[FailureLine]:
    """Every line with a name, and of those without the worst of each kind."""
    told: set[str] = set()
    for line in lines:
        kinds = [thing.kind for thing in line.losses if not thing.name]
        if not kinds:
            yield line
        elif kinds[0] not in told:
            told.update(kinds)
            yield line
