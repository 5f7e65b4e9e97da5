"""Packings out of the columns of bins of several types: fix what is surest, generate columns for what is left (diving).

As for identical bins (Sadykov, Vanderbeck, Tahiri, Pessoa, Uchoa 2019), with costs perturbed to reach another vertex at
every dive. What no bin in stock holds in the end is left out; the search may find it a place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capacity.solvers.packing_dive import CARRIED, refine, surest
from capacity.solvers.packing_types_columns import DIVING_NODES, Column, Columns

Ints = NDArray[np.int64]

SPREAD = 0.02  # of costs, at random


def dive(columns: Columns, rng: np.random.Generator) -> list[Column]:
    """A packing of as much as finds a bin. Its bins join the pool."""
    offer = columns.offer
    kinds, step = np.arange(len(offer.copies)), columns
    copies, used = offer.copies.copy(), np.zeros(len(offer.cost), dtype=np.int64)
    packed: list[Column] = []
    while len(kinds) and not columns.budget.over():
        values = step.cover(1.0 + SPREAD * rng.random(len(step.pool)), 1e-6)[0][: len(step.pool)]
        stock, bins = offer.stock - used, offer.most_bins - int(used.sum())
        chosen = surest(values, step.column, copies[kinds], stock, bins)
        if not chosen:
            break
        for number in chosen:
            kind, inside = step.column(number)
            kept = []
            for item in kinds[list(inside)].tolist():
                if copies[item] > 0:
                    copies[item] -= 1
                    kept.append(item)
            if kept:
                packed.append((kind, tuple(kept)))
                used[kind] += 1
        left = np.flatnonzero(copies > 0)
        carried = _carried(step, kinds, left, len(copies))
        kinds = left
        step = Columns(offer.part(left, copies[left], used), columns.budget)
        step.duals, step.of_bin = columns.duals[left], columns.of_bin
        step.add(carried)
        if len(left):
            refine(step, len(left), DIVING_NODES)
    columns.add(packed)
    return packed


def _carried(columns: Columns, kinds: Ints, left: Ints, many: int) -> list[Column]:
    """The best columns of this step, without what is packed, numbered as the next step numbers kinds."""
    number = np.full(many, -1, dtype=np.int64)
    number[left] = np.arange(len(left))
    carried: list[Column] = []
    for row in np.argsort(-columns.gains(), kind="stable")[: CARRIED * len(left) + 100].tolist():
        kind, inside = columns.column(row)
        kept = [at for at in number[kinds[list(inside)]].tolist() if at >= 0]
        if kept:
            carried.append((kind, tuple(kept)))
    return carried
