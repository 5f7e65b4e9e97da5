"""What decides a plan's end, in words: the chain that the timeline marks, and the slack of what is chosen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tui.quantities import lasting

if TYPE_CHECKING:
    from capacity.critical_path import Link


def held(link: Link, *, before: str = "") -> str:
    """Why a step of the chain begins when it does; `before` calls the step it waits for otherwise than by its id."""
    if link.held_by == "date":
        return "dated so by the plan; nothing holds it"
    after = before or link.after
    window = "; its window opens then" if link.waits_for_window else ""
    if link.held_by == "hands":
        return f"{after} lets go of {' and '.join(link.resources) or 'what it needs'}{window}"
    waited = f" for {lasting(link.wait)}" if link.wait > timedelta() else ""
    return f"{after} has ended{waited}{window}"
