"""The text of a YAML file as data, with the line of every path in it, so that a defect can be found where it stands.

A key given twice is a defect here: YAML would let the second silently win. What the data mean is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from inventory.errors import InputError


@dataclass(frozen=True)
class YamlText:
    """A file read: its name for messages, its data, and the parsed nodes that know their lines."""

    where: str
    data: Any
    _root: Any

    def place(self, path: Iterable[int | str]) -> str:
        """The file and line of the deepest part of a path that exists."""
        node, line = self._root, None
        for part in path:
            child = _child(node, part)
            if child is None:
                break
            node, line = child, child.start_mark.line + 1
        return f"{self.where} line {line}" if line else self.where


def read_yaml(text: str, *, where: str) -> YamlText:
    """Read one document; raises InputError with the line for a defect of syntax, a key given twice, or no mapping."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0] or "not readable"
        raise InputError(
            f"not YAML: {problem}", where=f"{where}{line}", remedy="mend the syntax there"
        ) from None
    if not isinstance(data, dict):
        raise InputError(
            "holds no mapping", where=where, remedy="start it with `scenarios:`, or see the reference"
        )
    _refuse_twice(root, where, set())
    return YamlText(where, data, root)


def _refuse_twice(node: Any, where: str, seen: set[int]) -> None:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_twice(child, where, seen)
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys and key.value != "<<":
                    raise InputError(
                        f"the key {key.value!r} stands twice in one mapping",
                        where=f"{where} line {key.start_mark.line + 1}",
                        remedy="join the two",
                    )
                keys.add(key.value)
            _refuse_twice(value, where, seen)


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None
