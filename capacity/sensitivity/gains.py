"""What a little more of one limit would bring: an asset placed, a rack or a host saved. Each answer is a plan that was
made and checked, never a price read off a relaxation.

Bounds only say where not to look: what they forbid no plan can do. Of what is left a limit is raised as far as is asked
for, planned with, and closed in on between the last value without effect and the first with one; the checker, cheaper
than a plan, says how far below its value a plan that was found holds. A better plan that holds with the limit as it is
owes the limit nothing: it takes the place of the plan that the others are compared with.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from capacity.evidence import assess
from capacity.plan import Plan
from capacity.planner import proven
from capacity.sensitivity.limits import Limit, World, restated, with_limit
from capacity.sensitivity.ranking import ranked
from capacity.sensitivity.slack import Slack, needs, slack
from capacity.verification.violations import Violation
from capacity.verify import check
from inventory.errors import InputError

Progress = Callable[[str, int, int], None]
Planner = Callable[[World], tuple[Plan, Sequence[Violation]]]

CHECKS = 8  # of one plan that was found, to see how little of the limit it needs
FOUND = "replanned and checked"
BY_BOUNDS = "lower bounds forbid any effect"
BY_PLANNING = "replanned there without effect, which is no proof"
BROKEN = "the plan made there breaks a rule, and counts for nothing"
NOW = "the limit as it is"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked: the `limits` most promising (0: all) of those with `only` in their name or path, up to
    `within` (a share of what a limit is now, at least one step) more of each, with at most `tries` plans for each.
    """

    limits: int = 6
    only: str = ""
    within: float = 0.5
    tries: int = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """What plans are compared by, in this order; fewer is better."""

    unplaced: int
    racks: int
    hosts: int

    @property
    def rank(self) -> tuple[int, int, int]:
        return self.unplaced, self.racks, self.hosts


