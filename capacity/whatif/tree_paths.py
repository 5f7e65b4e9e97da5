"""Paths into a tree of mappings and lists, such as facility.yaml: what they name, and what is near if that is nothing.

`halls[H1].rows[R*].busbar_kw`: keys with dots, a member of a list in brackets by its name (or id, model, partner), with
`*` and `?` as wildcards; `[0]` counts members from zero, `["0"]` is the member named 0, `[*]` is every member. A key
may be a wildcard too: `resources.*.capacity`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from capacity.whatif.wildcards import is_pattern, meets
from capacity.whatif.written_errors import near
from inventory.errors import InputError

NAME_KEYS = ("name", "id", "model", "partner")
_PART = re.compile(
    r"""\[\s*(?:"(?P<quoted>[^"]*)"|'(?P<single>[^']*)'|(?P<member>[^\[\]]+?))\s*\]|(?P<key>[^.\[\]]+)|\."""
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a path: a key, a member by name, or (`is_index`) a member by number; maybe a pattern."""

    text: str
    in_list: bool
    is_index: bool = False
    is_pattern: bool = False

    def meets(self, name: str) -> bool:
        return meets(name, self.text) if self.is_pattern else name == self.text


@dataclass(frozen=True, slots=True)
class Found:
    """One place that a path names: the mapping or list it stands in, its key or index there, and its full path."""

    holder: Any
    key: int | str
    path: tuple[int | str, ...]

    @property
    def value(self) -> Any:
        return self.holder[self.key]


def parse(path: str, *, where: str) -> tuple[Part, ...]:
    """The parts of a path; raises InputError when it can't be read as one."""
    parts: list[Part] = []
    at, expects_key = 0, True
    while at < len(path):
        match = _PART.match(path, at)
        if match is None or (match.group() == "." and (expects_key or match.end() == len(path))):
            raise InputError(
                f"{path!r} is no path", where=where, remedy="write it as halls[H1].rows[R1].busbar_kw"
            )
        at, expects_key = match.end(), match.group() == "."
        if expects_key:
            continue
        if match["key"] is not None:
            if parts and path[match.start() - 1] != ".":
                raise InputError(
                    f"{path!r} is no path", where=where, remedy="put a dot between a member and its key"
                )
            parts.append(Part(match["key"], in_list=False, is_pattern=is_pattern(match["key"])))
            continue
        quoted = match["quoted"] if match["quoted"] is not None else match["single"]
        if quoted is not None:
            parts.append(Part(quoted, in_list=True))
        else:
            member = match["member"]
            parts.append(
                Part(member, in_list=True, is_index=member.isdecimal(), is_pattern=is_pattern(member))
            )
    return tuple(parts)


def member_name(member: Any) -> str | None:
    """What a member of a list is called, where it has a name."""
    if isinstance(member, dict):
        for key in NAME_KEYS:
            if isinstance(member.get(key), str | int):
                return str(member[key])
        return None
    return str(member) if isinstance(member, str | int | float) else None


def find(tree: Any, path: str, *, where: str, may_be_new: bool = False) -> tuple[Found, ...]:
    """Every place a path names, in the tree's order.

    `may_be_new`: the last key need not be there yet, only the mapping it belongs into. Raises InputError when the path
    names nothing, with what is near.
    """
    parts = parse(path, where=where)
    nodes: list[tuple[tuple[int | str, ...], Any]] = [((), tree)]
    found: list[Found] = []
    for number, part in enumerate(parts):
        is_last = number == len(parts) - 1
        found = [
            Found(node, key, (*at, key))
            for at, node in nodes
            for key in _keys(node, part, may_be_new=may_be_new and is_last)
        ]
        if not found:
            raise InputError(
                f"{path!r} names nothing: {_lacking(parts[:number], part, [node for _, node in nodes])}",
                where=where,
                remedy=near(part.text, _candidates(part, [node for _, node in nodes])),
            )
        nodes = [(entry.path, entry.value) for entry in found] if not is_last else []
    return tuple(found)


def _keys(node: Any, part: Part, *, may_be_new: bool) -> Iterator[int | str]:
    if isinstance(node, list) and part.in_list:
        if part.is_index:
            if int(part.text) < len(node):
                yield int(part.text)
            return
        for index, member in enumerate(node):
            name = member_name(member)
            if part.text == "*" or (name is not None and part.meets(name)):
                yield index
    elif isinstance(node, dict) and not part.in_list:
        for key in node:
            if part.meets(str(key)):
                yield key
        if may_be_new and not part.is_pattern and part.text not in node:
            yield part.text


def _lacking(before: Sequence[Part], part: Part, nodes: Sequence[Any]) -> str:
    at = path_of(before)
    if part.in_list and not any(isinstance(node, list) for node in nodes):
        return f"{at or 'the top'} is no list"
    if not part.in_list and not any(isinstance(node, dict) for node in nodes):
        is_list = any(isinstance(node, list) for node in nodes)
        return f"{at} is a list, name a member: {at}[…]" if is_list else f"{at} has no keys"
    return f"no {part.text!r} in {at or 'the file'}"


def path_of(parts: Sequence[Part]) -> str:
    text = ""
    for part in parts:
        text += f"[{part.text}]" if part.in_list else (f".{part.text}" if text else part.text)
    return text


def _candidates(part: Part, nodes: Sequence[Any]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, list) and part.in_list:
            if part.is_index:
                yield f"0 to {len(node) - 1}"
            else:
                yield from (name for name in map(member_name, node) if name is not None)
        elif isinstance(node, dict):
            yield from (str(key) for key in node)
        elif isinstance(node, list):
            yield from (f"[{name}]" for name in map(member_name, node) if name is not None)


def named_path(tree: Any, path: Sequence[int | str]) -> str:
    """A path with the names of members instead of their numbers, for people."""
    parts: list[str] = []
    node = tree
    for part in path:
        if isinstance(part, int):
            name = member_name(node[part]) if isinstance(node, list) and part < len(node) else None
            parts.append(f"[{part if name is None else name}]")
        else:
            parts.append(f".{part}" if parts else part)
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            node = None
    return "".join(parts)
