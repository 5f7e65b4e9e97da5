"""Why a group finds no date: said by whoever finds out, handed on by `waves` as the lack of each of its assets."""

from __future__ import annotations

from dataclasses import dataclass

from capacity.plan import SmallestChange


@dataclass(frozen=True, slots=True)
class Refusal:
    """Dimension, sentence, what is available and needed where that is known, and what would give the group a date."""

    dimension: str
    why: str
    available: float | None = None
    needs: float | None = None
    change: SmallestChange | None = None
