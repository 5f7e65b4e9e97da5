"""Bins dealt to sectors, and too few bins: who stays out, with as little value as can be.

A greedy by the dot-product rule (Panigrahy, Talwar, Uyeda, Wieder 2011) under several weights of the dimensions, then
tearing down bins and filling again. `packing` calls it where its search for fewer bins can't go: classes of which no
two may be in one sector (bins are dealt to sectors in turn), or a limit on bins that leaves items out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXPONENTS = (1.0, 2.0, 0.5, 0.0, 4.0)  # of a dimension's scarcity in the greedy's weights
EPSILON = 1e-9  # slack of a bin, as a share of it
NOISE = 0.25
OUT = -1


@dataclass(frozen=True, slots=True)
class Dealt:
    """`sizes` [items × dimensions] in the units of `capacity`, `value` [items], `apart` and `sector_apart` classes.

    `fixed` [items] is the bin an item must be in, -1 for any.
    """

    sizes: Floats
    capacity: Floats
    value: Floats
    most_bins: int
    apart: tuple[Ints, ...]
    sector_apart: tuple[Ints, ...]
    sectors: int
    fixed: Ints


def pack_dealt(problem: Dealt, enough: int, *, seed: int, rounds: int) -> Ints:
    """The bin of each item, -1 for out: little value out, then few bins; ends early when all is in `enough` bins."""
    return _Packer(problem, enough, np.random.default_rng(seed)).best(rounds)


class _Packer:
    def __init__(self, problem: Dealt, enough: int, rng: np.random.Generator) -> None:
        self.problem, self.enough, self.rng = problem, enough, rng
        self.count = len(problem.value)
        capacity = np.maximum(problem.capacity, 1e-12)
        self.sizes: Floats = np.ascontiguousarray(problem.sizes / capacity)
        total = self.sizes.sum(axis=0)
        self.scarcity: Floats = total / max(float(total.max(initial=0.0)), 1e-12)
        self.class_ptr, self.class_ids = _by_item(problem.apart, self.count)
        self.sector_ptr, self.sector_ids = _by_item(problem.sector_apart, self.count)
        rows = np.column_stack([self.sizes, np.diff(self.class_ptr), np.diff(self.sector_ptr)])
        kinds = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
        is_bound = (np.diff(self.class_ptr) > 0) | (np.diff(self.sector_ptr) > 0)
        # Items in a class are each of a kind of their own; the rest share a run that the greedy skips along.
        self.kinds: Ints = np.where(is_bound, kinds.max(initial=0) + 1 + np.arange(self.count), kinds)
        size = (self.sizes * self.scarcity).sum(axis=1)
        self.order: Ints = np.lexsort((np.arange(self.count), self.kinds, -size))

    def best(self, rounds: int) -> Ints:
        best = self.fill(self.problem.fixed, EXPONENTS[0], self.order)
        for exponent in EXPONENTS[1:]:
            best = min(best, self.fill(self.problem.fixed, exponent, self.order), key=self.key)
        if (best < 0).any():
            best = self._leave_few_out(best)
        return self._rebuild(best, rounds)

    def key(self, packing: Ints) -> tuple[float, int]:
        return float(self.problem.value[packing < 0].sum()), len(np.unique(packing[packing >= 0]))

    def fill(self, start: Ints, exponent: float, order: Ints, noise: Floats | None = None) -> Ints:
        """Put the unpacked items of `order` into the bins, used ones first."""
        packing = start.copy()
        weights = np.maximum(self.scarcity, 1e-3) ** exponent
        factor = np.ones(self.count) if noise is None else noise
        used = np.unique(packing[packing >= 0])
        unused = np.setdiff1d(np.arange(min(self.problem.most_bins, len(used) + len(order))), used)
        left, in_bin, in_sector = self._state(packing)
        _fill(
            np.concatenate([used, unused]).astype(np.int64),
            order,
            self.sizes,
            self.kinds,
            weights,
            factor,
            (self.class_ptr, self.class_ids, self.sector_ptr, self.sector_ids),
            packing,
            left,
            in_bin,
            in_sector,
        )
        return packing

    def _state(self, packing: Ints) -> tuple[Floats, NDArray[np.uint8], NDArray[np.uint8]]:
        bins = max(1, min(self.problem.most_bins, max(self.count, int(packing.max(initial=0)) + 1)))
        left = np.ones((bins, self.sizes.shape[1]))
        in_bin = np.zeros((bins, max(1, len(self.problem.apart))), dtype=np.uint8)
        in_sector = np.zeros((self.problem.sectors, max(1, len(self.problem.sector_apart))), dtype=np.uint8)
        inside = np.flatnonzero(packing >= 0)
        np.subtract.at(left, packing[inside], self.sizes[inside])
        for number, members in enumerate(self.problem.apart):
            in_bin[packing[members[packing[members] >= 0]], number] = 1
        for number, members in enumerate(self.problem.sector_apart):
            in_sector[packing[members[packing[members] >= 0]] % self.problem.sectors, number] = 1
        return left, in_bin, in_sector

    def _leave_few_out(self, best: Ints) -> Ints:
        """Set the biggest for their value aside first, so that few rather than big ones stay out."""
        room = self.problem.most_bins
        pressure = (self.sizes.sum(axis=0) / max(room, 1e-9)) ** 8
        size = (self.sizes * pressure).sum(axis=1)
        ranked = np.lexsort((np.arange(self.count), -size / self.problem.value))
        excess = float(size[best < 0].sum())
        grown = np.cumsum(size[ranked])
        for share in (0.8, 0.9, 1.0, 1.1, 1.3, 1.6):
            aside = ranked[: int(np.searchsorted(grown, excess * share)) + 1]
            kept = self.order[~np.isin(self.order, aside)]
            for exponent in EXPONENTS[:3]:
                packing = self.fill(self.problem.fixed, exponent, kept)
                for item in aside[::-1]:
                    packing = self.fill(packing, exponent, np.array([item], dtype=np.int64))
                best = min(best, packing, key=self.key)
        return best

    def _rebuild(self, best: Ints, rounds: int) -> Ints:
        current = best
        for _ in range(rounds):
            value, bins = self.key(current)
            if bins == 0 or (value == 0 and bins <= self.enough):
                break
            fullness = self._fullness(current)
            used = np.unique(current[current >= 0])
            emptiest = used[np.argmin(fullness[used])]
            others = self.rng.permutation(used)[: int(self.rng.integers(2, 7))]
            trial = current.copy()
            torn = np.isin(current, np.append(others, emptiest)) & (self.problem.fixed < 0)
            trial[torn] = OUT
            noise = np.exp(self.rng.normal(0.0, NOISE, self.count))
            late = self.order[trial[self.order] < 0]
            trial = self.fill(trial, float(self.rng.choice(EXPONENTS)), late, noise)
            if self._rebuild_key(trial) <= self._rebuild_key(current):
                current = trial
        return min(best, current, key=self.key)

    def _fullness(self, packing: Ints) -> Floats:
        fullness = np.zeros((int(packing.max(initial=0)) + 1, self.sizes.shape[1]))
        inside = packing >= 0
        np.add.at(fullness, packing[inside], self.sizes[inside])
        peak: Floats = fullness.max(axis=1)
        return peak

    def _rebuild_key(self, packing: Ints) -> tuple[float, int, float]:
        used = np.unique(packing[packing >= 0])
        return *self.key(packing), float(self._fullness(packing)[used].min(initial=np.inf))


def _by_item(classes: tuple[Ints, ...], count: int) -> tuple[Ints, Ints]:
    """Classes of items as each item's classes: pointers and numbers."""
    pairs = sorted({(int(item), number) for number, members in enumerate(classes) for item in members})
    sizes = (
        np.bincount([item for item, _ in pairs], minlength=count)
        if pairs
        else np.zeros(count, dtype=np.int64)
    )
    pointers: Ints = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return pointers, np.array([number for _, number in pairs], dtype=np.int64)


