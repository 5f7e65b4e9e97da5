"""What may never be parted, contracted into parts, and what a person keeps out of one group.

Hard ties are a chassis and what sits in it, `together` constraints of any scope, and flows that do not stand the way
between sites. An `apart` constraint of scope group parts its members: each from each, or, where it names a split
(`value`), from the members of that split's other constraints. Parts that a split goes through are an input error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from capacity.belonging import Belonging
from capacity.timetable.move_groups import TightFlow
from inventory.errors import InputError
from inventory.estate import Constraint, Estate, Ref


@dataclass(frozen=True, slots=True)
class Part:
    """Assets in ascending order that move in one group whatever happens, and the ties that say so."""

    assets: tuple[Ref, ...]
    reasons: tuple[str, ...]


def parts_of(
    estate: Estate, belonging: Belonging, movers: Iterable[Ref], tight: Iterable[TightFlow]
) -> tuple[Part, ...]:
    """Every mover in one part, parts in the order of their first asset."""
    ties = _Ties(sorted(movers))
    for parent, children in sorted(belonging.children.items()):
        moving = [Ref("devices", parent), *(Ref("devices", child.id) for child in children)]
        if moving[0] in ties:
            ties.join(moving, "a chassis and what sits in it")
    for constraint in estate.constraints:
        if constraint.kind == "together":
            ties.join(
                constraint.members, f"together: {constraint.name or constraint.reason or constraint.id}"
            )
    for flow, assets, _ in tight:
        ties.join(assets, f"flow {flow.id} stands {flow.latency_ms:g} ms, the way between sites takes longer")
    return ties.parts()


class _Ties:
    """Union-find over the moving assets, with the reasons of each join."""

    def __init__(self, assets: Iterable[Ref]) -> None:
        self._parent = {asset: asset for asset in assets}
        self._size = dict.fromkeys(self._parent, 1)
        self._reasons: dict[Ref, dict[str, None]] = defaultdict(dict)

    def __contains__(self, asset: Ref) -> bool:
        return asset in self._parent

    def _root(self, asset: Ref) -> Ref:
        while self._parent[asset] != asset:
            self._parent[asset] = self._parent[self._parent[asset]]
            asset = self._parent[asset]
        return asset

    def join(self, assets: Iterable[Ref], reason: str) -> None:
        """Tie those of the assets together that move."""
        roots = sorted({self._root(asset) for asset in assets if asset in self._parent})
        if not roots:
            return
        first = max(roots, key=self._size.__getitem__)
        for other in roots:
            if other != first:
                self._parent[other] = first
                self._size[first] += self._size[other]
                self._reasons[first] |= self._reasons.pop(other, {})
        if len(roots) > 1:
            self._reasons[first][reason] = None

    def parts(self) -> tuple[Part, ...]:
        members: dict[Ref, list[Ref]] = defaultdict(list)
        for asset in self._parent:
            members[self._root(asset)].append(asset)
        return tuple(Part(tuple(assets), tuple(self._reasons[root])) for root, assets in members.items())


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a split: who is on it may share a group with each other, and with nobody on another side of it."""

    split: str
    number: int


def splits(estate: Estate) -> Iterator[tuple[str, tuple[tuple[Ref, ...], ...]]]:
    """Each split by its name, with the assets on each of its sides."""
    named: dict[str, list[Constraint]] = defaultdict(list)
    for constraint in estate.constraints:
        if (constraint.kind, constraint.scope) != ("apart", "group"):
            continue
        if constraint.value:
            named[constraint.value].append(constraint)
        else:
            name = constraint.name or f"apart {constraint.id}"
            yield name, tuple((member,) for member in dict.fromkeys(constraint.members))
    for name, sides in sorted(named.items()):
        yield name, tuple(tuple(dict.fromkeys(side.members)) for side in sides)


def sides_of(estate: Estate, parts: Sequence[Part]) -> dict[int, frozenset[Side]]:
    """By the number of a part the sides it is on.

    Raises InputError where a split goes through a part, naming both the split and what ties the part.
    """
    number_of = {asset: number for number, part in enumerate(parts) for asset in part.assets}
    found: dict[int, set[Side]] = defaultdict(set)
    for name, sides in splits(estate):
        first: dict[int, tuple[int, Ref]] = {}
        for side, members in enumerate(sides):
            for asset in members:
                number = number_of.get(asset)
                if number is None:
                    continue
                known, other = first.setdefault(number, (side, asset))
                if known != side:
                    raise _contradiction(estate, name, (other, asset), parts[number])
                found[number].add(Side(name, side))
    return {number: frozenset(sides) for number, sides in found.items()}


def _contradiction(estate: Estate, split: str, assets: tuple[Ref, Ref], part: Part) -> InputError:
    one, other = (_called(estate, asset) for asset in assets)
    more = f" and {len(part.reasons) - 3} more" if len(part.reasons) > 3 else ""
    ties = "; ".join(part.reasons[:3]) + more
    return InputError(
        f"{one} and {other} may not share a move group (split {split}), and may not be parted ({ties})",
        where="constraints",
        remedy="take the split back with `vorst group forget`, or lift what ties them",
    )


def _called(estate: Estate, asset: Ref) -> str:
    row = estate.find(asset)
    return str(row.name) if row is not None and row.name else f"{asset.kind}:{asset.id}"


def is_one_sided(sides: Iterable[Side]) -> bool:
    """Whether no split has two of these sides."""
    held: dict[str, int] = {}
    return all(held.setdefault(side.split, side.number) == side.number for side in sides)
