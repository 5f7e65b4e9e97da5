"""Who changed what, and what this session did."""

from __future__ import annotations

import json
from typing import Any

from inventory.history import HistoryLine
from tui.loaded import Loaded
from tui.views.spans import Column, Line, Rows, Span, line, rows, span

COLUMNS = (
    Column("revision", right=True),
    Column("when (UTC)"),
    Column("who", width=14),
    Column("source", width=16),
    Column("operation", tones={"delete": "bad", "create": "good"}),
    Column("object", width=26),
    Column("fields", width=60),
)


def history(loaded: Loaded) -> Rows:
    """The newest changes first; keys are the history's lines."""
    items = []
    for entry in loaded.history:
        fields = entry.after or entry.before or {}
        items.append(
            (
                entry,
                (
                    entry.revision,
                    f"{entry.at:%Y-%m-%d %H:%M:%S}",
                    entry.who,
                    entry.source or "a person",
                    entry.operation,
                    f"{entry.object.kind}:{entry.object.id}",
                    ", ".join(f"{name}={_text(value)}" for name, value in list(fields.items())[:4]),
                ),
            )
        )
    return rows(COLUMNS, items)


def detail(entry: HistoryLine) -> tuple[Line, ...]:
    """Every field of one change, before and after."""
    found: list[Line] = [
        line(
            Span(f"revision {entry.revision}", "strong"),
            span(f"  {entry.operation} {entry.object.kind}:{entry.object.id}", "accent"),
            span(f"  {entry.reason}", "muted"),
        )
    ]
    before, after = entry.before or {}, entry.after or {}
    for name in dict.fromkeys((*before, *after)):
        old = span(_text(before[name]), "bad") if name in before else Span("–", "muted")
        new = span(_text(after[name]), "good") if name in after else Span("–", "muted")
        found.append(line(span(f"  {name:<22}", "muted"), old, Span(" → ", "muted"), new))
    return tuple(found)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
