"""Names with `*` and `?` in them; every other letter, brackets too, means itself."""

from __future__ import annotations

from fnmatch import fnmatchcase


def is_pattern(text: str) -> bool:
    """Whether a text stands for more than the name it spells."""
    return "*" in text or "?" in text


def meets(name: str, pattern: str) -> bool:
    """Whether a name is what the pattern spells or stands for."""
    return name == pattern or (is_pattern(pattern) and fnmatchcase(name, pattern.replace("[", "[[]")))
