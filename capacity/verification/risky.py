"""Rule on risky moves: groups with critical applications of one tenant never move at the same time."""

from __future__ import annotations

from collections import defaultdict

from capacity.plan import Step
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE, Interval, overlap
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted


def check(view: View, findings: Findings) -> None:
    moves: dict[int, dict[str, list[Interval]]] = defaultdict(lambda: defaultdict(list))
    for step in view.plan.steps:
        if step.kind in TOUCHING:
            for tenant in _tenants(view, step):
                # Steps of one group are one move; a step without a group is one of its own.
                move = f"group {step.group}" if step.group else f"step {step.id}"
                moves[tenant][move].append((view.begins(step), view.ends(step)))
    for tenant, by_move in sorted(moves.items()):
        _apart(view, tenant, by_move, findings)


def _tenants(view: View, step: Step) -> set[int]:
    """Tenants of the critical applications a step touches: the application's, else the asset's."""
    found = set()
    for ref in dict.fromkeys(move.asset for move in step.moves):
        asset = view.asset(ref)
        for application in view.applications_of.get(ref, ()):
            class_, tenant = application.criticality, application.tenant_id
            tenant = asset.tenant_id if tenant is None and asset is not None else tenant
            if class_ is not None and class_ <= view.plan.calendar.risky_criticality and tenant is not None:
                found.add(tenant)
    return found


def _apart(view: View, tenant: int, by_move: dict[str, list[Interval]], findings: Findings) -> None:
    spans = sorted((span, move) for move, intervals in by_move.items() for span in intervals)
    for index, (span, move) in enumerate(spans):
        for other_span, other in spans[index + 1 :]:
            if other_span[0] >= span[1]:
                break
            shared = overlap(span, other_span)
            if other != move and shared > TIME_TOLERANCE:
                row = view.row("tenants", tenant)
                name = f"tenant {row.name if row else tenant}"
                findings.add(
                    "RISKY",
                    name,
                    f"{move} and {other} of {name} are both critical, and move at once for "
                    f"{counted(shared / MINUTE_SECONDS, 'minute')}",
                    "move one after the other",
                    moment=view.moment(other_span[0]),
                    over=(shared / MINUTE_SECONDS, "min"),
                )
                return
