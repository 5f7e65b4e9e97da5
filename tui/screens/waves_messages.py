"""What threads of the waves' screen tell it: what decides the end, slack, the checker's word, what has changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from textual.message import Message

from inventory.errors import VorstError
from tui.loaded import Loaded
from tui.views.group_moves import Moving

if TYPE_CHECKING:
    from capacity.critical_path import CriticalPaths
    from capacity.group_changes import GroupChanges
    from capacity.verify import Violation


class Dated(Message):
    """What decides the end was worked out, or could not be; `loaded` says of what."""

    def __init__(self, loaded: Loaded, found: CriticalPaths | VorstError) -> None:
        super().__init__()
        self.loaded, self.found = loaded, found


class Slack(Message):
    def __init__(self, bar_id: str, found: dict[str, timedelta]) -> None:
        super().__init__()
        self.bar_id, self.found = bar_id, found


class Judged(Message):
    """What the checker says of a group on other dates."""

    def __init__(self, moving: Moving, broken: tuple[Violation, ...]) -> None:
        super().__init__()
        self.moving, self.broken = moving, broken


class Compared(Message):
    def __init__(self, loaded: Loaded, name: str, found: GroupChanges | VorstError) -> None:
        super().__init__()
        self.loaded, self.name_, self.found = loaded, name, found
