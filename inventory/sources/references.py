"""What becomes of references that lead nowhere: a source may hide an object, or delete it while it's being read.

It answers which objects of a snapshot stand on their own feet. An optional reference to an object the source doesn't
show is left out of the fields (not known, so not compared); an object that can't exist without it is left out itself.
Both are said, and the lists they touch are no longer complete. A reference to a list the Estate lacks is kept as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from inventory.estate import LISTS
from inventory.fields import fields_of
from inventory.sources.contract import SourceObject, SourceRef


@cache
def needed_fields(kind: str) -> frozenset[str]:
    """The fields a row of this list can't do without."""
    return frozenset(name for name, spec in fields_of(kind).items() if spec.required)


@dataclass(frozen=True)
class Settled:
    """Objects whose references all resolve, the lists that are no longer complete, and what people should know."""

    objects: tuple[SourceObject, ...]
    incomplete: frozenset[str]
    warnings: tuple[str, ...]


def settle(objects: Iterable[SourceObject]) -> Settled:
    """Leave out references that lead nowhere, and objects that need one, until all that is left resolves."""
    kept = {(item.kind, item.external_id): item for item in objects}
    left_out: Counter[tuple[str, str, str]] = Counter()
    unknown: Counter[tuple[str, str, str]] = Counter()
    again = True
    while again:
        again = False
        for key, item in list(kept.items()):
            lost = [(name, ref) for name, ref in _references(item.fields) if _is_lost(ref, kept)]
            if not lost:
                continue
            needed = next(((name, ref) for name, ref in lost if name in needed_fields(item.kind)), None)
            if needed is not None:
                del kept[key]
                left_out[item.kind, needed[0], needed[1].kind] += 1
                again = True
                continue
            for name, ref in lost:
                unknown[item.kind, name, ref.kind] += 1
            kept[key] = replace(item, fields=_without(item.fields, {ref for _, ref in lost}))
    incomplete = {kind for kind, _, _ in left_out} | {
        target for counts in (left_out, unknown) for _, _, target in counts
    }
    return Settled(tuple(kept.values()), frozenset(incomplete), _warnings(left_out, unknown))


def _references(values: Mapping[str, Any]) -> Iterable[tuple[str, SourceRef]]:
    for name, value in values.items():
        if isinstance(value, SourceRef):
            yield name, value
        elif isinstance(value, tuple):
            yield from ((name, part) for part in value if isinstance(part, SourceRef))


def _is_lost(ref: SourceRef, kept: Mapping[tuple[str, str], SourceObject]) -> bool:
    return ref.kind in LISTS and (ref.kind, ref.external_id) not in kept


def _without(values: Mapping[str, Any], lost: set[SourceRef]) -> dict[str, Any]:
    """The fields without the lost references; a tuple of which one part is lost isn't known as a whole."""
    return {
        name: value
        for name, value in values.items()
        if not (
            value in lost
            if isinstance(value, SourceRef)
            else isinstance(value, tuple) and lost.intersection(value)
        )
    }


def _warnings(
    left_out: Counter[tuple[str, str, str]], unknown: Counter[tuple[str, str, str]]
) -> tuple[str, ...]:
    told = [
        f"{count} of {kind} left out: {name} names an object of {target} that the source doesn't show"
        for (kind, name, target), count in sorted(left_out.items())
    ]
    told += [
        f"{name} of {count} {kind} not read: it names an object of {target} that the source doesn't show"
        for (kind, name, target), count in sorted(unknown.items())
    ]
    return tuple(told)
