"""Texts of the inventory as one line that reads as it is stored, in whatever document they end up.

What a format would take for markup is for its writer to escape; here goes what no document may hold: line ends, control
characters, halves of characters, and marks that turn the direction of what follows.
"""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def one_line(text: object) -> str:
    """The text on one line; a mark of direction becomes its visible code. A space that doesn't break stays."""
    known = str(text).encode("utf-8", "replace").decode()
    parts = ("\u00a0".join(_BLANKS.sub(" ", part) for part in known.split("\u00a0"))).strip()
    return _DIRECTIONS.sub(lambda mark: f"\\u{ord(mark.group()):04x}", parts)
