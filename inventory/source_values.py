"""A source's object in the inventory's terms: references become ids, values are cleaned to their field's sort.

It keeps where each of the source's ids leads: to an object here, to one about to be created, or to nobody. What doesn't
fit is noted beside the values; whether that stops anything is `comparison`'s to say.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from inventory.fields import Field, clean, clean_text, fields_of, from_plain, to_plain
from inventory.models import TABLES
from inventory.rows import Ref
from inventory.sources.contract import SourceObject, SourceRef

Key = tuple[str, str]
_MOST_DIGITS = 18  # what a 64-bit column certainly holds


@dataclass(frozen=True, slots=True)
class New:
    """A reference to an object that is about to be created, which has no id yet."""

    ref: SourceRef


@dataclass
class Theirs:
    """One object's values.

    `values` are in the inventory's terms, `plain` the same as JSON data in the source's. `lost` names the references
    that lead nowhere, `problems` what is wrong with a field, `unknown` the fields the inventory hasn't.
    """

    values: dict[str, Any] = field(default_factory=dict)
    plain: dict[str, Any] = field(default_factory=dict)
    lost: dict[str, SourceRef] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def refers_to(self, keys: Collection[Key]) -> bool:
        """Whether it names one of these objects, all of them new."""
        for value in self.values.values():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, New) and (part.ref.kind, part.ref.external_id) in keys:
                    return True
        return False

    def needs(self, kind: str) -> str:
        """Why it can't be created: the first reference it can't do without and that leads nowhere; else empty."""
        specs = fields_of(kind)
        for name, ref in self.lost.items():
            if specs[name].required:
                return f"{name} refers to {ref.kind} {ref.external_id}, which is not there"
        return ""


class LostError(Exception):
    """A reference to an object that neither the source nor the inventory shows."""

    def __init__(self, ref: SourceRef) -> None:
        super().__init__(ref)
        self.ref = ref


class Translation:
    """Where a source's ids lead, and its objects read accordingly."""

    def __init__(self, known: dict[Key, int], present: Collection[Key]) -> None:
        self._ids: dict[Key, int | New] = dict(known)
        for key in present:
            if key not in known:
                self._ids[key] = New(SourceRef(*key))

    def identify(self, key: Key, object_id: int) -> None:
        """Note that this id of the source means an object that is here already."""
        self._ids[key] = object_id

    def refuse(self, key: Key) -> None:
        """Note that this id of the source means nobody."""
        self._ids.pop(key, None)

    def read(self, item: SourceObject) -> Theirs:
        """The object's values, as far as its references are known by now."""
        specs = fields_of(item.kind)
        found = Theirs()
        for name, raw in item.fields.items():
            spec = specs.get(name)
            if spec is None:
                found.unknown.append(clean_text(name))
                continue
            try:
                self._read_field(spec, raw, found)
            except LostError as lost:
                found.lost[name] = lost.ref
            except ValueError as error:
                found.problems[name] = str(error)
        return found

    def resolve_plain(self, spec: Field, plain: Any) -> Any:
        """A remembered value, in the source's terms, as the inventory has it; one that leads nowhere equals nothing."""
        if plain is None or not spec.refers:
            return from_plain(spec, plain)
        try:
            return self._resolve(spec, _refs_from(plain))
        except (LostError, ValueError):
            return New(SourceRef("", ""))

    def _read_field(self, spec: Field, raw: Any, found: Theirs) -> None:
        if spec.sort in {"links", "refs"} and raw is None:
            raw = ()
        if spec.refers and raw is not None:
            found.values[spec.name] = self._resolve(spec, raw)
            found.plain[spec.name] = _plain_refs(raw)
        else:
            value = clean(spec, raw)
            found.values[spec.name] = value
            found.plain[spec.name] = to_plain(spec, value)

    def _resolve(self, spec: Field, raw: Any) -> Any:
        if spec.sort in {"links", "refs"}:
            if not isinstance(raw, tuple | list):
                raise ValueError(f"should be a list of references, not {raw!r:.60}")
            return tuple(self._resolve_one(spec, part) for part in raw)
        return self._resolve_one(spec, raw)

    def _resolve_one(self, spec: Field, raw: Any) -> Any:
        if not isinstance(raw, SourceRef):
            raise ValueError(f"should be a reference, not {raw!r:.60}")
        if spec.target is not None and raw.kind != spec.target:
            raise ValueError(f"should refer to {spec.target}, not to {raw.kind!r:.60}")
        found = self._ids.get((raw.kind, raw.external_id))
        if found is None:
            outside = outside_ref(raw.kind, raw.external_id)
            if outside is None:
                raise LostError(raw)
            return outside
        if isinstance(found, New):
            return found
        return Ref(raw.kind, found) if spec.target is None else found


def outside_ref(kind: str, external_id: str) -> Ref | None:
    """A reference to something the Estate has no list for: it keeps the source's own number."""
    if (
        kind in TABLES
        or not (external_id.isascii() and external_id.isdecimal())
        or len(external_id) > _MOST_DIGITS
    ):
        return None
    return Ref(clean_text(kind), int(external_id))


def _plain_refs(raw: Any) -> Any:
    if isinstance(raw, SourceRef):
        return {"kind": clean_text(raw.kind), "external_id": raw.external_id}
    return [_plain_refs(part) for part in raw]


def _refs_from(plain: Any) -> Any:
    if isinstance(plain, list):
        return tuple(_refs_from(part) for part in plain)
    return SourceRef(plain["kind"], plain["external_id"])
