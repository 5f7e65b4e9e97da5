"""Lower bounds on what stays out that totals don't see: zones whose racks are whole, and lines too slow for a horizon.

Racks serve one zone each, so an owner's racks are split between its zones, and no split may do better than what the
best one leaves out. Copies pass over a site's lines at the share left to them, so within a horizon only so much
passes. Totals of owners and of the whole are `bounds`'.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capacity.belonging import Belonging
from capacity.calendar import Calendar
from capacity.plan import AssetDemand, Bound
from capacity.resources import TOLERANCE, replication_seconds
from capacity.timetable.lines import summed_rates
from inventory.estate import Estate, Ref

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COPY_BASIS = "copies within the calendar's horizon, at the share of its lines left to them, back to back"


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone of an owner: [items × dimensions] what its items take, how many assets each is, what its standing racks
    have left [dimensions], and what each new rack would bring, best first in each dimension [racks × dimensions].
    """

    demand: Floats
    value: Floats
    standing: Floats
    new: Floats

    def out_with(self, most: int) -> Ints:
        """How many assets at least stay out with 0, 1, …, `most` new racks, [most + 1]: the most of any dimension."""
        racks = np.arange(most + 1)
        least = np.zeros(most + 1, dtype=np.int64)
        for d in range(self.demand.shape[1]):
            grown = np.concatenate([[0.0], np.cumsum(self.new[:, d])])
            capacity = self.standing[d] + grown[np.minimum(racks, len(grown) - 1)]
            least = np.maximum(least, _forced_out(self.demand[:, d], self.value, capacity))
        return least


def _forced_out(amounts: Floats, value: Floats, capacities: Floats) -> Ints:
    """How many assets at least stay out for each of several capacities: the largest for their count go first."""
    counted = amounts > 0
    amounts, value = amounts[counted], value[counted]
    order = np.argsort(value / amounts, kind="stable")
    gone = np.concatenate([[0.0], np.cumsum(amounts[order])])
    lost = np.concatenate([[0.0], np.cumsum(value[order])])
    excess = np.clip(gone[-1] - capacities - TOLERANCE, 0.0, gone[-1])
    found: Ints = np.ceil(np.interp(excess, gone, lost) - 1e-9).astype(np.int64)
    return found


def split_out(zones: Sequence[Zone], most: int) -> int:
    """Assets that stay out however at most `most` new racks are split between the zones."""
    best = np.zeros(most + 1, dtype=np.int64)
    for zone in zones:
        mine = zone.out_with(most)
        # Racks up to n: k of them here, the others where it was best before.
        best = np.array([int((best[: n + 1][::-1] + mine[: n + 1]).min()) for n in range(most + 1)])
    return int(best[most])


def copies_out(
    estate: Estate,
    calendar: Calendar,
    demands: Mapping[Ref, AssetDemand],
    workloads: Iterable[Ref],
    target: str,
) -> list[Bound]:
    """By site: workloads whose disks can't pass its lines within the horizon. Those of no known site are not counted.

    `target`: slug of the site that is moved to, from which nothing need be copied. Where data can go by van no line
    is too slow. Changes are left out of it: with them a copy only takes longer.
    """
    belonging, rates = Belonging(estate), summed_rates(estate)
    sites = estate.by_id("sites")
    disks: dict[int, list[float]] = defaultdict(list)
    for ref in workloads:
        site = belonging.site_of(ref)
        if site in sites and sites[site].slug != target:
            used_mb = demands[ref].quantities["disk_mb"].planning
            disks[site].append(used_mb * calendar.work.replication_factor / calendar.work.compression)
    seconds = (calendar.horizon_end - calendar.start).total_seconds()
    boxes = sum(r.capacity for r in calendar.resources if r.name == "appliance")
    if boxes and calendar.work.appliance_mbps and calendar.work.appliance_mb:
        return []
    found = []
    for site, amounts in sorted(disks.items()):
        rate_mbps = rates.get(site, 0.0) * calendar.work.replication_share
        capacity = seconds / replication_seconds(1.0, rate_mbps) if rate_mbps > 0 else 0.0
        out = int(_forced_out(np.array(amounts), np.ones(len(amounts)), np.array([capacity]))[0])
        if out:
            circuits = [c for c in estate.circuits if site in c.site_ids and c.status == "active"]
            path = f"estate.circuits[{circuits[0].id}].rate_mbps" if circuits else "estate.circuits"
            total = math.fsum(amounts)
            found.append(
                Bound(
                    "unplaced",
                    f"site {sites[site].name}",
                    "rate_mbps",
                    total,
                    capacity,
                    float(out),
                    path,
                    COPY_BASIS,
                )
            )
    return found
