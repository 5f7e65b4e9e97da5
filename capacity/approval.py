"""Whether a plan is the approved one: its content against who approved what.

A plan is approved by its content. One whose file was altered afterwards is another plan, whatever hash stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from capacity.plan import Plan, sealed
from inventory.records import Approval

APPROVED = "approved"
CHANGED = "changed"
SUPERSEDED = "superseded"
NOT_APPROVED = "not approved"


@dataclass(frozen=True, slots=True)
class Standing:
    """`state` is one of the above; `by` and `at` are of the approval that it speaks of, empty where there is none.

    Changed: somebody approved this plan, and its content was altered since. Superseded: it was approved as it stands,
    and another plan was approved after it, at `later`. No note stands here: reports show this to every partner.
    """

    state: str
    by: str = ""
    at: datetime | None = None
    later: datetime | None = None

    @property
    def is_approved(self) -> bool:
        return self.state == APPROVED


def standing(plan: Plan, approvals: Sequence[Approval]) -> Standing:
    """How a plan stands; `approvals` are the workspace's, the newest first, which is the one that counts."""
    content = sealed(plan).content_hash
    for approval in approvals:
        if approval.plan_hash == content:
            newest = approvals[0]
            if newest.plan_hash == content:
                return Standing(APPROVED, approval.by, approval.at)
            return Standing(SUPERSEDED, approval.by, approval.at, newest.at)
    for approval in approvals:
        if approval.plan_hash == plan.content_hash:
            return Standing(CHANGED, approval.by, approval.at)
    return Standing(NOT_APPROVED)
