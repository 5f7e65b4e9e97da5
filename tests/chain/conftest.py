"""Workspaces that hold a recorded NetBox, made once for all tests of the chain; a test that changes one copies it."""

from __future__ import annotations

import shutil
from pathlib import Path

import netbox_overlay as overlay
import pytest
from command_line import well
from netbox_server import RecordedNetBox


@pytest.fixture(scope="session")
def recorded(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the recording as it is, and its plan."""
    folder = tmp_path_factory.mktemp("recorded")
    with RecordedNetBox(shared_dir / "netbox") as netbox:
        overlay.pull(netbox, folder)
    well(folder, "plan")
    return folder


@pytest.fixture(scope="session")
def overlaid(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with recording and overlay, some names turned hostile; nobody of it is entitled."""
    folder = tmp_path_factory.mktemp("overlaid")
    with RecordedNetBox(shared_dir / "netbox") as netbox:
        overlay.cable_feeds(netbox)
        for device in netbox.rows["dcim/devices"]:
            device["name"] = overlay.HOSTILE.get(device["name"], device["name"])
        overlay.pull(netbox, folder)
    overlay.lay_over(folder)
    return folder


@pytest.fixture(scope="session")
def proven(overlaid: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with an entitlement for the recording's partner, and its plan."""
    folder = tmp_path_factory.mktemp("proven")
    shutil.copytree(overlaid, folder, dirs_exist_ok=True)
    overlay.entitle(folder)
    well(folder, "plan")
    return folder
