"""Forms the move groups: hard parts, communities of what holds together, bundles of what is left by site and partner.

Parts (`move_groups_hard`) are nodes of a graph; what several share (an application, a cluster, a licence) is a node
without size, flows and memberships are edges (`move_groups_ties`); communities of it cut as little as they can
(`capacity.solvers.communities`). Small groups of one room are then bundled, so that it empties in few visits. Parts
that could never be touched at one time don't meet (`move_groups_meeting`). When a group moves is for `waves`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from capacity.belonging import Belonging
from capacity.calendar import Grouping
from capacity.solvers.communities import Problem, divide
from capacity.timetable.move_groups import FlowEnds, Group, TightFlow, called
from capacity.timetable.move_groups_hard import Part, parts_of, sides_of
from capacity.timetable.move_groups_meeting import Meeting
from capacity.timetable.move_groups_ties import Tie, strongest, ties
from capacity.timetable.windows import Windows
from inventory.estate import Estate, Ref

BUNDLED = "the same room and partner"
MOST_REASONS = 3  # ties told of a group; how many more there are is said


def form(
    estate: Estate,
    movers: Mapping[Ref, int | None],
    ends: FlowEnds,
    tight: Iterable[TightFlow],
    windows: Windows,
    *,
    seed: int = 0,
) -> tuple[Group, ...]:
    """Group the moving assets (`movers`: asset → its site, or None).

    Every mover is in exactly one group; groups are numbered by their first asset. `tight` flows tie their ends.
    A group has at most `calendar.grouping.max_assets`, but for one that hard ties alone make larger. Raises InputError
    where a person splits what a hard tie holds together.
    """
    calendar = windows.grid.calendar
    grouping = calendar.grouping or Grouping()
    belonging = Belonging(estate)
    parts = parts_of(estate, belonging, movers, tight)
    sides = sides_of(estate, parts)
    meeting = Meeting(estate, belonging, windows, grouping.common_window_minutes)
    classes = [meeting.classes_of(part, sides.get(number, ())) for number, part in enumerate(parts)]
    found = ties(estate, movers, ends, grouping, calendar.intersite_latency_ms)
    part_of = {asset: number for number, part in enumerate(parts) for asset in part.assets}
    problem = _problem(parts, classes, found, part_of, grouping.max_assets, meeting)
    labels = divide(problem, seed=seed)[: len(parts)]
    serving = {a.id for a in estate.applications if a.is_shared_service}
    ground = _Ground(estate, belonging, movers, parts, serving)
    bundles = _bundled(ground, classes, labels.tolist(), grouping.max_assets, meeting)
    return _numbered(ground, bundles, found, part_of)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What groups are made of: `movers` as in `form`, hard `parts`, and the ids of shared services."""

    estate: Estate
    belonging: Belonging
    movers: Mapping[Ref, int | None]
    parts: Sequence[Part]
    serving: Collection[int]

    def serves_all(self, assets: Iterable[Ref]) -> bool:
        """Whether one of the assets is a shared service's."""
        known = self.belonging.applications_of
        return any(a in self.serving for asset in assets for a in known.get(asset, ()))


def _problem(
    parts: Sequence[Part],
    classes: Sequence[frozenset[int]],
    found: Iterable[Tie],
    part_of: Mapping[Ref, int],
    max_assets: int,
    meeting: Meeting,
) -> Problem:
    """Parts first, then a node without size for what each tie's assets share."""
    edges: list[tuple[int, int]] = []
    weights: list[float] = []
    nodes = len(parts)
    hub_of: dict[int, int] = {}
    flows: list[Tie] = []
    for tie in found:
        if len(tie.sides) > 1:
            flows.append(tie)
            continue
        sharing = sorted({part_of[asset] for asset in tie.sides[0]})
        if len(sharing) < 2:
            continue
        edges += [(part, nodes) for part in sharing]
        weights += [tie.weight_mbps] * len(sharing)
        (application,) = tie.applications
        if application is not None:
            hub_of[application] = nodes
        nodes += 1
    for tie in flows:
        one, other = (
            {hub_of[application]} if application in hub_of else {part_of[asset] for asset in assets}
            for assets, application in zip(tie.sides, tie.applications, strict=True)
        )
        # An application without a node of its own is one part, or held together by nothing: then each pair shares.
        pairs = [(a, b) for a in sorted(one) for b in sorted(other) if a != b]
        edges += pairs
        weights += [tie.weight_mbps / max(len(pairs), 1)] * len(pairs)
    return Problem(
        sizes=np.array([*(len(part.assets) for part in parts), *[0] * (nodes - len(parts))], dtype=np.int64),
        edges=np.array(edges, dtype=np.int64).reshape(-1, 2),
        weights=np.array(weights, dtype=np.float64),
        classes=[*classes, *[frozenset[int]()] * (nodes - len(parts))],
        max_size=max_assets,
        is_allowed=meeting.is_allowed,
    )


