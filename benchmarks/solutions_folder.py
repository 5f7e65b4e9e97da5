"""The folder answers are written to, made before anything is solved."""

from __future__ import annotations

from pathlib import Path

from inventory.errors import VorstError


def made(folder: Path | None) -> None:
    """Make the folder where there is to be one. Raises VorstError where that can't be."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VorstError(
            f"can't be made a folder: {error.strerror}",
            where=str(folder),
            remedy="give --solutions a folder, or one that isn't there yet",
        ) from error
