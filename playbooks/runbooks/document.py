"""A runbook as a value: titled sections of paragraphs, lists and tables, written once and shown by several writers.

Every text in it is text: what a writer's format would read as markup is for that writer to escape. What is to stand
out, a command, or a line somebody has to fill in is a type of its own and never a sign within a text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """Something to type or a name in a file, as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Text that has to be seen."""

    text: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A line for a person to fill in: nothing here knows the answer. `label` says what is asked."""

    label: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """A box to tick."""


@dataclass(frozen=True, slots=True)
class Break:
    """The next piece starts on a line of its own."""


Piece = str | Code | Strong | Blank | Tick | Break
Text = Piece | tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: Text


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; `ticked`: each item is something to do and has a box."""

    items: tuple[Text, ...]
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is the column's share of the page, relative to the others; numbers stand at the right."""

    title: str
    width: float = 1.0
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """`tall`: rows with room to write in. Without rows a table is one sentence, `empty`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Text, ...], ...]
    tall: bool = False
    empty: str = ""
    caption: Text = ""


Block = Paragraph | Bullets | Table


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """`wave` is what every page is headed with, `plan` what beside it; `language` is the code of what it is written in.

    `about` stands below the title. `page` says which of how many a page is, by the places `{page}` and `{pages}`.
    """

    title: str
    wave: str
    plan: str
    plan_hash: str
    language: str
    page: str
    about: tuple[Text, ...]
    sections: tuple[Section, ...]


def pieces(text: Text) -> tuple[Piece, ...]:
    """The text as its pieces, however it was given."""
    return text if isinstance(text, tuple) else (text,)


def lines(parts: Sequence[Text]) -> Text:
    """Texts under each other in one cell."""
    found: list[Piece] = []
    for part in parts:
        if found:
            found.append(Break())
        found.extend(pieces(part))
    return tuple(found)