@dataclass(frozen=True, slots=True)
class Gain:
    """What a limit brings. `needed` None: nothing was found up to `tried_to`.

    `placed` more assets, `racks` and `hosts` saved (negative: more of them, for what is placed more); where nothing
    better was found, what the plan made at `tried_to` exchanges for something that counts more. `proof` of
    `needed`; `without_effect`: the largest value known to bring nothing, and `without_proof` how that is known.
    """

    limit: str
    limit_paths: tuple[str, ...]
    unit: str
    now: float
    needed: float | None
    more: float | None
    placed: int
    racks: int
    hosts: int
    proof: str
    without_effect: float
    without_proof: str
    tried_to: float
    plan_hash: str


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Answers for the limits asked, of `limits` there are; a cancelled run has those that were finished.

    `plan` as it was given; `best` the best plan found with every limit as it is, by which gains are counted, and
    `best_from` the limit whose trial led to it ("" where it is the plan given).
    """

    plan_hash: str
    plan: Standing
    best: Standing
    best_from: str
    best_hash: str
    gains: tuple[Gain, ...]
    slack: tuple[Slack, ...]
    limits: int
    plans_made: int
    cancelled: bool


class _Cancelled(Exception):
    pass


def standing_of(plan: Plan) -> Standing:
    """What a plan is compared by."""
    return Standing(len(plan.unplaced), len(plan.racks), len(plan.hosts))


def replanner(plan: Plan) -> Planner:
    """Plans other inputs as this plan was made."""

    def made(world: World) -> tuple[Plan, Sequence[Violation]]:
        inputs = plan.inputs
        return proven(
            world.estate,
            world.facility,
            world.calendar,
            seed=inputs.seed,
            name=plan.name,
            planning_value=inputs.planning_value,
        )

    return made


def sensitivity(
    world: World,
    plan: Plan,
    effort: Effort = Effort(),
    *,
    replan: Planner | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[Sensitivity, Plan]:
    """What limits would bring, and the best plan found with every limit as it is.

    `world` is what `plan` was made from. The same inputs give the same answer. `cancelled` is asked before each plan.
    Raises InputError, before any, where no limit is called as `effort` asks.
    """
    tell = progress or (lambda _stage, _done, _total: None)
    search = _Search(world, plan, effort, replan or replanner(plan), cancelled, tell)
    known = needs(world, plan)
    every = ranked(world, plan, known)
    wanted = effort.only.casefold()
    named = [limit for limit in every if wanted in " ".join((limit.name, *limit.paths)).casefold()]
    if not named and wanted:
        raise InputError(
            f"no limit has {effort.only!r} in its name or path", remedy="leave --only out to see names"
        )
    asked = named[: effort.limits] if effort.limits else named
    gains: list[Gain] = []
    is_cancelled = False
    spare: tuple[Slack, ...] = ()
    try:
        tell("limits", 0, len(asked))
        search.ask(world, NOW)
        number = 0
        while number < len(asked):
            before = search.best
            gain = search.gain(asked[number])
            if search.best is not before:
                gains, number = [], 0  # a better plan to compare with: what was planned is remembered
                continue
            gains.append(gain)
            number += 1
            tell("limits", number, len(asked))
        spare = slack(world, plan)
    except _Cancelled:
        is_cancelled = True
    found = Sensitivity(
        plan.content_hash,
        standing_of(plan),
        standing_of(search.best),
        search.best_from,
        search.best.content_hash,
        tuple(sorted(gains, key=_order)),
        spare,
        len(every),
        search.made,
        is_cancelled,
    )
    return found, search.best


def _order(gain: Gain) -> tuple[bool, tuple[int, int, int]]:
    """What brings something first, most first; else as asked."""
    return gain.needed is None, (-gain.placed, -gain.racks, -gain.hosts)


@dataclass
class _Search:
    """Trials of one plan's limits, each made once."""

    world: World
    best: Plan
    effort: Effort
    replan: Planner
    cancelled: Callable[[], bool]
    tell: Progress
    best_from: str = ""
    made: int = 0
    trials: dict[tuple[tuple[str, ...], str, float], Plan | None] = field(default_factory=dict)
    reach: dict[tuple[tuple[str, ...], str, float], bool] = field(default_factory=dict)

    def ask(self, world: World, name: str) -> Plan | None:
        """A plan of other inputs that keeps every rule, or None. One that holds now, too, is adopted if better."""
        if self.cancelled():
            raise _Cancelled
        self.made += 1
        found, violations = self.replan(world)
        if violations:
            return None
        if self._is_better(found):
            here = restated(found, self.world)
            if not check(self.world.estate, self.world.facility, here):
                self.best, self.best_from = here, name
                self.reach.clear()
        return found

    def _is_better(self, plan: Plan) -> bool:
        return standing_of(plan).rank < standing_of(self.best).rank

    def _trial(self, limit: Limit, value: float) -> Plan | None:
        """The plan with a limit at a value, if it keeps every rule and is better than the best there is."""
        key = (limit.paths, limit.zone, value)
        if key not in self.trials:
            self.trials[key] = self.ask(with_limit(self.world, limit, value), limit.name)
        found = self.trials[key]
        return found if found is not None and self._is_better(found) else None

    # --- one limit ------------------------------------------------------------------------------------------------

    def gain(self, limit: Limit) -> Gain:
        """The smallest increase found that brings something."""
        top = limit.up(limit.now + max(limit.step, limit.now * self.effort.within))
        top = top if limit.most is None else min(top, limit.most)
        if top <= limit.now:
            return self._nothing(limit, limit.now, NOW, top)
        if not self._may_reach(limit, top):
            return self._nothing(limit, top, BY_BOUNDS, top)
        low, low_proof = self._forbidden_below(limit, top)
        best: tuple[float, Plan] | None = None
        planned = 0
        value = self._first(limit, low, top)
        while planned < self.effort.tries:
            before = self.best
            self.tell("plans for this limit", planned, self.effort.tries)
            found = self._trial(limit, value)
            planned += 1
            if self.best is not before:
                break  # the caller starts anew
            if found is not None:
                best = self._least(limit, low, value, found)
            elif best is None and value >= top:
                return self._nothing(limit, top, self._why_not(limit, top), top)
            else:
                low, low_proof = value, self._why_not(limit, value)
            if best is None:
                value = top
                continue
            steps = round((best[0] - low) / limit.step)
            if steps <= 1:
                break
            value = limit.up(low + max(1, steps // 2) * limit.step)
        if best is None:
            return self._nothing(limit, low, low_proof, low)
        return self._something(limit, best, low, low_proof, top)

    def _first(self, limit: Limit, low: float, top: float) -> float:
        """Where to begin: just above what bounds forbid, or where the plan says that an asset would find a place."""
        if low > limit.now:
            return limit.up(low + limit.step)
        named = [
            change.by
            for entry in self.best.unplaced
            if entry.change is not None and len(entry.change.limits) == 1
            for change in entry.change.limits
            if change.limit_path in limit.paths
        ]
        return min(top, limit.up(limit.now + min(named))) if named else top

    def _least(self, limit: Limit, low: float, value: float, found: Plan) -> tuple[float, Plan]:
        """The least value, above `low`, at which the checker still passes a plan that was found."""
        steps = round((value - low) / limit.step)
        bad, good, best = 0, steps, found
        for _ in range(CHECKS):
            if good - bad <= 1:
                break
            middle = (bad + good) // 2
            smaller = with_limit(self.world, limit, limit.up(low + middle * limit.step))
            trial = restated(found, smaller)
            if check(smaller.estate, smaller.facility, trial):
                bad = middle
            else:
                good, best = middle, trial
        return limit.up(low + good * limit.step), best

    # --- what bounds forbid ---------------------------------------------------------------------------------------

    def _may_reach(self, limit: Limit, value: float) -> bool:
        """Whether lower bounds leave room for a better plan with a limit at a value.

        Of racks and hosts they hold for plans of the same assets, which those that place no more are taken to be.
        """
        key = (limit.paths, limit.zone, value)
        if key not in self.reach:
            larger = with_limit(self.world, limit, value)
            bounds = {o.name: o.bound for o in assess(larger.estate, larger.facility, self.best).objectives}
            now = standing_of(self.best)
            self.reach[key] = (
                math.ceil(bounds["unplaced"] - 1e-6) < now.unplaced
                or math.ceil(bounds["new_racks"] - 1e-6) < now.racks
                or math.ceil(bounds["cloud_hosts"] - 1e-6) < now.hosts
            )
        return self.reach[key]

    def _forbidden_below(self, limit: Limit, top: float) -> tuple[float, str]:
        """The largest value at which bounds forbid any effect, and how that is known; now, where they never do."""
        if self._may_reach(limit, limit.now):
            return limit.now, NOW
        bad, good = 0, round((top - limit.now) / limit.step)
        while good - bad > 1:
            middle = (bad + good) // 2
            if self._may_reach(limit, limit.up(limit.now + middle * limit.step)):
                good = middle
            else:
                bad = middle
        low = limit.up(limit.now + bad * limit.step)
        return low, BY_BOUNDS if low > limit.now else NOW

    # --- answers --------------------------------------------------------------------------------------------------

    def _why_not(self, limit: Limit, value: float) -> str:
        return BROKEN if self.trials[limit.paths, limit.zone, value] is None else BY_PLANNING

    def _nothing(self, limit: Limit, value: float, proof: str, top: float) -> Gain:
        trial = self.trials.get((limit.paths, limit.zone, top))
        placed, racks, hosts = (0, 0, 0) if trial is None else self._saved(trial)
        if max(placed, racks, hosts) <= 0:
            placed = racks = hosts = 0  # no exchange, only worse
        return Gain(
            limit.name,
            limit.paths,
            limit.unit,
            limit.now,
            None,
            None,
            placed,
            racks,
            hosts,
            "",
            value,
            proof,
            top,
            "",
        )

    def _saved(self, plan: Plan) -> tuple[int, int, int]:
        """Assets placed more, racks and hosts saved by a plan, against the best there is."""
        then, now = standing_of(plan), standing_of(self.best)
        return now.unplaced - then.unplaced, now.racks - then.racks, now.hosts - then.hosts

    def _something(
        self, limit: Limit, best: tuple[float, Plan], low: float, low_proof: str, top: float
    ) -> Gain:
        value, plan = best
        return Gain(
            limit.name,
            limit.paths,
            limit.unit,
            limit.now,
            value,
            round(value - limit.now, 6),
            *self._saved(plan),
            FOUND,
            low,
            low_proof,
            top,
            plan.content_hash,
        )
