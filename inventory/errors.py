"""The one family of errors a user may see: what was wrong, where, and what to do about it.

Every error that a person could have caused, or can mend, is a `VorstError`. The command line turns it into one message
and an exit code, the terminal UI into a dialog; nothing else decides how it looks.
"""

from __future__ import annotations


class VorstError(Exception):
    """Something a person can mend.

    Args:
        what: what was wrong, as one clause: "rack R07 has 48 units, its type allows 47".
        where: the file, sheet, row and column, or the object and field; empty when `what` says it.
        remedy: what to do now, as one imperative clause.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        cure = f" ({self.remedy})" if self.remedy else ""
        return f"{place}{self.what}{cure}"


class InputError(VorstError):
    """A file, cell, option or answer that can't be used as it is."""


class SourceError(VorstError):
    """A source (NetBox, a spreadsheet) that can't be reached or answered something unexpected."""


class WorkspaceError(VorstError):
    """The workspace, its settings or its database are missing, locked, or of another version."""


class StaleError(VorstError):
    """What was approved no longer fits what exists; it is refused, never recomputed."""


class ProblemError(VorstError):
    """Problem data that contradict themselves, found before any planning."""


class SeveralErrors(VorstError):
    """Many defects of one input at once, so that a person mends them in one go."""

    def __init__(self, what: str, errors: list[VorstError], *, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.errors = tuple(errors)
