"""Markdown in which texts of the inventory are only text: no heading, link, table cell or HTML can come from a name.

It answers how a value is written in a document; which values, is for those who write one to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from playbooks.plain_text import one_line

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~])")
UNKNOWN = "unknown"


def plain(text: object) -> str:
    """The text on one line, with everything escaped that Markdown or HTML would read; unknown for None."""
    return escaped(text) or UNKNOWN if text is not None else UNKNOWN


def escaped(text: object) -> str:
    """The same for a text that may be empty."""
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", line)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are escaped already; a sentence instead where there are no rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return "None."
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines])


def bullets(items: Iterable[str]) -> str:
    """A list of items that are escaped already; a sentence instead where there are none."""
    return "\n".join(f"- {item}" for item in items) or "None."
