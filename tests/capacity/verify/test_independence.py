"""The checker is a stranger to the planners: what it imports, and what that imports in turn, plans nothing."""

from __future__ import annotations

import ast
from pathlib import Path

SCHEMAS = {"capacity.plan", "capacity.facility", "capacity.calendar", "capacity.resources"}


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith(("capacity.", "inventory."))}


def _file_of(root: Path, module: str) -> Path | None:
    path = root / module.replace(".", "/")
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.exists()), None)


def _reached(root: Path, start: list[Path]) -> set[str]:
    """Modules of capacity that these files import, directly or not."""
    waiting, seen = list(start), set(start)
    found: set[str] = set()
    while waiting:
        for module in _imports(waiting.pop()):
            file = _file_of(root, module)
            if file is not None and module.startswith("capacity."):
                found.add(module)
            if file is not None and file not in seen:
                seen.add(file)
                waiting.append(file)
    return found


def test_the_checker_reaches_nothing_that_plans(repo_root: Path) -> None:
    own = [repo_root / "capacity/verify.py", *sorted((repo_root / "capacity/verification").glob("*.py"))]
    reached = {
        m for m in _reached(repo_root, own) if not m.startswith(("capacity.verification", "capacity.verify"))
    }

    assert len(own) > 10
    assert reached == SCHEMAS


def test_the_test_would_notice_a_planner(repo_root: Path) -> None:
    assert not _reached(repo_root, [repo_root / "capacity/placement.py"]) <= SCHEMAS
