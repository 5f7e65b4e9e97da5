"""The SQL table behind a model or a kind, typed, for statements that work on many rows at once."""

from __future__ import annotations

from sqlalchemy import Table as SqlTable

from inventory.models import TABLES
from inventory.models.columns import Table


def sql(model: type[Table] | str) -> SqlTable:
    """The table of a model, or of a kind of object ("devices")."""
    found: SqlTable = getattr(TABLES[model] if isinstance(model, str) else model, "__table__")  # noqa: B009
    return found
