"""`vorst tui` in a real terminal: tmux runs it on a small workspace, keys go in, the screen comes out."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from plan_builders import a_plan

from inventory.documents import to_json
from tui.workspace import init_workspace

PATIENCE_S = 60


class Terminal:
    """A tmux session of its own server, so that nobody else's is touched."""

    def __init__(self, folder: Path, command: str, columns: int, rows: int) -> None:
        self.socket = str(folder / "tmux.sock")
        self._tmux("new-session", "-d", "-s", "t", "-x", str(columns), "-y", str(rows), command)

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-f", "/dev/null", "-S", self.socket, *arguments],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def press(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", "t", *keys)

    @property
    def text(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "t")

    def wait_for(self, words: str) -> str:
        """The screen once it shows these words; another program's screen has no event to wait on."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if words in (shown := self.text):
                return shown
            time.sleep(0.1)
        pytest.fail(f"{words!r} never appeared in:\n{self.text}")

    def wait_until_gone(self, words: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while words in self.text:
            assert time.monotonic() < until, self.text
            time.sleep(0.1)

    def has_ended(self) -> bool:
        gone = subprocess.run(
            ["tmux", "-S", self.socket, "has-session", "-t", "t"], capture_output=True, check=False
        )
        return gone.returncode != 0

    def close(self) -> None:
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)


@pytest.mark.needs("tmux")
@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (200, 60)])
def test_a_person_goes_through_the_screens(tmp_path, columns, rows):
    folder = tmp_path / "W"
    init_workspace(folder)
    # A plan of another estate: it is shown, and the proof says what it breaks.
    (folder / "plan.json").write_text(to_json(a_plan()))
    vorst = Path(sys.executable).with_name("vorst")
    terminal = Terminal(tmp_path, f"{vorst} -C {folder} tui", columns, rows)
    try:
        terminal.wait_for("breaks")
        terminal.press("9")
        assert "INPUT-ESTATE" in terminal.wait_for("INPUT-ESTATE")
        terminal.press("4")
        terminal.wait_for("Vorst, hall H1")
        terminal.press("7")
        shown = terminal.wait_for("Wave 2")
        assert max(len(line) for line in shown.splitlines()) <= columns
        terminal.press("?")
        terminal.wait_for("Keys: Waves")
        terminal.press("Escape")
        terminal.wait_until_gone("Keys: Waves")
        terminal.press("q")
        until = time.monotonic() + PATIENCE_S
        while not terminal.has_ended() and time.monotonic() < until:
            time.sleep(0.1)
        assert terminal.has_ended()
    finally:
        terminal.close()
