"""Rule ROLLBACK, on what has to stay where it is while something may have to go back to it.

Its own hardware after a move to the cloud; the hosts of a cluster while its machines may come back or stay; a chassis
while a blade's workload may; and what serves a site (network, power) while workloads may, or hardware is there.
"""

from __future__ import annotations

from collections import defaultdict

from capacity.plan import Step
from capacity.verification.moments import DAY_SECONDS, TIME_TOLERANCE
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Device, Ref

SERVING = ("switch", "router", "firewall", "pdu", "ups", "patch")
GONE = ("offline", "decommissioning", "inventory")
Deadlines = dict[Ref, float]


def check(view: View, deadlines: Deadlines, findings: Findings) -> None:
    """`deadlines`: until when the way back is promised, by asset."""
    _decommissions(view, deadlines, findings)
    _cluster_hosts(view, deadlines, findings)
    _chassis(view, deadlines, findings)
    _serving(view, deadlines, findings)


def _decommissions(view: View, deadlines: Deadlines, findings: Findings) -> None:
    for step in view.plan.steps:
        if step.kind == "decommission":
            for move in step.moves:
                if move.asset in deadlines:
                    _too_early(view, step, move.asset, (deadlines[move.asset], move.asset), "its", findings)


def _too_early(
    view: View, step: Step, asset: Ref, held: tuple[float, Ref], whose: str, findings: Findings
) -> None:
    """Report an asset that leaves before the way back of another (or its own) ends."""
    early = held[0] - view.begins(step)
    if early > TIME_TOLERANCE:
        findings.add(
            "ROLLBACK",
            view.label(asset),
            f"step {step.id} {'moves' if step.kind == 'relocate' else 'clears'} {view.label(asset)} "
            f"{counted(early / DAY_SECONDS, 'day')} before {whose} way back ends",
            "start it after the rollback deadline",
            asset=asset,
            moment=view.moment(view.begins(step)),
            over=(early / DAY_SECONDS, "days"),
        )


def _goes(view: View, ref: Ref) -> Step | None:
    """The step with which hardware leaves its place."""
    return next((s for s in view.steps_of.get(ref, ()) if s.kind in {"retire", "relocate"}), None)


def _cluster_hosts(view: View, deadlines: Deadlines, findings: Findings) -> None:
    machines: dict[int, list[Ref]] = defaultdict(list)
    for machine in view.estate.virtual_machines:
        if machine.cluster_id is not None:
            machines[machine.cluster_id].append(Ref("virtual_machines", machine.id))
    for device in view.estate.devices:
        host = Ref("devices", device.id)
        strategy = view.strategy(host)
        if device.cluster_id is None or not (strategy == "retire" or host in view.placed_devices):
            continue
        staying = [
            ref
            for ref in machines.get(device.cluster_id, [])
            if ref in view.unplaced or view.strategy(ref) == "retain"
        ]
        goes = _goes(view, host)
        if staying:
            findings.add(
                "ROLLBACK",
                view.label(host),
                f"{view.label(host)} is to {strategy} while {view.label(staying[0])} of its cluster stays",
                "retain it while a machine of its cluster stays",
                asset=host,
                moment=view.moment(view.begins(goes)) if goes else None,
                over=(float(len(staying)), "machines"),
            )
        elif goes is not None:
            held = [(deadlines[ref], ref) for ref in machines.get(device.cluster_id, []) if ref in deadlines]
            if held:
                whose = f"the {view.label(max(held)[1])} of its cluster's"
                _too_early(view, goes, host, max(held), whose, findings)


def _chassis(view: View, deadlines: Deadlines, findings: Findings) -> None:
    """A chassis stays where it is while a workload from one of its bays may have to go back into it."""
    inside: dict[int, list[tuple[float, Ref]]] = defaultdict(list)
    for device in view.estate.devices:
        ref = Ref("devices", device.id)
        if device.parent_device_id is not None and ref in view.placed_workloads and ref in deadlines:
            inside[device.parent_device_id].append((deadlines[ref], ref))
    for parent, held in inside.items():
        chassis = Ref("devices", parent)
        goes = _goes(view, chassis)
        if goes is not None:
            whose = f"the {view.label(max(held)[1])} of its bay's"
            _too_early(view, goes, chassis, max(held), whose, findings)


def _serving(view: View, deadlines: Deadlines, findings: Findings) -> None:
    """What serves a site is not taken out before all hardware has left it, and while workloads may come back to it."""
    last: dict[int | None, tuple[float, Ref]] = {}
    for step in view.plan.steps:
        for move in step.moves if step.kind in TOUCHING else ():
            site = view.site_of(move.asset)
            until = view.ends(step) if step.kind == "relocate" else deadlines[move.asset]
            if site not in last or (until, move.asset) > last[site]:
                last[site] = (until, move.asset)
    for device in view.estate.devices:
        ref = Ref("devices", device.id)
        if view.strategy(ref) == "retire" and device.site_id in last and _serves(view, device):
            goes, held = _goes(view, ref), last[device.site_id]
            if goes is not None:
                _too_early(
                    view, goes, ref, held, f"the {view.label(held[1])} of its site's move or", findings
                )


def _serves(view: View, device: Device) -> bool:
    role = view.row("device_roles", device.role_id)
    return device.status not in GONE and role is not None and any(word in role.slug for word in SERVING)
