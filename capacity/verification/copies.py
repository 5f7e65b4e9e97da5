"""Rules on copies: time and line for all that is there and changes meanwhile, and the line held until the cutover ends.

What all copies take of a line together is for `traffic`. A copy goes over the line, or on appliances in a van; what
changes goes over the line either way.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable

from capacity.plan import Step
from capacity.resources import assumed_change_mbps, catching_up_seconds, replication_seconds
from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE, Interval, beyond
from capacity.verification.references import circuit_id
from capacity.verification.view import View
from capacity.verification.violations import Findings, counted, number
from inventory.estate import Circuit, Ref

BY_LINE, BY_TRUCK = "", "truck"

Report = Callable[[str, str, tuple[float, str] | None], None]


def check(view: View, findings: Findings) -> None:
    for step in view.plan.steps:
        if step.kind == "replicate":
            _replication(view, step, findings)
        elif step.kind == "cutover" and step.by == BY_TRUCK:
            _carried(view, step, findings)


def _replication(view: View, step: Step, findings: Findings) -> None:
    assets = [ref for ref in dict.fromkeys(m.asset for m in step.moves) if view.asset(ref) is not None]
    begin = view.begins(step)

    def report(what: str, remedy: str, over: tuple[float, str] | None = None) -> None:
        findings.add(
            "REPLICATION",
            f"step {step.id}",
            f"step {step.id} {what}",
            remedy,
            moment=view.moment(begin),
            over=over,
        )

    sites = {view.site_of(ref) for ref in assets}
    if len(sites) > 1:
        report(
            "replicates assets of several sites",
            "give each site a step of its own",
            (len(sites) - 1.0, "sites"),
        )
        return
    if step.by not in {BY_LINE, BY_TRUCK}:
        report(f"goes by {step.by!r}, which is no way to copy", f'let it go by "{BY_TRUCK}", or leave it out')
        return
    for use in step.uses:
        circuit = view.row("circuits", circuit_id(use.resource))
        wrong = _unfit(circuit, sites) if circuit is not None else None
        if circuit is not None and wrong:
            report(f"replicates over circuit {circuit.cid}, {wrong}", "use an active circuit of its site")
            return
    copied = _by_truck(view, step, assets, report) if step.by else _by_line(view, step, assets, report)
    if copied:
        _kept_up(view, step, assets, findings)


def _unfit(circuit: Circuit, sites: set[int | None]) -> str | None:
    if not circuit.rate_mbps:
        return "whose rate is unknown"
    if circuit.status != "active":
        return f"which is {circuit.status}"
    if not sites <= set(circuit.site_ids):
        return "which does not end at its site"
    return None


# --- what there is to copy ---------------------------------------------------------------------------------------


def changing_mbps(view: View, refs: Iterable[Ref]) -> float:
    """Mbit/s that the changes of assets take of a line: as observed, else the assumed share of their disks."""
    work = view.plan.calendar.work
    total = 0.0
    for ref in refs:
        known = view.demands.of(ref).quantities.get("change_rate_mbps")
        assumed = assumed_change_mbps(view.amount(ref, "disk_mb"), work.change_share_per_day)
        total += known.planning if known is not None else assumed
    return _compressed(view, total)


def _to_send_mb(view: View, refs: Iterable[Ref]) -> float:
    factor = view.plan.calendar.work.replication_factor
    return _compressed(view, sum(view.amount(ref, "disk_mb") for ref in refs) * factor)


def _compressed(view: View, amount: float) -> float:
    return amount / max(view.plan.calendar.work.compression, 1.0)


def _least_held(view: View, step: Step, names: Callable[[str], bool], span: Interval) -> float:
    """The least a step holds at any moment of a span, of the resources of such names together."""
    start, end = span
    uses = [
        (view.clock.seconds(u.start), view.clock.seconds(u.end), u.amount)
        for u in step.uses
        if names(u.resource)
    ]
    edges = {start, *(edge for use in uses for edge in use[:2] if start < edge < end)}
    # Between two edges what is held is constant; a moment less than the tolerance wide is none.
    inner = [edge for edge in edges if end - edge > TIME_TOLERANCE] or [start]
    return min(
        sum(amount for since, until, amount in uses if since <= edge + TIME_TOLERANCE < until)
        for edge in inner
    )


def _is_circuit(name: str) -> bool:
    return circuit_id(name) is not None


# --- the first copy ------------------------------------------------------------------------------------------------


def _by_line(view: View, step: Step, assets: list[Ref], report: Report) -> bool:
    """Whether a copy over the line has caught up by its end; says why not."""
    used_mb, changes = _to_send_mb(view, assets), changing_mbps(view, assets)
    if used_mb <= 0:
        return True
    rate_mbps = _least_held(view, step, _is_circuit, (view.begins(step), view.ends(step)))
    if rate_mbps <= 0:
        report("replicates without holding a circuit", "hold a circuit of its site throughout", None)
        return False
    if rate_mbps <= changes:
        report(
            f"copies at {number(rate_mbps)} Mbit/s what changes by {number(changes)} Mbit/s: it never catches up",
            "hold a higher rate, or copy less at once",
            (changes - rate_mbps, "Mbit/s"),
        )
        return False
    return _lasts(
        view, step, used_mb, rate_mbps, catching_up_seconds(used_mb, rate_mbps, changes), changes, report
    )


def _lasts(
    view: View,
    step: Step,
    used_mb: float,
    rate_mbps: float,
    needed_s: float,
    changes: float,
    report: Report,
) -> bool:
    short = needed_s - (view.ends(step) - view.begins(step))
    if not short > 1.0:
        return True
    more = f", and {number(changes)} Mbit/s of changes" if changes else ""
    report(
        f"copies {number(used_mb)} MB{more} at {number(rate_mbps)} Mbit/s; "
        f"that takes {counted(short / MINUTE_SECONDS, 'minute')} longer",
        "let it last longer, or hold a higher rate",
        (short / MINUTE_SECONDS, "min"),
    )
    return False


def _boxes(used_mb: float, appliance_mb: float) -> float:
    """How many appliances so much needs; never more than can be counted."""
    boxes = used_mb / appliance_mb - 1e-9
    return float(math.ceil(boxes)) if math.isfinite(boxes) else math.inf


def _by_truck(view: View, step: Step, assets: list[Ref], report: Report) -> bool:
    """Whether a copy by van was filled, driven, emptied, and has caught up over the line by its end; says why not."""
    work = view.plan.calendar.work
    used_mb, changes = _to_send_mb(view, assets), changing_mbps(view, assets)
    begin, end = view.begins(step), view.ends(step)
    if not (work.appliance_mb > 0 and work.appliance_mbps > 0):
        report("goes by truck, and the calendar has no appliances", "copy it over the line", None)
        return False
    drives = [
        (view.clock.seconds(u.start), view.clock.seconds(u.end)) for u in step.uses if u.resource == "van"
    ]
    if not drives:
        report("goes by truck and holds no van", "hold a van and its escort on the way", None)
        return False
    leaves, arrives = min(drives)
    emptied = arrives + replication_seconds(used_mb, work.appliance_mbps)
    is_followed_by_van = all(_goes_by_van(view, step, _cutover(view, ref)) for ref in assets)
    changes = 0.0 if is_followed_by_van else changes
    boxes = _boxes(used_mb, work.appliance_mb)
    on_line = [u for u in step.uses if _is_circuit(u.resource) and view.clock.seconds(u.start) < end]
    joins = max([emptied, *([min(view.clock.seconds(u.start) for u in on_line)] if on_line else [])])
    rate_mbps = _least_held(view, step, _is_circuit, (joins, end)) if joins < end else 0.0
    for what, has, needs, unit in (
        ("vans on the way", _least_held(view, step, "van".__eq__, (leaves, arrives)), 1.0, "vans"),
        (
            "crews on the way",
            _least_held(view, step, "crew".__eq__, (leaves, arrives)),
            work.escort_crew,
            "crews",
        ),
        (
            "appliances",
            _least_held(view, step, "appliance".__eq__, (begin, emptied)),
            boxes,
            "appliances",
        ),
        (
            "minutes to fill them",
            (leaves - begin) / MINUTE_SECONDS,
            replication_seconds(used_mb, work.appliance_mbps) / MINUTE_SECONDS,
            "min",
        ),
        (
            "minutes on the way",
            (arrives - leaves) / MINUTE_SECONDS,
            work.transport_minutes,
            "min",
        ),
        (
            "minutes to empty them",
            (end - arrives) / MINUTE_SECONDS,
            (emptied - arrives) / MINUTE_SECONDS,
            "min",
        ),
        (
            "Mbit over the line for what changed on the way",
            rate_mbps * max(end - joins, 0.0),
            changes * (end - begin),
            "Mbit",
        ),
    ):
        if beyond(needs, has) and needs - has > 1e-6 * needs:
            report(
                f"goes by truck with {number(has)} {what}, it needs {number(needs)}",
                "hold more, or let it last longer",
                (needs - has, unit),
            )
            return False
    return True


# --- what changes after it -------------------------------------------------------------------------------------------


def _kept_up(view: View, step: Step, assets: list[Ref], findings: Findings) -> None:
    """The line held from the end of a copy to the end of the cutover: for changes, and for the last of them."""
    ends: dict[Ref, Interval] = {}
    for ref in assets:
        cutover = _cutover(view, ref)
        if (
            cutover is not None
            and not _goes_by_van(view, step, cutover)
            and view.ends(cutover) > view.ends(step)
        ):
            ends[ref] = (view.begins(cutover), view.ends(cutover))
    since = view.ends(step)
    for until in sorted({end for _, end in ends.values()}):
        waiting = [ref for ref in assets if ref in ends and ends[ref][1] >= until]
        changes = changing_mbps(view, waiting)
        if changes > 0:
            held = _least_held(view, step, _is_circuit, (since, until))
            if beyond(changes, held):
                findings.add(
                    "CHANGES",
                    f"step {step.id}",
                    f"after step {step.id} {number(held)} Mbit/s are held for changes of {number(changes)} Mbit/s",
                    "hold its circuit until the cutover is over",
                    moment=view.moment(since),
                    over=(changes - held, "Mbit/s"),
                )
                return
            if not _recent(view, step, waiting, changes, held, ends, findings):
                return
        since = until


def _cutover(view: View, ref: Ref) -> Step | None:
    return next((s for s in view.steps_of.get(ref, ()) if s.kind == "cutover"), None)


def _goes_by_van(view: View, copy: Step, cutover: Step | None) -> bool:
    """Whether what changes after a copy waits for the van of its cutover: no line is held for it."""
    if cutover is None or cutover.by != BY_TRUCK:
        return False
    return _least_held(view, copy, _is_circuit, (view.ends(copy), view.ends(cutover))) <= 0


def _carried(view: View, step: Step, findings: Findings) -> None:
    """Whether a cutover has the vans, crews, appliances and minutes to bring what changed since the copies began."""
    work = view.plan.calendar.work
    begin = view.begins(step)
    megabits: dict[int | None, float] = defaultdict(float)
    for ref in dict.fromkeys(m.asset for m in step.moves):
        copy = next((s for s in view.steps_of.get(ref, ()) if s.kind == "replicate"), None)
        if copy is not None and _goes_by_van(view, copy, step):
            since = view.begins(copy) if copy.by else view.ends(copy)
            megabits[view.site_of(ref)] += changing_mbps(view, [ref]) * max(begin - since, 0.0)
    trips = [amount for amount in megabits.values() if amount > 0]
    if not (work.appliance_mb > 0 and work.appliance_mbps > 0):
        boxes, seconds = math.inf if trips else 0.0, 0.0
    else:
        boxes = sum(_boxes(amount / 8, work.appliance_mb) for amount in trips)
        seconds = max((2 * amount / work.appliance_mbps for amount in trips), default=0.0)
    span = (begin, view.ends(step))
    for what, needs, has, unit in (
        ("vans", float(len(trips)), _least_held(view, step, "van".__eq__, span), "vans"),
        ("crews", work.escort_crew * len(trips), _least_held(view, step, "crew".__eq__, span), "crews"),
        ("appliances", boxes, _least_held(view, step, "appliance".__eq__, span), "appliances"),
        (
            "minutes",
            seconds / MINUTE_SECONDS + (work.transport_minutes if trips else 0.0),
            (span[1] - span[0]) / MINUTE_SECONDS,
            "min",
        ),
    ):
        if beyond(needs, has) and needs - has > 1e-6 * needs:
            findings.add(
                "CHANGES",
                f"step {step.id}",
                f"what changed since the copy goes by truck in step {step.id}, which has {number(has)} {what} for it; "
                f"it needs {number(needs)}",
                "copy later, hold more, or let it last longer",
                moment=view.moment(begin),
                over=(needs - has, unit),
            )
            return


def _recent(
    view: View,
    step: Step,
    waiting: list[Ref],
    changes: float,
    held: float,
    ends: dict[Ref, Interval],
    findings: Findings,
) -> bool:
    """Whether the copy is never older than it may be, and the last changes pass within the cutover."""
    every = view.plan.calendar.work.delta_minutes
    passing = every * changes / held
    budgets = [
        (a.rpo_minutes, a.name)
        for ref in waiting
        for a in view.applications_of.get(ref, ())
        if a.rpo_minutes is not None
    ]
    rpo, name = min(budgets, default=(math.inf, ""))
    if every and beyond(every + passing, rpo):
        findings.add(
            "RPO",
            f"application {name}",
            f"after step {step.id} the copy of application {name} is up to {number(every + passing)} minutes old, "
            f"it may lose {number(rpo)}",
            "send changes more often, or hold more of the line",
            moment=view.moment(view.ends(step)),
            over=(every + passing - rpo, "min"),
        )
        return False
    shortest = min((ends[ref][1] - ends[ref][0]) / MINUTE_SECONDS for ref in waiting)
    if beyond(passing, shortest):
        findings.add(
            "CHANGES",
            f"step {step.id}",
            f"the last changes of step {step.id} take {number(passing)} minutes, its cutover lasts {number(shortest)}",
            "hold more of the line, or let the cutover last longer",
            moment=view.moment(view.ends(step)),
            over=(passing - shortest, "min"),
        )
        return False
    return True
