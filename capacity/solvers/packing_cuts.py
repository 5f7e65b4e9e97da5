"""Inequalities that fractions of columns break and whole columns keep: of any three items, two bins' worth of cover.

Halving the covering rows of three kinds of one copy each and rounding up (Chvátal and Gomory; the subset-row cuts of
Jepsen, Petersen, Spoorendonk, Pisinger 2008 in their covering form): a column with one or two of the three counts
once, one with all three twice, and together they must count two.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEAST_BREACH = 0.02
ACTIVE = 1e-5  # of a column's value


@njit(cache=True, nogil=True)
def separate(
    pointers: Ints,
    ids: Ints,
    amounts: Floats,
    values: Floats,
    is_single: NDArray[np.bool_],
    most: int,
    each: int,
) -> Ints:
    """Up to `most` triples of single-copy kinds [cuts × 3] whose inequality the column `values` break, most first.

    A kind is in at most `each` of them.
    """
    kinds = len(is_single)
    together = np.zeros((kinds, kinds))
    covered = np.zeros(kinds)
    counts = np.zeros(kinds + 1, np.int64)
    for j in range(len(values)):
        if values[j] <= ACTIVE:
            continue
        for one in range(pointers[j], pointers[j + 1]):
            covered[ids[one]] += values[j] * amounts[one]
            counts[ids[one] + 1] += 1
            for two in range(pointers[j], pointers[j + 1]):
                if one != two:
                    together[ids[one], ids[two]] += values[j]
    starts = np.cumsum(counts)
    holding = np.empty(starts[-1], np.int64)
    at = starts[:-1].copy()
    for j in range(len(values)):
        if values[j] > ACTIVE:
            for one in range(pointers[j], pointers[j + 1]):
                holding[at[ids[one]]] = j
                at[ids[one]] += 1
    triples = np.empty((4096, 3), np.int64)
    breaches = np.empty(4096)
    found = 0
    for a in range(kinds):
        if not is_single[a]:
            continue
        for b in range(a + 1, kinds):
            # One of the three pairs has a third of the breach at least; take it as (a, b).
            if together[a, b] < 1.0 / 3.0 or not is_single[b]:
                continue
            for c in range(kinds):
                if c in {a, b} or not is_single[c]:
                    continue
                if together[a, c] > together[a, b] or together[b, c] > together[a, b]:
                    continue
                saved = together[a, b] + together[a, c] + together[b, c]
                breach = 2.0 - covered[a] - covered[b] - covered[c] + saved
                if breach < LEAST_BREACH:
                    continue
                for h in range(starts[c], starts[c + 1]):
                    j = holding[h]
                    of_both = 0
                    for one in range(pointers[j], pointers[j + 1]):
                        if ids[one] in {a, b}:
                            of_both += 1
                    if of_both == 2:
                        breach -= 2.0 * values[j]
                if breach < LEAST_BREACH or found == len(triples):
                    continue
                triples[found, 0], triples[found, 1], triples[found, 2] = a, b, c
                breaches[found] = breach
                found += 1
    order = np.argsort(-breaches[:found], kind="mergesort")
    used = np.zeros(kinds, np.int64)
    kept = np.empty((min(found, most), 3), np.int64)
    number = 0
    for place in order:
        a, b, c = triples[place]
        if number == most:
            break
        if used[a] < each and used[b] < each and used[c] < each:
            used[a] += 1
            used[b] += 1
            used[c] += 1
            kept[number] = triples[place]
            number += 1
    return kept[:number]


@njit(cache=True, nogil=True)
def extended(pointers: Ints, ids: Ints, amounts: Floats, kinds: int, cuts: Ints) -> tuple[Ints, Ints, Floats]:
    """The columns with rows for the `cuts` behind those of the kinds."""
    starts = np.zeros(kinds + 1, np.int64)
    for cut in range(len(cuts)):
        for kind in cuts[cut]:
            starts[kind + 1] += 1
    starts = np.cumsum(starts)
    cutting = np.empty(starts[-1], np.int64)
    at = starts[:-1].copy()
    for cut in range(len(cuts)):
        for kind in cuts[cut]:
            cutting[at[kind]] = cut
            at[kind] += 1
    columns = len(pointers) - 1
    new_pointers = np.zeros(columns + 1, np.int64)
    room = len(ids)
    for one in range(len(ids)):
        room += starts[ids[one] + 1] - starts[ids[one]]
    new_ids = np.empty(room, np.int64)
    new_amounts = np.empty(room)
    hits = np.zeros(len(cuts), np.int64)
    touched = np.empty(len(cuts), np.int64)
    end = 0
    for j in range(columns):
        many = 0
        for one in range(pointers[j], pointers[j + 1]):
            kind = ids[one]
            new_ids[end], new_amounts[end] = kind, amounts[one]
            end += 1
            for h in range(starts[kind], starts[kind + 1]):
                cut = cutting[h]
                if hits[cut] == 0:
                    touched[many] = cut
                    many += 1
                hits[cut] += 1
        for t in range(many):
            cut = touched[t]
            new_ids[end], new_amounts[end] = kinds + cut, float((hits[cut] + 1) // 2)
            end += 1
            hits[cut] = 0
        new_pointers[j + 1] = end
    return new_pointers, new_ids[:end], new_amounts[:end]


@njit(cache=True, nogil=True)
def worths(pointers: Ints, ids: Ints, amounts: Floats, duals: Ints) -> Ints:
    """Each column's value under whole duals of the rows."""
    columns = len(pointers) - 1
    values = np.zeros(columns, np.int64)
    for j in range(columns):
        for one in range(pointers[j], pointers[j + 1]):
            values[j] += duals[ids[one]] * np.int64(amounts[one])
    return values
