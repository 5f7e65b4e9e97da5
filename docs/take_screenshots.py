"""Take the pictures of docs/how-to/terminal-ui.md: `python docs/take_screenshots.py W`.

W has a plan and compared scenarios; the page tells how to make one.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from textual.pilot import Pilot

from tui.app import VorstApp
from tui.workspace import Workspace

SIZE = (130, 38)
FOLDER = Path(__file__).parent / "screenshots"
# Name of the picture and the keys that lead to it from the overview.
SHOTS: dict[str, tuple[str, ...]] = {
    "overview": ("1",),
    "room": ("3",),
    "hall": ("4", "c", "c", "right", "right"),
    "rack": ("4", "right", "enter"),
    "plan": ("6", "u"),
    "evidence": ("6", "e"),
    "waves": ("7", "c", "u", *["down"] * 13, "enter", "down"),
    "moving": ("7", "down", "down", "enter", "down", "v", "plus", "plus", "right", "right"),
    "risk": ("i",),
    "groups": ("b", "o", "home"),
    "compare": ("w", "c"),
    "scenarios": ("w", "c", "escape", "down", "down"),  # by now nothing is left to be planned
}


async def settled(app: VorstApp, pilot: Pilot[None]) -> None:
    """Until nothing is worked on; what one worker loads may set the next to work."""
    for _ in range(5):
        await app.workers.wait_for_complete()
        await pilot.pause(0.2)


async def take(workspace: Workspace, name: str, keys: tuple[str, ...]) -> None:
    """One picture, of an app of its own so that no key of an earlier one matters."""
    app = VorstApp(workspace)
    async with app.run_test(size=SIZE) as pilot:
        await app.workers.wait_for_complete()
        for key in keys:
            await pilot.press(key)
            await settled(app, pilot)
        (FOLDER / f"{name}.svg").write_text(
            app.export_screenshot(title=f"vorst tui: {name}"), encoding="utf-8"
        )


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, keys in SHOTS.items():
        await take(Workspace(Path(sys.argv[1])), name, keys)


if __name__ == "__main__":
    asyncio.run(main())
