"""What a patch did, for people: one line for each value or row it changed, and what changed nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 40  # lines of one operation; the rest is counted


@dataclass(frozen=True, slots=True)
class Change:
    """One operation's effect: where it was written, how many values or rows it changed, and the first of them."""

    section: str
    where: str
    count: int
    lines: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        return self.count == 0


@dataclass
class Record:
    """Collects the changes of one patch while it is applied."""

    changes: list[Change] = field(default_factory=list)

    def add(self, section: str, where: str, lines: Iterable[str]) -> None:
        """Note an operation's effect; no line at all says that it changed nothing."""
        told = list(lines)
        self.changes.append(Change(section, where, len(told), tuple(told[:SHOWN])))


def value_text(value: object) -> str:
    """A value as a person reads it in a change."""
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict | list | tuple):
        return f"{len(value)} entries"
    return str(value)
