"""What each field of an Estate row may hold, and how it travels: to columns, to plain JSON, and back.

The rows (`rows`, `planning_rows`) say which fields exist and the tables (`models`) what a link points to; this module
reads both once and answers for any kind. It cleans a source's value to the field's sort or says what is wrong with it;
what to do about that is `sync`'s.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Sequence
from dataclasses import MISSING, dataclass
from dataclasses import fields as dataclass_fields
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from inventory import estate
from inventory.estate import LISTS, Estate
from inventory.models import TABLES
from inventory.models.tables import sql
from inventory.rows import Ref

WIDEST_INTEGER = 2**63 - 1
_SORTS: dict[Any, str] = {
    str: "text",
    int: "int",
    float: "float",
    bool: "bool",
    date: "date",
    datetime: "datetime",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of one kind. `sort`: text, int, float, bool, date, datetime, link, ref, links, refs or numbers.

    `target` is the kind a link points to; `required` means it has no default; `nullable` that unknown is allowed.
    """

    name: str
    sort: str
    nullable: bool
    required: bool
    default: Any
    target: str | None

    @property
    def refers(self) -> bool:
        """Whether the value names other objects."""
        return self.sort in {"link", "ref", "links", "refs"}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold it."""
        return (f"{self.name}_kind", f"{self.name}_id") if self.sort == "ref" else (self.name,)


@cache
def row_class(kind: str) -> type[Any]:
    """The dataclass of the rows of a list: "devices" → Device."""
    annotation = typing.get_type_hints(Estate, vars(estate))[kind]
    row: type[Any] = typing.get_args(annotation)[0]
    return row


@cache
def fields_of(kind: str) -> dict[str, Field]:
    """The fields of a kind by name, without its id."""
    cls = row_class(kind)
    hints = typing.get_type_hints(cls)
    return {
        item.name: _field(kind, item, hints[item.name]) for item in dataclass_fields(cls) if item.name != "id"
    }


@cache
def has_id(kind: str) -> bool:
    """Whether the rows of the kind carry an id (tag assignments and application members don't)."""
    return any(item.name == "id" for item in dataclass_fields(row_class(kind)))


def _field(kind: str, item: Any, hint: Any) -> Field:
    nullable = isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)
    inner = next(part for part in typing.get_args(hint) if part is not type(None)) if nullable else hint
    target = None
    if inner is Ref:
        sort = "ref"
    elif typing.get_origin(inner) is tuple:
        element = typing.get_args(inner)[0]
        sort = {Ref: "refs", int: "links", float: "numbers"}[element]
        target = "sites" if sort == "links" else None
    else:
        sort = _SORTS[inner]
        for key in sql(kind).columns[item.name].foreign_keys:
            sort, target = "link", key.column.table.name
    default = None if item.default is MISSING else item.default
    return Field(item.name, sort, nullable, item.default is MISSING, default, target)


# --- to and from columns ---------------------------------------------------------------------------------------------


def to_columns(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Field values as column values."""
    specs = fields_of(kind)
    found: dict[str, Any] = {}
    for name, value in values.items():
        sort = specs[name].sort
        if sort == "ref":
            found[f"{name}_kind"], found[f"{name}_id"] = (
                (None, None) if value is None else (value.kind, value.id)
            )
        elif sort == "refs":
            found[name] = [[ref.kind, ref.id] for ref in value]
        elif sort in {"links", "numbers"}:
            found[name] = list(value)
        else:
            found[name] = value
    return found


def _from_column(sort: str, value: Any) -> Any:
    if sort == "refs":
        return tuple(Ref(str(kind), int(number)) for kind, number in value)
    if sort == "links":
        return tuple(int(number) for number in value)
    if sort == "numbers":
        return tuple(float(number) for number in value)
    return value


def from_record(specs: Sequence[Field], record: Sequence[Any], *, start: int = 1) -> list[Any]:
    """The values of these fields, whose columns stand in this order in a record from `start` on."""
    values: list[Any] = []
    at = start
    for spec in specs:
        if spec.sort == "ref":
            kind, number = record[at], record[at + 1]
            values.append(None if kind is None else Ref(kind, number))
            at += 2
        else:
            values.append(_from_column(spec.sort, record[at]))
            at += 1
    return values


# --- to and from plain JSON ------------------------------------------------------------------------------------------


def to_plain(field: Field, value: Any) -> Any:
    """A value in the inventory's terms as JSON data: dates as ISO text, objects as {"kind", "id"}."""
    if value is None:
        return None
    if field.sort in {"date", "datetime"}:
        return value.isoformat()
    if field.sort == "link":
        return {"kind": field.target, "id": value}
    if field.sort == "ref":
        return {"kind": value.kind, "id": value.id}
    if field.sort == "links":
        return [{"kind": field.target, "id": number} for number in value]
    if field.sort == "refs":
        return [{"kind": ref.kind, "id": ref.id} for ref in value]
    if field.sort == "numbers":
        return list(value)
    return value


def from_plain(field: Field, value: Any) -> Any:
    """The inverse of `to_plain`."""
    if value is None:
        return None
    match field.sort:
        case "date":
            return date.fromisoformat(value)
        case "datetime":
            return datetime.fromisoformat(value).astimezone(UTC)
        case "link":
            return int(value["id"])
        case "ref":
            return Ref(value["kind"], int(value["id"]))
        case "links":
            return tuple(int(item["id"]) for item in value)
        case "refs":
            return tuple(Ref(item["kind"], int(item["id"])) for item in value)
        case "numbers":
            return tuple(float(item) for item in value)
        case "float":
            return float(value)
    return value


def plain_values(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """`to_plain` over several fields of one object."""
    specs = fields_of(kind)
    return {name: to_plain(specs[name], value) for name, value in values.items()}


# --- a value from outside --------------------------------------------------------------------------------------------


def clean_text(value: str) -> str:
    """Text any database can hold: NUL and lone surrogates become U+FFFD, everything else stays as it is."""
    if "\0" in value:
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return "".join(
            "\N{REPLACEMENT CHARACTER}" if "\ud800" <= char <= "\udfff" else char for char in value
        )
    return value


def clean(field: Field, value: Any) -> Any:
    """A value from outside, other than a reference, as the field's sort has it.

    Raises
    ------
    ValueError
        what is wrong with it, as a clause that follows the field's name.
    """
    if value is None:
        if field.nullable:
            return None
        if field.required:
            raise ValueError("must be known, and is empty")
        return field.default
    checker = _CLEANERS.get(field.sort)
    return checker(value) if checker else value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"should be text, not {type(value).__name__} {value!r:.60}")
    return clean_text(value)


def _int(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"should be a whole number, not {value!r:.60}")
    if abs(value) > WIDEST_INTEGER:
        raise ValueError(f"is too large a number: {str(value)[:30]}…")
    return value


def _float(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"should be a number, not {value!r:.60}")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"is too large a number: {str(value)[:30]}…") from None
    if not math.isfinite(number):
        raise ValueError(f"should be a finite number, not {number}")
    return number


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"should be true or false, not {value!r:.60}")
    return value


def _date(value: Any) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError(f"should be a date, not {value!r:.60}")
    return value


def _datetime(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"should be a moment with its time zone, not {value!r:.60}")
    return value.astimezone(UTC)


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(_float(item) for item in value)


_CLEANERS: dict[str, Any] = {
    "text": _text,
    "int": _int,
    "float": _float,
    "bool": _bool,
    "date": _date,
    "datetime": _datetime,
    "numbers": _numbers,
}

assert set(TABLES) == set(LISTS), "every list of the Estate has its table"  # noqa: S101 - a broken build, not a user's mistake
