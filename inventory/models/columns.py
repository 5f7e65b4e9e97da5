"""The few sorts of column the tables are made of, so that every table spells them alike.

What it decides: identifiers and whole numbers are 64 bits wide on every database, moments are stored in UTC and come
back aware, and a foreign key is checked at commit, so that rows which refer to each other in a circle can be written
in any order. Which table has which columns is for its neighbours.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, DateTime, ForeignKey, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

# SQLite hands out row ids only for a primary key declared INTEGER; it is 64 bits wide there anyway.
IDENTIFIER = BigInteger().with_variant(Integer(), "sqlite")

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Table(SQLModel):
    """What all tables share: one metadata, whose constraints have predictable names."""

    metadata = MetaData(naming_convention=NAMES)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite, which has no zones, keeps the naive UTC time."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def key() -> Any:
    """The primary key: an integer the inventory hands out."""
    return Field(default=None, sa_column=Column(IDENTIFIER, primary_key=True))


def link(target: str, *, optional: bool = True) -> Any:
    """A reference to a row of `target`, checked at commit."""
    constraint = ForeignKey(f"{target}.id", deferrable=True, initially="DEFERRED")
    column: Column[int] = Column(BigInteger, constraint, nullable=optional, index=True)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)


def whole(default: int | None = None) -> Any:
    """A whole number of up to 64 bits; unknown when it has no default."""
    return Field(default=default, sa_column=Column(BigInteger, nullable=default is None))


def needed_whole() -> Any:
    """A whole number that must be known."""
    return Field(sa_column=Column(BigInteger, nullable=False))


def text(default: str = "") -> Any:
    """Text of any length that is empty when nothing is said."""
    return Field(default=default, sa_column=Column(Text, nullable=False))


def needed_text() -> Any:
    """Text of any length that must be given."""
    return Field(sa_column=Column(Text, nullable=False))


def maybe_text() -> Any:
    """Text of any length, or unknown."""
    return Field(default=None, sa_column=Column(Text, nullable=True))


def moment(*, optional: bool = True) -> Any:
    """An aware point in time."""
    column: Column[datetime] = Column(Moment, nullable=optional)
    return Field(default=None, sa_column=column) if optional else Field(sa_column=column)


def data(*, optional: bool = False) -> Any:
    """Plain JSON data: lists of references, values before and after."""
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=optional))