@njit(cache=True)
def _fill(
    bins: Ints,
    order: Ints,
    sizes: Floats,
    kinds: Ints,
    weights: Floats,
    noise: Floats,
    classes: tuple[Ints, Ints, Ints, Ints],
    packing: Ints,
    left: Floats,
    in_bin: NDArray[np.uint8],
    in_sector: NDArray[np.uint8],
) -> None:
    class_ptr, class_ids, sector_ptr, sector_ids = classes
    sectors = in_sector.shape[0]
    waiting = len(order)
    for i in order:
        if packing[i] >= 0:
            waiting -= 1
    for b in bins:
        while waiting > 0:
            best, best_score, last_kind = -1, -1.0, -1
            for i in order:
                if packing[i] >= 0 or kinds[i] == last_kind:
                    continue
                last_kind = kinds[i]
                score = 0.0
                fits = True
                for d in range(sizes.shape[1]):
                    if sizes[i, d] > left[b, d] + EPSILON:
                        fits = False
                        break
                    score += weights[d] * sizes[i, d] * left[b, d]
                score *= noise[i]
                if not fits or score <= best_score:
                    continue
                for k in range(class_ptr[i], class_ptr[i + 1]):
                    fits = fits and in_bin[b, class_ids[k]] == 0
                for k in range(sector_ptr[i], sector_ptr[i + 1]):
                    fits = fits and in_sector[b % sectors, sector_ids[k]] == 0
                if fits:
                    best, best_score = i, score
            if best < 0:
                break
            packing[best] = b
            waiting -= 1
            for d in range(sizes.shape[1]):
                left[b, d] -= sizes[best, d]
            for k in range(class_ptr[best], class_ptr[best + 1]):
                in_bin[b, class_ids[k]] = 1
            for k in range(sector_ptr[best], sector_ptr[best + 1]):
                in_sector[b % sectors, sector_ids[k]] = 1
