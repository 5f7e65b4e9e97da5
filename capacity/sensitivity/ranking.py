"""Which limits are worth a try first, by what the plan's evidence says of them; only an order, nothing is proven here.

First what would by itself place an asset, then what would together with others, what binds, what is fullest, what a
lower bound names, and the rest as they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from capacity.plan import Plan
from capacity.sensitivity.limits import POSITIONS, Limit, World, limits, single


def ranked(world: World, plan: Plan, needs: Mapping[Limit, float]) -> tuple[Limit, ...]:
    """Every limit, the most promising first. `needs`: what the plan needs of those of which that is known."""
    every = limits(world)
    alone, shared = _named(plan)
    found: dict[tuple[tuple[str, ...], str], Limit] = {}

    def take(limit: Limit | None) -> None:
        if limit is not None and limit.now > 0:
            found.setdefault((limit.paths, limit.zone), limit)

    def take_holding(path: str, where: str = "") -> None:
        for limit in every:
            if path in limit.paths and (path != POSITIONS or limit.zone == where):
                take(limit)

    for counts in (alone, shared):
        for path in sorted(counts, key=lambda p: (-counts[p], p)):
            take(single(world, path))
            take_holding(path)
    for binding in plan.evidence.binding:
        take_holding(binding.limit_path, binding.where)
    for limit in sorted(needs, key=lambda entry: -needs[entry] / entry.now):
        take(limit)
    for bound in sorted(plan.evidence.bounds, key=lambda b: -b.value):
        take_holding(bound.limit_path)
    for limit in every:
        take(limit)
    return tuple(found.values())


def _named(plan: Plan) -> tuple[Counter[str], Counter[str]]:
    """Paths that would place assets, with how many: by themselves, and together with others."""
    alone: Counter[str] = Counter()
    shared: Counter[str] = Counter()
    for entry in plan.unplaced:
        changes = entry.change.limits if entry.change is not None else ()
        for change in changes:
            if change.now is not None:
                (alone if len(changes) == 1 else shared)[change.limit_path] += 1
    return alone, shared
