"""Which rows of the Estate a person means: `{tenant: stib, role: [server, blade]}`, by names with `*` and `?`.

Every criterion must be met; of several values of one, any. Names are compared without regard to case, against slug and
name alike. A selection that finds nothing is an error that says which criterion found nothing, and what is near.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from capacity.belonging import Belonging
from capacity.whatif.estate_links import row_hints
from capacity.whatif.scenario_input import Words
from capacity.whatif.wildcards import meets
from capacity.whatif.written_errors import near
from inventory.errors import InputError
from inventory.estate import LISTS, Estate, Ref

ASSETS = ("devices", "virtual_machines")
LINKS = {
    "role": ("role_id", "device_roles"),
    "tenant": ("tenant_id", "tenants"),
    "platform": ("platform_id", "platforms"),
    "cluster": ("cluster_id", "clusters"),
    "type": ("device_type_id", "device_types"),
    "rack": ("rack_id", "racks"),
    "provider": ("provider_id", "providers"),
    "manufacturer": ("manufacturer_id", "manufacturers"),
    "region": ("region_id", "regions"),
}
PLAIN = (
    "status",
    "kind",
    "criticality",
    "need",
    "metric",
    "basis",
    "statistic",
    "scope",
    "value",
    "strategy",
)
NAMES = ("name", "slug", "cid", "model", "part_number", "label", "prefix", "address")

Row = Any
Reader = Callable[[str, Row], Iterable[str]]


@dataclass(frozen=True)
class Selector:
    """Answers for one estate; its indexes are built once."""

    estate: Estate

    @cached_property
    def belonging(self) -> Belonging:
        return Belonging(self.estate)

    def rows(self, kind: str, of: Mapping[str, Words], *, where: str) -> tuple[Row, ...]:
        """The rows of a list that meet every criterion, in its order; all of them for none."""
        return self._chosen([(kind, row) for row in getattr(self.estate, kind)], (kind,), of, where)

    def assets(self, of: Mapping[str, Words], *, where: str) -> tuple[Ref, ...]:
        """Devices and virtual machines that meet every criterion; `list` narrows to one of both."""
        criteria = dict(of)
        kinds = self._kinds(criteria.pop("list", None), where)
        pairs = [(kind, row) for kind in kinds for row in getattr(self.estate, kind)]
        return tuple(Ref(_kind_of(row), row.id) for row in self._chosen(pairs, kinds, criteria, where))

    @staticmethod
    def _kinds(wanted: Words | None, where: str) -> tuple[str, ...]:
        if wanted is None:
            return ASSETS
        if wanted not in ASSETS:
            raise InputError(f"list: {wanted!r} holds no assets", where=where, remedy=near(wanted, ASSETS))
        return (str(wanted),)

    def _chosen(
        self,
        pairs: list[tuple[str, Row]],
        kinds: tuple[str, ...],
        of: Mapping[str, Words],
        where: str,
    ) -> tuple[Row, ...]:
        readers = self._readers(kinds)
        left = pairs
        for criterion, wanted in of.items():
            if criterion not in readers:
                raise InputError(
                    f"{' and '.join(kinds)} can't be chosen by {criterion!r}",
                    where=where,
                    remedy=near(criterion, readers, shown=20),
                )
            patterns = [str(w).casefold() for w in (wanted if isinstance(wanted, tuple) else (wanted,))]
            read = readers[criterion]
            left = [(kind, row) for kind, row in left if _meets(read(kind, row), patterns)]
            if not any(_meets(read(kind, row), patterns) for kind, row in pairs):
                known = {name for kind, row in pairs for name in read(kind, row)}
                raise InputError(
                    f"no row of {' and '.join(kinds)} has {criterion} {_shown(wanted)}",
                    where=where,
                    remedy=near(patterns[0], known),
                )
        if not left:
            told = ", ".join(f"{key} {_shown(value)}" for key, value in of.items())
            raise InputError(
                f"no row of {' and '.join(kinds)} has {told} together"
                if of
                else f"{' and '.join(kinds)}: none",
                where=where,
                remedy="loosen one of the criteria",
            )
        return tuple(row for _, row in left)

    # --- what a row is called in each criterion ----------------------------------------------------------------------

    def _readers(self, kinds: tuple[str, ...]) -> dict[str, Reader]:
        """The criteria that make sense for any of these lists."""
        found: dict[str, Reader] = {}
        for kind in kinds:
            fields = set(row_hints(kind))
            if fields & set(NAMES):
                found["name"] = lambda _, row: _own_names(row)
            found |= {name: _field(name) for name in NAMES if name in fields and name != "name"}
            for criterion, (link, target) in LINKS.items():
                if link in fields:
                    found[criterion] = self._linked(link, target)
            for name in PLAIN:
                if name in fields:
                    found[name] = _field(name)
            if kind in ASSETS:
                found |= self._asset_readers()
            if fields & {"site_id", "site_ids"} or kind in ASSETS:
                found["site"] = self._site
            if "type" in fields and "device_type_id" not in fields:
                found["type"] = _field("type")
        return found

    def _asset_readers(self) -> dict[str, Reader]:
        return {
            "partner": lambda kind, row: _text(self.belonging.partner_of(Ref(kind, row.id))),
            "application": self._applications,
            "room": self._room,
            "zone": lambda kind, row: _text(self.belonging.zone_of(Ref(kind, row.id))),
            "tag": self._tags,
        }

    def _linked(self, link: str, target: str) -> Reader:
        return lambda _, row: self._names(target, getattr(row, link, None))

    def _names(self, kind: str, row_id: int | None) -> tuple[str, ...]:
        row = self.estate.by_id(kind).get(row_id) if row_id is not None else None
        return _own_names(row) if row is not None else ()

    def _site(self, kind: str, row: Row) -> Iterator[str]:
        ids = (
            (self.belonging.site_of(Ref(kind, row.id)),)
            if kind in ASSETS
            else getattr(row, "site_ids", None) or (getattr(row, "site_id", None),)
        )
        for site_id in ids:
            yield from self._names("sites", site_id)

    def _room(self, kind: str, row: Row) -> tuple[str, ...]:
        return self._names("locations", self.belonging.room_of(row)) if kind == "devices" else ()

    def _applications(self, kind: str, row: Row) -> Iterator[str]:
        for application in self.belonging.applications_of.get(Ref(kind, row.id), ()):
            yield from self._names("applications", application)

    @cached_property
    def _tags_of(self) -> dict[Ref, list[int]]:
        found: dict[Ref, list[int]] = {}
        for assignment in self.estate.tag_assignments:
            found.setdefault(assignment.object, []).append(assignment.tag_id)
        return found

    def _tags(self, kind: str, row: Row) -> Iterator[str]:
        for tag in self._tags_of.get(Ref(kind, row.id), ()):
            yield from self._names("tags", tag)


def a_list(name: str, *, where: str) -> str:
    """The name of a list of the Estate; raises InputError with the nearest."""
    if name not in LISTS:
        raise InputError(f"no list {name!r} in the estate", where=where, remedy=near(name, LISTS))
    return name


def _kind_of(row: Row) -> str:
    return "devices" if hasattr(row, "device_type_id") else "virtual_machines"


def _field(name: str) -> Reader:
    return lambda _, row: _text(getattr(row, name, None))


def _own_names(row: Row) -> tuple[str, ...]:
    return tuple(str(getattr(row, name)) for name in NAMES if getattr(row, name, None))


def _text(value: object) -> tuple[str, ...]:
    return () if value is None or value == "" else (str(value),)


def _meets(names: Iterable[str], patterns: Iterable[str]) -> bool:
    return any(meets(name.casefold(), pattern) for name in names for pattern in patterns)


def _shown(wanted: Words) -> str:
    return " or ".join(repr(w) for w in wanted) if isinstance(wanted, tuple) else repr(wanted)
