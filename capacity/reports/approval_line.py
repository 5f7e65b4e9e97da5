"""One line of a report or a runbook: who approved its plan and when, or that nobody did."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from capacity.approval import APPROVED, CHANGED, SUPERSEDED, Standing
from capacity.reports.language import Language

LINES = {
    APPROVED: "approved by %(name)s on %(day)s",
    CHANGED: "changed after %(name)s approved it on %(day)s: no longer the approved plan",
    SUPERSEDED: "approved by %(name)s on %(day)s; another plan was approved after it, on %(later)s",
}
NOT_APPROVED_LINE = "not approved"


def approval_line(found: Standing, language: Language, zone: str) -> str:
    """The line in one language, dates being those of a zone."""
    if found.at is None:
        return language.words(NOT_APPROVED_LINE)
    here = ZoneInfo(zone)
    return language.words(LINES[found.state]) % {
        "name": found.by,
        "day": language.day(found.at.astimezone(here)),
        "later": language.day(found.later.astimezone(here) if found.later else None),
    }
