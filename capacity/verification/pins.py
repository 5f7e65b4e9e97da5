"""Rule PIN: what a person pinned moves between the two moments named, open on the side that names none."""

from __future__ import annotations

import math
from collections import defaultdict

from capacity.verification.moments import MINUTE_SECONDS, TIME_TOLERANCE
from capacity.verification.view import TOUCHING, View
from capacity.verification.violations import Findings, counted
from inventory.estate import Constraint, Ref


def check(view: View, findings: Findings) -> None:
    pins: dict[Ref, list[Constraint]] = defaultdict(list)
    for pin in view.constraints("pin"):
        for member in dict.fromkeys(pin.members):
            pins[member].append(pin)
    for step in view.plan.steps if pins else ():
        if step.kind not in TOUCHING:
            continue
        begin, end = view.begins(step), view.ends(step)
        for ref in dict.fromkeys(move.asset for move in step.moves):
            for pin in (pin for named in view.named_by(ref) for pin in pins.get(named, ())):
                first = view.clock.seconds(pin.start) if pin.start else -math.inf
                last = view.clock.seconds(pin.end) if pin.end else math.inf
                outside = max(first - begin, end - last)
                if outside > TIME_TOLERANCE:
                    findings.add(
                        "PIN",
                        f"step {step.id}",
                        f"step {step.id} touches {view.label(ref)} {counted(outside / MINUTE_SECONDS, 'minute')} "
                        f"{'before' if first - begin > TIME_TOLERANCE else 'after'} "
                        f"{pin.name or f'pin {pin.id}'} lets it move",
                        "move its group within the pin, or lift the pin",
                        asset=ref,
                        moment=view.moment(begin if first - begin > TIME_TOLERANCE else max(begin, last)),
                        over=(outside / MINUTE_SECONDS, "min"),
                    )
