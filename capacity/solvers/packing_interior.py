"""Well-centred duals of a set-covering linear program: what column generation needs instead of a vertex.

A primal-dual interior point (Mehrotra 1992) stopped early gives duals from the middle of the optimal face, so that
far fewer rounds of pricing are needed than with a simplex's vertices (Gondzio, González-Brevis, Munari 2013).
Compiled, dense Cholesky over the rows, no linear-algebra library: the same bits whatever the number of threads.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_STEPS = 80
BLOCK = 48


@njit(cache=True, nogil=True)
def factor(a: Floats) -> None:
    """Cholesky of the lower triangle of `a`, in place, by blocks."""
    n = len(a)
    for begin in range(0, n, BLOCK):
        end = min(n, begin + BLOCK)
        width = end - begin
        for j in range(begin, end):
            pivot = a[j, j]
            for p in range(begin, j):
                pivot -= a[j, p] * a[j, p]
            # A pivot lost to rounding: its row is fixed, as usual in interior-point codes.
            root = np.sqrt(pivot) if pivot > 1e-30 else 1e15
            a[j, j] = root
            inverse = 1.0 / root
            for i in range(j + 1, n):
                value = a[i, j]
                for p in range(begin, j):
                    value -= a[i, p] * a[j, p]
                a[i, j] = value * inverse
        turned = np.empty((width, n - end))
        for i in range(end, n):
            for p in range(width):
                turned[p, i - end] = a[i, begin + p]
        for i in range(end, n):
            row = a[i]
            many = i - end + 1
            p = 0
            while p + 4 <= width:
                f0, f1, f2, f3 = row[begin + p], row[begin + p + 1], row[begin + p + 2], row[begin + p + 3]
                t0, t1, t2, t3 = turned[p], turned[p + 1], turned[p + 2], turned[p + 3]
                for j in range(many):
                    row[end + j] -= f0 * t0[j] + f1 * t1[j] + f2 * t2[j] + f3 * t3[j]
                p += 4
            while p < width:
                f0 = row[begin + p]
                for j in range(many):
                    row[end + j] -= f0 * turned[p, j]
                p += 1


@njit(cache=True, nogil=True)
def substitute(a: Floats, right: Floats) -> None:
    """Solve with the factor of `factor`; the answer stands in `right`."""
    n = len(a)
    for i in range(n):
        value = right[i]
        for j in range(i):
            value -= a[i, j] * right[j]
        right[i] = value / a[i, i]
    for i in range(n - 1, -1, -1):
        value = right[i] / a[i, i]
        right[i] = value
        for j in range(i):
            right[j] -= a[i, j] * value


@njit(cache=True, nogil=True)
def _longest(values: Floats, moves: Floats) -> float:
    longest = 1.0
    for i in range(len(values)):
        if moves[i] < 0 and -values[i] > moves[i] * longest:
            longest = -values[i] / moves[i]
    return longest


@njit(cache=True, nogil=True)
def _direction(
    pointers: Ints,
    rows: Ints,
    amounts: Floats,
    triangle: Floats,
    point: tuple[Floats, Floats, Floats, Floats],
    missing: Floats,
    uncosted: Floats,
    target_x: Floats,
    target_s: Floats,
) -> tuple[Floats, Floats, Floats, Floats]:
    x, s, y, z = point
    columns, count = len(x), len(y)
    dy = missing + target_s / y
    part = (target_x - x * uncosted) / z
    for j in range(columns):
        for at in range(pointers[j], pointers[j + 1]):
            dy[rows[at]] -= amounts[at] * part[j]
    substitute(triangle, dy)
    dz = uncosted.copy()
    for j in range(columns):
        for at in range(pointers[j], pointers[j + 1]):
            dz[j] -= amounts[at] * dy[rows[at]]
    dx = (target_x - x * dz) / z
    ds = np.empty(count)
    for i in range(count):
        ds[i] = (target_s[i] - s[i] * dy[i]) / y[i]
    return dx, ds, dy, dz


@njit(cache=True, nogil=True)
def cover(
    pointers: Ints,
    rows: Ints,
    amounts: Floats,
    costs: Floats,
    demand: Floats,
    tolerance: float,
    halt: NDArray[np.uint8],
) -> tuple[Floats, Floats, float, float, int]:
    """Least `costs` [columns] > 0 of covering `demand` [rows], in fractions, until the gap is `tolerance` of the value.

    Column j holds `amounts` of `rows` at `pointers[j]:pointers[j + 1]`. Every row needs a column.
    Stops early when another thread sets `halt` [1].
    Gives column values, duals of the rows (≥ 0), primal value, dual value, steps. Duals violate their constraints
    by rounding only, but callers wanting a bound must prove it themselves.
    """
    columns, count = len(pointers) - 1, len(demand)
    deepest = 1.0
    for j in range(columns):
        total = 0.0
        for at in range(pointers[j], pointers[j + 1]):
            total += amounts[at]
        deepest = max(deepest, total / costs[j])
    y = np.full(count, 0.5 / deepest)
    x = np.full(columns, max(demand.sum() / columns, 1e-2))
    reached = np.zeros(count)
    z = costs.copy()
    for j in range(columns):
        for at in range(pointers[j], pointers[j + 1]):
            reached[rows[at]] += amounts[at] * x[j]
            z[j] -= amounts[at] * y[rows[at]]
    s = np.maximum(reached - demand, 0.1)
    triangle = np.empty((count, count))
    primal, dual = np.inf, 0.0
    steps = 0
    while steps < MOST_STEPS and not (halt[0] and steps > 0):
        missing = demand + s
        uncosted = costs - z
        for j in range(columns):
            for at in range(pointers[j], pointers[j + 1]):
                missing[rows[at]] -= amounts[at] * x[j]
                uncosted[j] -= amounts[at] * y[rows[at]]
        gap = (x * z).sum() + (s * y).sum()
        mean = gap / (columns + count)
        primal, dual = (costs * x).sum(), (demand * y).sum()
        off = max(np.abs(missing).max(), np.abs(uncosted).max())
        if off < 1e-6 and gap < tolerance * max(1.0, primal):
            break
        steps += 1
        triangle[:, :] = 0.0
        for j in range(columns):
            ratio = x[j] / z[j]
            for one in range(pointers[j], pointers[j + 1]):
                for two in range(pointers[j], pointers[j + 1]):
                    if rows[two] <= rows[one]:
                        triangle[rows[one], rows[two]] += ratio * amounts[one] * amounts[two]
        for i in range(count):
            triangle[i, i] += s[i] / y[i] + 1e-11
        factor(triangle)
        point = (x, s, y, z)
        dx, ds, dy, dz = _direction(
            pointers, rows, amounts, triangle, point, missing, uncosted, -x * z, -s * y
        )
        on_x = min(_longest(x, dx), _longest(s, ds))
        on_y = min(_longest(y, dy), _longest(z, dz))
        after = ((x + on_x * dx) * (z + on_y * dz)).sum() + ((s + on_x * ds) * (y + on_y * dy)).sum()
        centre = mean * (after / gap) ** 3
        dx, ds, dy, dz = _direction(
            pointers,
            rows,
            amounts,
            triangle,
            point,
            missing,
            uncosted,
            centre - x * z - dx * dz,
            centre - s * y - ds * dy,
        )
        on_x = min(1.0, 0.99 * min(_longest(x, dx), _longest(s, ds)))
        on_y = min(1.0, 0.99 * min(_longest(y, dy), _longest(z, dz)))
        x += on_x * dx
        s += on_x * ds
        y += on_y * dy
        z += on_y * dz
    return x, y, primal, dual, steps
