"""The columns that column generation has met: each the content of one bin, kept once, in compressed rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Pool:
    """Columns in the order met: column j holds `amounts` of kinds `ids` at `pointers[j]:pointers[j + 1]`."""

    def __init__(self) -> None:
        self._known: dict[bytes, int] = {}
        self._contents: list[Ints] = []
        self._fresh = True
        self._arrays: tuple[Ints, Ints, Floats] = compressed([])

    def __len__(self) -> int:
        return len(self._contents)

    def content(self, column: int) -> Ints:
        """The kinds in a column, ascending, with repetition."""
        return self._contents[column]

    def add(self, contents: Iterable[Sequence[int] | Ints]) -> int:
        """Take in the contents not known yet; how many those were."""
        before = len(self._contents)
        for content in contents:
            kinds = np.sort(np.asarray(content, dtype=np.int64))
            key = kinds.tobytes()
            if key not in self._known:
                self._known[key] = len(self._contents)
                self._contents.append(kinds)
        self._fresh = self._fresh and len(self._contents) == before
        return len(self._contents) - before

    def add_rows(self, columns: Ints, lengths: Ints, count: int) -> int:
        """Take in the first `count` rows of what a pricing kernel wrote."""
        return self.add(columns[row, : lengths[row]] for row in range(count))

    def index(self, content: Sequence[int] | Ints) -> int:
        """The number of a content that is in the pool."""
        return self._known[np.sort(np.asarray(content, dtype=np.int64)).tobytes()]

    def keep(self, columns: Ints) -> None:
        """Forget all columns but these."""
        contents = [self._contents[j] for j in columns]
        self._contents = contents
        self._known = {kinds.tobytes(): j for j, kinds in enumerate(contents)}
        self._fresh = False

    def arrays(self) -> tuple[Ints, Ints, Floats]:
        """(pointers, ids, amounts) of all columns."""
        if not self._fresh:
            self._arrays = compressed(self._contents)
            self._fresh = True
        return self._arrays

    def values(self, worth: Ints) -> Ints:
        """Each column's value, given the kinds'."""
        pointers, ids, amounts = self.arrays()
        terms = worth[ids] * amounts.astype(np.int64)
        total = np.concatenate([[0], np.cumsum(terms)])
        values: Ints = total[pointers[1:]] - total[pointers[:-1]]
        return values


def compressed(contents: list[Ints]) -> tuple[Ints, Ints, Floats]:
    """Contents (kinds ascending, with repetition) as (pointers, ids, amounts)."""
    if not contents:
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0)
    lengths = np.array([len(kinds) for kinds in contents], dtype=np.int64)
    flat = np.concatenate(contents)
    of_column = np.repeat(np.arange(len(contents)), lengths)
    first = np.ones(len(flat), dtype=bool)
    first[1:] = (flat[1:] != flat[:-1]) | (of_column[1:] != of_column[:-1])
    starts = np.flatnonzero(first)
    amounts = np.diff(np.append(starts, len(flat))).astype(np.float64)
    counts = np.bincount(of_column[starts], minlength=len(contents))
    pointers = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return pointers, flat[starts].astype(np.int64), amounts
