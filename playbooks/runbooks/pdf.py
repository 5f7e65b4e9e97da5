"""A runbook as PDF, A4, set by Typst.

The template (`templates/runbook.typ`) is fixed; the runbook reaches it as JSON data and is shown as strings, so that no
text can become markup. Only Typst's own fonts are asked for by name; a letter that they lack is taken from whatever the
machine has. The date in the file is the plan's, not today's: the same plan gives the same bytes.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from inventory.errors import ProblemError
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
    Tick,
    pieces,
)

_TEMPLATE = Path(__file__).parent.parent / "templates" / "runbook.typ"
_LONG_WORD = re.compile(r"[^\s-]{17,}")
_MAY_BREAK = "\u200b"


def to_pdf(document: Document, dated: datetime) -> bytes:
    """The whole file; `dated` stands in it as its date. Raises ProblemError when Typst refuses, which is a defect."""
    try:
        made = _compiler().compile(
            input=_TEMPLATE.read_bytes(),
            format="pdf",
            sys_inputs={"document": json.dumps(_data(document), ensure_ascii=False)},
            timestamp=int(dated.timestamp()),
        )
    except typst.TypstError as error:
        raise ProblemError(
            f"the runbook of {document.wave} can't be set: {one_line(error)}",
            remedy="write it as Markdown (--format md), and report this",
        ) from None
    if not isinstance(made, bytes):
        raise ProblemError(f"the runbook of {document.wave} was set to nothing", remedy="use --format md")
    return made


@cache
def _compiler() -> typst.Compiler:
    """One for all runbooks of a command: finding the fonts takes longer than setting a page."""
    return typst.Compiler()


def _data(document: Document) -> dict[str, Any]:
    return {
        "title": one_line(document.title),
        "wave": one_line(document.wave),
        "plan": one_line(document.plan),
        "plan_hash": document.plan_hash,
        "language": document.language,
        "page": document.page,
        "about": [_text(text) for text in document.about],
        "sections": [
            {"title": one_line(section.title), "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
    }


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": _text(block.text)}
    if isinstance(block, Bullets):
        return {"kind": "list", "ticked": block.ticked, "items": [_text(item) for item in block.items]}
    return _table(block)


def _table(table: Table) -> dict[str, Any]:
    if not table.rows:
        return {"kind": "paragraph", "text": _text(table.empty)}
    return {
        "kind": "table",
        "tall": table.tall,
        "caption": _text(table.caption) if table.caption else [],
        "columns": [{"title": c.title, "width": c.width, "right": c.right} for c in table.columns],
        "rows": [[_text(cell) for cell in row] for row in table.rows],
    }


def _text(text: Text) -> list[dict[str, str]]:
    return [_piece(piece) for piece in pieces(text)]


def _piece(piece: Piece) -> dict[str, str]:
    if isinstance(piece, str):
        return {"kind": "text", "text": _broken(piece)}
    if isinstance(piece, Code):
        return {"kind": "code", "text": one_line(piece.text)}
    if isinstance(piece, Strong):
        return {"kind": "strong", "text": _broken(piece.text)}
    if isinstance(piece, Tick):
        return {"kind": "tick", "text": ""}
    if isinstance(piece, Break):
        return {"kind": "break", "text": ""}
    return {"kind": "blank", "text": one_line(piece.label)}


def _broken(text: str) -> str:
    """The text on one line, with places to break in words too long for a column; spaces at its ends stay."""
    head = " " if text[:1].isspace() else ""
    tail = " " if text[-1:].isspace() and text.strip() else ""
    return head + _LONG_WORD.sub(lambda word: _MAY_BREAK.join(_chunks(word.group())), one_line(text)) + tail


def _chunks(word: str, size: int = 8) -> list[str]:
    return [word[start : start + size] for start in range(0, len(word), size)]
