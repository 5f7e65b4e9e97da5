"""The approvals of a workspace, and the approved plan, for whoever shows or compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import InputError
from tui.workspace import Workspace

if TYPE_CHECKING:
    from capacity.approval import Standing
    from capacity.plan import Plan
    from inventory.records import Approval


def approvals(workspace: Workspace) -> tuple[Approval, ...]:
    """Every approval, the newest first."""
    from inventory.approvals import approvals as recorded

    with workspace.open_database() as database:
        return recorded(database)


def standing_of(workspace: Workspace, plan: Plan) -> Standing:
    """Whether a plan is the approved one."""
    from capacity.approval import standing

    return standing(plan, approvals(workspace))


def approved_plan(workspace: Workspace) -> tuple[Approval, Plan]:
    """The approval that counts, and its plan as it was approved. Raises InputError where no plan is approved."""
    from capacity.plan import Plan
    from inventory.approvals import approvals as recorded
    from inventory.approvals import approved_document
    from inventory.documents import from_data

    with workspace.open_database() as database:
        found = recorded(database)
        if not found:
            raise InputError(
                "no plan is approved",
                where=str(workspace.folder),
                remedy="approve one, `vorst approve plan.json --by NAME`, or name two plans to compare",
            )
        document = approved_document(database, found[0])
    return found[0], from_data(Plan, document, where=f"approval {found[0].id}")
