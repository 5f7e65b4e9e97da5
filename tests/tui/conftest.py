"""A workspace on disk with the small hand-made world in it, and a way to drive the app on it without ever sleeping."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from plan_builders import a_plan
from textual.pilot import Pilot
from tui_cases import NOON, loaded_from

from tui.app import VorstApp
from tui.loaded import Loaded
from tui.workspace import Workspace


@pytest.fixture
def loaded() -> Loaded:
    """The small world with its plan."""
    return loaded_from(plan=a_plan())


@dataclass
class Session:
    """A running app: press keys and read the screen."""

    app: VorstApp
    pilot: Pilot[None]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        await self.app.workers.wait_for_complete()
        await self.pilot.pause()
        await self.pilot.pause()

    @property
    def lines(self) -> list[str]:
        """The screen as text, line by line."""
        width, height = self.app.size
        compositor = self.app.screen._compositor
        strips = compositor.render_strips(self.app.size)
        assert len(strips) == height
        return [strip.text[:width] for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


Open = Callable[..., AbstractAsyncContextManager[Session]]


@pytest.fixture
def open_app(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open the app on documents, or on an error instead of documents."""

    @asynccontextmanager
    async def opened(
        documents: Loaded | Exception, *, size: tuple[int, int] = (80, 24), light: bool = False
    ) -> AsyncIterator[Session]:
        def read(_workspace, _plan_file, progress):
            progress("inventory", 0, 1)
            if isinstance(documents, Exception):
                raise documents
            return documents

        monkeypatch.setattr("tui.app.load", read)
        app = VorstApp(Workspace(Path("workspace")), clock=lambda: NOON)
        async with app.run_test(size=size) as pilot:
            session = Session(app, pilot)
            await session.settle()
            if light:
                await session.press("d")
            yield session

    return opened
