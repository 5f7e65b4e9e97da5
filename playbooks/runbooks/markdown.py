"""A runbook as Markdown: for the project's folder, a wiki, or a merge request."""

from __future__ import annotations

from playbooks import markdown
from playbooks.plain_text import one_line
from playbooks.runbooks.document import (
    Block,
    Break,
    Bullets,
    Code,
    Document,
    Paragraph,
    Piece,
    Strong,
    Table,
    Text,
    pieces,
)
from playbooks.runbooks.document import Tick as Box

_LINE = "\\_" * 12
_BOX = "☐"


def to_markdown(document: Document) -> str:
    """The whole file."""
    sections = [
        f"\n## {markdown.plain(section.title)}\n\n"
        + "\n\n".join(_block(block) for block in section.blocks)
        + "\n"
        for section in document.sections
    ]
    about = "\n\n".join(_text(text) for text in document.about)
    return f"# {markdown.plain(document.title)}\n\n{about}\n" + "".join(sections)


def _block(block: Block) -> str:
    if isinstance(block, Paragraph):
        return _text(block.text)
    if isinstance(block, Bullets):
        mark = "[ ] " if block.ticked else ""
        return markdown.bullets(mark + _text(item) for item in block.items)
    return _table(block)


def _table(block: Table) -> str:
    if not block.rows:
        return markdown.escaped(block.empty)
    caption = f"{_text(block.caption)}\n\n" if block.caption else ""
    head = [markdown.escaped(column.title) for column in block.columns]
    return caption + markdown.table(head, ([_text(cell) for cell in row] for row in block.rows))


def _text(text: Text) -> str:
    return "".join(_piece(piece) for piece in pieces(text))


def _piece(piece: Piece) -> str:
    if isinstance(piece, str):
        return _spaced(piece)
    if isinstance(piece, Code):
        return f"`{one_line(piece.text).replace('`', '')}`"
    if isinstance(piece, Strong):
        return f"**{markdown.escaped(piece.text)}**"
    if isinstance(piece, Box):
        return _BOX
    if isinstance(piece, Break):
        return "<br>"
    return f"{markdown.escaped(piece.label)} {_LINE}".strip()


def _spaced(text: str) -> str:
    """A piece of a sentence: the spaces at its ends part it from its neighbours."""
    head = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return f"{head}{markdown.escaped(text)}{tail}"