@dataclass(slots=True)
class _Bundle:
    """Parts of one group; several communities when it is bundled."""

    parts: list[int]
    size: int
    classes: frozenset[int]
    is_bundled: bool = False
    key: tuple[int, str, str, bool] | None = None
    sites: set[int | None] = field(default_factory=set)


def _bundled(
    ground: _Ground,
    classes: Sequence[frozenset[int]],
    labels: Sequence[int],
    max_assets: int,
    meeting: Meeting,
) -> list[_Bundle]:
    """Fill small groups of one site, partner and kind up to the limit, the largest first.

    Groups with a shared service are filled up only with each other: they go before all others.
    """
    movers, parts = ground.movers, ground.parts
    whole: dict[int, _Bundle] = {}
    for number, label in enumerate(labels):
        bundle = whole.setdefault(label, _Bundle([], 0, frozenset()))
        bundle.parts.append(number)
        bundle.size += len(parts[number].assets)
        bundle.classes |= classes[number]
        bundle.sites |= {movers[asset] for asset in parts[number].assets}
    for bundle in whole.values():
        first = parts[bundle.parts[0]].assets[0]
        (site, *more) = bundle.sites
        if not more and site is not None:
            assets = (asset for number in bundle.parts for asset in parts[number].assets)
            partner = ground.belonging.partner_of(first) or ""
            bundle.key = (site, partner, first.kind, ground.serves_all(assets))
    done: list[_Bundle] = []
    open_: dict[tuple[int, str, str, bool], list[_Bundle]] = defaultdict(list)
    for bundle in sorted(whole.values(), key=lambda b: (-b.size, sorted(b.classes), b.parts[0])):
        there = open_[bundle.key] if bundle.key is not None else []
        fitting = (
            other
            for other in there
            if other.size + bundle.size <= max_assets and meeting.keeps_dates(other.classes, bundle.classes)
        )
        # Of those with the same windows already the fullest; a bundle of other windows narrows them.
        best = max(fitting, key=lambda other: (bundle.classes <= other.classes, other.size), default=None)
        if best is None:
            done.append(bundle)
            if bundle.key is not None and bundle.size < max_assets:
                there.append(bundle)
            continue
        best.parts += bundle.parts
        best.size += bundle.size
        best.classes |= bundle.classes
        best.is_bundled = True
        if best.size >= max_assets:
            there.remove(best)
    return done


def _numbered(
    ground: _Ground,
    bundles: Iterable[_Bundle],
    found: Iterable[Tie],
    part_of: Mapping[Ref, int],
) -> tuple[Group, ...]:
    parts, sites = ground.parts, ground.estate.by_id("sites")
    ordered = sorted(bundles, key=lambda bundle: min(bundle.parts))
    group_of = {number: index for index, bundle in enumerate(ordered) for number in bundle.parts}
    joined = strongest(found, part_of, group_of)
    groups: list[Group] = []
    for index, bundle in enumerate(ordered):
        inside = [parts[number] for number in bundle.parts]
        assets = tuple(sorted(asset for part in inside for asset in part.assets))
        reasons = [
            *dict.fromkeys(reason for part in inside for reason in part.reasons),
            *(text for text, _ in joined.get(index, ())),
            *([BUNDLED] if bundle.is_bundled else []),
        ] or ["alone"]
        left = len(reasons) - MOST_REASONS
        more = f" and {left} more {'tie' if left == 1 else 'ties'}" if left > 0 else ""
        site = sites.get(ground.movers[assets[0]] or 0)
        groups.append(
            Group(
                id=f"G{index + 1:04d}",
                name=called(site.name if site else "no site", len(assets)),
                assets=assets,
                reason="; ".join(reasons[:MOST_REASONS]) + more,
                is_shared_service=ground.serves_all(assets),
                parts=tuple(part.assets for part in inside),
            )
        )
    return tuple(groups)
