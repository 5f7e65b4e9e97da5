"""How screens look, as pictures: a few, at both sizes and in both themes; `--snapshot-update` takes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_cases import some_states
from tui_cases import NOON

from tui import scenario_states
from tui.app import VorstApp
from tui.workspace import Workspace

SHOTS = [
    ("overview-wide-dark", (200, 60), "1"),
    ("room-narrow-dark", (80, 24), "3"),
    ("hall-wide-light", (200, 60), "4,d"),
    ("plan-narrow-light", (80, 24), "6,d,u"),
    ("waves-narrow-dark", (80, 24), "7,enter"),
    ("risk-narrow-dark", (80, 24), "i"),
    ("groups-wide-light", (200, 60), "b,d"),
    ("scenarios-wide-dark", (160, 40), "w,down,space,down"),
    ("scenarios-narrow-light", (80, 24), "w,d,down"),
]


@pytest.mark.parametrize(("size", "keys"), [shot[1:] for shot in SHOTS], ids=[shot[0] for shot in SHOTS])
def test_looks_as_before(snap_compare, monkeypatch, loaded, size, keys):
    monkeypatch.setattr("tui.app.load", lambda *_arguments: loaded)
    monkeypatch.setattr(scenario_states, "has_scenarios", lambda _: True)
    monkeypatch.setattr(scenario_states, "scenario_states", lambda *_: some_states())
    app = VorstApp(Workspace(Path("workspace")), clock=lambda: NOON)

    async def before(pilot):
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.press(*keys.split(","))
        await app.workers.wait_for_complete()
        await pilot.pause()
        await pilot.pause()

    assert snap_compare(app, run_before=before, terminal_size=size)
