"""The keys that work on a screen, for its help: those of what has the focus, of the screen, and of everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.screen import Screen

from tui.output import plain

NAMES = {
    "question_mark": "?",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
}

UNTOLD = {"ctrl+c", "super+c", "ctrl+q", "ctrl+pageup", "ctrl+pagedown"}  # Textual's own, of no use here


def keys_of(screen: Screen[None]) -> tuple[tuple[str, Sequence[tuple[str, str]]], ...]:
    """Headings with their keys and what they do; a key of a more inner thing hides that of an outer one."""
    taken: set[str] = set()
    here: list[tuple[str, str]] = []
    pane: list[tuple[str, str]] = []
    everywhere: list[tuple[str, str]] = []
    for node, bindings in screen._modal_binding_chain:  # noqa: SLF001 - the order in which Textual itself looks keys up
        target = here if node is screen else everywhere if node is screen.app else pane
        grouped: dict[tuple[str, str], list[str]] = {}
        for key, binding in bindings:
            if key in taken or not binding.description or key in UNTOLD:
                continue
            taken.add(key)
            grouped.setdefault((binding.action, binding.description), []).append(_shown(binding))
        target += [(" ".join(dict.fromkeys(keys)), plain(what)) for (_, what), keys in grouped.items()]
    named = (("on this screen", here), ("in this pane", pane), ("everywhere", everywhere))
    return tuple((heading, keys) for heading, keys in named if keys)


def _shown(binding: Binding) -> str:
    return binding.key_display or NAMES.get(binding.key, binding.key.replace("ctrl+", "^"))
