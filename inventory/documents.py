"""How a document (Estate, Facility, Plan, RunRecord) becomes bytes and a hash, and comes back from JSON.

A document is a frozen dataclass made of frozen dataclasses. Its canonical form is JSON with keys in field order, no
blanks, UTF-8, and times in ISO 8601; the content hash is the SHA-256 of that form without the field `content_hash`.
A field that a schema gained later stands in a document only when it says something (`OMITTED_WHEN_EMPTY`): documents
made before keep their bytes and their hash. What is validated, and against which schema, is pydantic's work; what the
fields mean is the document's own.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from inventory.errors import InputError

Document = TypeVar("Document")

HASH_PREFIX = "sha256:"


def omitted_when(default: object) -> Any:
    """Annotates a field added to a schema later: a document leaves it out where it has its default."""
    return Field(exclude_if=lambda value: value == default)


OMITTED_WHEN_EMPTY: Any = Field(
    exclude_if=lambda value: not value
)  # likewise for a default None, 0, "" or ()


_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}


def adapter(cls: type[Document]) -> TypeAdapter[Document]:
    """The validator and serialiser of a document class, built once."""
    if cls not in _ADAPTERS:
        _ADAPTERS[cls] = TypeAdapter(cls)
    return _ADAPTERS[cls]


def to_data(document: object) -> Any:
    """The document as plain JSON data (dicts, lists, strings, numbers)."""
    return adapter(type(document)).dump_python(document, mode="json", by_alias=True)


def to_json(document: object, *, indent: int | None = None) -> str:
    """The document as JSON text; compact unless `indent` is given."""
    return adapter(type(document)).dump_json(document, indent=indent, by_alias=True).decode()


def content_hash(document: object) -> str:
    """`sha256:` and the hexadecimal SHA-256 of the canonical JSON without `content_hash`.

    Raises InputError where a number is infinite or none at all: JSON has no such numbers.
    """
    data = to_data(document)
    data.pop("content_hash", None)
    try:
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise InputError(
            f"a number of the {type(document).__name__.lower()} is infinite or not a number",
            remedy="no document can hold that; leave the value out where it is unknown",
        ) from None
    return HASH_PREFIX + hashlib.sha256(text.encode()).hexdigest()


def from_json(cls: type[Document], text: str | bytes, *, where: str = "") -> Document:
    """Read a document; raises InputError naming the first fields that don't fit the schema, or its other version."""
    try:
        document = adapter(cls).validate_json(text, strict=False)
    except ValidationError as error:
        raise _as_input_error(error, cls, where) from None
    return _of_known_version(document, cls, where)


def from_data(cls: type[Document], data: Any, *, where: str = "") -> Document:
    """Like `from_json`, from plain data."""
    try:
        document = adapter(cls).validate_python(data, strict=False)
    except ValidationError as error:
        raise _as_input_error(error, cls, where) from None
    return _of_known_version(document, cls, where)


def json_schema(cls: type[Document]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document class."""
    schema = adapter(cls).json_schema(mode="serialization", by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _of_known_version(document: Document, cls: type[Document], where: str) -> Document:
    """The document, unless it says that it is of another schema than this program's."""
    known = (
        next((f.default for f in fields(cls) if f.name == "schema_version"), None)
        if is_dataclass(cls)
        else None
    )
    said = getattr(document, "schema_version", None)
    if said == known:
        return document
    raise InputError(
        f"not a {cls.__name__} this program reads: its schema is of version {said!r}, not {known!r}",
        where=where,
        remedy="make it again with this version of vorst, or read it with the one that made it",
    )


def _as_input_error(error: ValidationError, cls: type[Any], where: str) -> InputError:
    details = error.errors(include_url=False, include_input=False)
    shown = "; ".join(
        f"{'.'.join(str(part) for part in detail['loc']) or 'document'}: {detail['msg']}"
        for detail in details[:5]
    )
    more = f" and {len(details) - 5} more" if len(details) > 5 else ""
    return InputError(
        f"not a valid {cls.__name__}: {shown}{more}",
        where=where,
        remedy=f"compare it with `vorst schema {cls.__name__.lower()}`",
    )
