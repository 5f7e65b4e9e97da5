"""Markdown in which texts of the inventory are only text: no heading, link, table cell or HTML can come from a name.

It answers how a value is written in a document; which values, is for `runbook` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~])")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
UNKNOWN = "unknown"


def plain(text: object) -> str:
    """The text on one line, with everything escaped that Markdown or HTML would read; unknown for None."""
    if text is None or text == "":
        return UNKNOWN
    line = _BLANKS.sub(" ", str(text).encode("utf-8", "replace").decode()).strip()
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", line) or UNKNOWN


def number(value: float | None, unit: str = "") -> str:
    """A number without needless decimals, with its unit; unknown for None."""
    if value is None:
        return UNKNOWN
    shown = f"{value:,.1f}".removesuffix(".0").replace(",", " ")
    return f"{shown} {unit}".rstrip()


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are escaped already; a sentence instead where there are no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return "None."
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines])


def bullets(items: Iterable[str]) -> str:
    """A list of items that are escaped already; a sentence instead where there are none."""
    return "\n".join(f"- {item}" for item in items) or "None."
