"""The messages a package says, read from its source: what its catalogues have to hold, no more and no less."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Said:
    """`many` is set for a message that has a plural."""

    one: str
    many: str | None = None


def messages(folder: Path) -> set[Said]:
    """Of all modules of a folder: literals given to words, pieces, message and counted, and titles given to columns."""
    return {said for file in sorted(folder.glob("*.py")) for said in _of(ast.parse(file.read_text("utf-8")))}


def _of(tree: ast.AST) -> Iterator[Said]:
    pairs = _pairs(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [
            arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if name in {"words", "self", "pieces", "message"} and texts:
            yield Said(texts[0])
        elif name == "counted" and len(texts) >= 2:
            yield Said(texts[0], texts[1])
        elif name == "columns":
            yield from (
                Said(constant.value)
                for arg in node.args
                for constant in ast.walk(arg)
                if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
            )
    yield from pairs


def _pairs(tree: ast.AST) -> Iterator[Said]:
    """Two texts in a tuple that both count something: a message and its plural, kept for later."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            texts = [e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)]
            if len(texts) == 2 and all("%(n)s" in text for text in texts):
                yield Said(*texts)
