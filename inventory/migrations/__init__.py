"""The versions of the database's tables, as Alembic revisions in `versions/`, oldest first.

`KNOWN` lets the database be opened without importing Alembic; a test compares it with the revisions themselves.
"""

KNOWN: tuple[str, ...] = ("0001", "0002", "0003", "0004")
HEAD: str = KNOWN[-1]
