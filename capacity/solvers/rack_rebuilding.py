"""The compiled search of the rack solver: take the emptiest new bin of a group and a few others down, fill again.

A round is kept when no more value is out and no more bins are open than before, and then when the emptiest of them is
no fuller: so one bin after another empties. Each round costs about a copy of the state, whatever was moved; how many
there are, and from where they start, is for `racks`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from capacity.solvers.rack_filling import fill_group
from capacity.solvers.rack_moves import DIMENSIONS, UNPLACED, Arrays, State, close_bin, take_out

FEWEST_OTHERS, MOST_OTHERS = 1, 3  # bins taken down beside the emptiest
EMPTIEST = 2  # one of so many is closed


@njit(cache=True)
def copy_into(source: State, target: State) -> None:
    """Make one state like another; what moves never change (`nodes`) is left."""
    target.occupied[:] = source.occupied
    target.kg_left[:] = source.kg_left
    target.ports_left[:] = source.ports_left
    target.legs[:] = source.legs
    target.row_load[:] = source.row_load
    target.cooling_left[:] = source.cooling_left
    target.owner_w_left[:] = source.owner_w_left
    target.owner_units_left[:] = source.owner_units_left
    target.owner_area_left[:] = source.owner_area_left
    target.stock_left[:] = source.stock_left
    target.place_taken[:] = source.place_taken
    target.bin_group[:] = source.bin_group
    target.item_bin[:] = source.item_bin
    target.part_slot[:] = source.part_slot
    target.part_side[:] = source.part_side
    target.cord_feed[:] = source.cord_feed
    target.cord_leg[:] = source.cord_leg


@njit(cache=True)
def _worth(
    a: Arrays, s: State, items: np.ndarray, value: np.ndarray, caps: np.ndarray, fullness: np.ndarray
) -> float:
    """Value of the group's items that are out; writes how full each bin is, in the dimension it is fullest in."""
    demand = np.zeros((len(fullness), DIMENSIONS))
    out = 0.0
    for i in items:
        b = s.item_bin[i]
        if b < 0:
            out += value[i]
        else:
            for d in range(DIMENSIONS):
                demand[b, d] += a.item_demand[i, d] / caps[d]
    for b in range(len(fullness)):
        fullness[b] = demand[b].max()
    return out


@njit(cache=True)
def _emptiest(s: State, group: int, new: np.ndarray, fullness: np.ndarray, nth: int) -> int:
    """The open new bin that is the `nth` emptiest; the emptiest where there are fewer; -1 for none."""
    first, second = -1, -1
    for b in new:
        if s.bin_group[b] != group:
            continue
        if first < 0 or fullness[b] < fullness[first]:
            first, second = b, first
        elif second < 0 or fullness[b] < fullness[second]:
            second = b
    return int(second) if nth > 0 and second >= 0 else int(first)


@njit(cache=True)
def rebuild(
    a: Arrays,
    current: State,
    trial: State,
    group: int,
    order: np.ndarray,
    bins: np.ndarray,
    new: np.ndarray,
    value: np.ndarray,
    caps: np.ndarray,
    weights: np.ndarray,
    factors: np.ndarray,
    noise: float,
    enough: int,
    rounds: int,
    rng: np.random.Generator,
) -> int:
    """Better `current` in so many rounds, or until nothing is out of at most `enough` new bins; returns the new bins.

    `order` [items of the group] as the greedy takes them, equal types adjacent; `bins` all of the group's, `new` those
    that may be closed; `weights` [rules × DIMENSIONS] and `factors` [rules × items] are the greedy's. `trial` is room
    for another state.
    """
    fullness = np.zeros(len(a.bin_place))
    open_bins = np.empty(len(bins), dtype=np.int64)
    out = _worth(a, current, order, value, caps, fullness)
    opened = 0
    for b in new:
        opened += current.bin_group[b] == group
    copy_into(current, trial)
    for _ in range(rounds):
        if out <= 0 and opened <= enough:
            break
        victim = _emptiest(current, group, new, fullness, int(rng.random() * EMPTIEST))
        count = 0
        for b in bins:
            if current.bin_group[b] == group and b != victim:
                open_bins[count] = b
                count += 1
        if count == 0 and victim < 0:
            break
        least = fullness[_emptiest(current, group, new, fullness, 0)] if victim >= 0 else 0.0
        down = min(count, FEWEST_OTHERS + int(rng.random() * (MOST_OTHERS - FEWEST_OTHERS + 1)))
        is_down = np.zeros(len(a.bin_place), dtype=np.uint8)
        for k in range(down):
            other = k + int(rng.random() * (count - k))
            open_bins[k], open_bins[other] = open_bins[other], open_bins[k]
            is_down[open_bins[k]] = 1
        if victim >= 0:
            is_down[victim] = 1
        for i in order:
            if trial.item_bin[i] >= 0 and is_down[trial.item_bin[i]]:
                take_out(a, trial, i)
        if victim >= 0:
            close_bin(a, trial, victim)
        late = order[trial.item_bin[order] == UNPLACED]
        rule = int(rng.random() * len(weights))
        factor = factors[rule].copy()
        last, shift = -1, 1.0
        for i in late:
            if a.item_type[i] != last:
                last, shift = a.item_type[i], np.exp(noise * rng.standard_normal())
            factor[i] *= shift
        # With nothing out, more bins than before are no gain: what then stays out says so at once.
        most_new = len(new) if out > 0 else 1 if victim >= 0 else 0
        fill_group(a, trial, group, late, weights[rule], caps, factor, most_new)
        now_out = _worth(a, trial, order, value, caps, fullness)
        now = 0
        for b in new:
            now += trial.bin_group[b] == group
        emptiest = _emptiest(trial, group, new, fullness, 0)
        now_least = fullness[emptiest] if emptiest >= 0 else 0.0
        if (now_out, now, now_least) <= (out, opened, least):
            out, opened = now_out, now
            copy_into(trial, current)
        else:
            copy_into(current, trial)
            _worth(a, current, order, value, caps, fullness)
    return opened
