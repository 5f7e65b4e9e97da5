"""What a run over packing instances comes to: a line for each, a table by class, and the promises it missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.packing_known import Known

PROVEN_SHARE = {".vbp": 0.95, ".txt": 0.97}  # of the instances whose optimum is known


@dataclass(frozen=True, slots=True)
class Row:
    """One instance: bins, bound, status, seconds; None where there is no answer. `peers`: bins of each, "" for none."""

    name: Path
    value: int | None
    bound: int | None
    status: str
    seconds: float
    known: Known
    faults: tuple[str, ...] = ()
    peers: dict[str, int | str] = field(default_factory=dict)

    @property
    def gap(self) -> float | None:
        """How far above the best known, as a share of it."""
        best = self.known.best
        if self.value is None or best is None:
            return None
        return (self.value - best) / best if best else float(self.value)

    @property
    def is_worse(self) -> bool:
        """Whether a published heuristic has fewer bins."""
        published = self.known.published
        return self.value is not None and published is not None and self.value > published

    @property
    def is_proven(self) -> bool:
        """Whether the known optimum was found and proven."""
        return self.status == "optimal" and (self.known.optimum is None or self.value == self.known.optimum)

    @property
    def group(self) -> str:
        """The class: the folder of a `.vbp`, the first two parts of the name of one with conflicts."""
        if self.name.suffix == ".vbp":
            return self.name.parent.as_posix()
        return "_".join(self.name.stem.split("_")[:2])

    def cells(self) -> list[str]:
        """As in results.csv."""
        numbers = [self.value, self.bound, self.status, f"{self.seconds:.3f}", self.known.best]
        gap = "" if self.gap is None else f"{self.gap * 100:.3f}"
        return [self.name.as_posix(), *("" if n is None else str(n) for n in numbers), gap]

    def __str__(self) -> str:
        value, bound = ("-" if n is None else n for n in (self.value, self.bound))
        line = f"{self.name.as_posix():<44} {value:>5} ≥ {bound:>5}  {self.status:<8} {self.seconds:>7.3f} s"
        if self.known.best is not None:
            what = "optimum" if self.known.optimum is not None else "published"
            line += f"  {what} {self.known.best}"
        marks = [f"{peer} {bins}" for peer, bins in self.peers.items()]
        marks += ["WORSE THAN PUBLISHED"] if self.is_worse else []
        marks += [f"{len(self.faults)} FAULTS"] if self.faults else []
        return "  ".join([line, *marks])


def summary(rows: Sequence[Row], peers: Sequence[str]) -> list[str]:
    """A table by class, and all together."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    heads = ["instances", "proven", "known", "known proven", "worse", "bins", "bound", "mean s"]
    lines = [f"{'class':<24}" + "".join(f"{head:>14}" for head in [*heads, *peers])]
    for name, members in [*sorted(groups.items()), ("all", list(rows))]:
        answered = [row for row in members if row.value is not None]
        known = [row for row in members if row.known.optimum is not None]
        cells: list[str | int] = [
            len(members),
            sum(row.status == "optimal" for row in members),
            len(known),
            sum(row.is_proven for row in known),
            sum(row.is_worse for row in members),
            sum(row.value or 0 for row in answered),
            sum(row.bound or 0 for row in answered),
            f"{sum(row.seconds for row in answered) / max(len(answered), 1):.3f}",
        ]
        for peer in peers:
            numbers = [row.peers.get(peer, "") for row in answered]
            has_all = all(isinstance(number, int) for number in numbers)
            cells.append(sum(int(n) for n in numbers) if has_all else "not all")
        lines.append(f"{name:<24}" + "".join(f"{cell:>14}" for cell in cells))
    return lines


def missed_promises(rows: Sequence[Row]) -> list[str]:
    """No fault, none worse than published, and nearly all known optima proven."""
    missed = [f"{row.name.as_posix()}: {fault}" for row in rows for fault in row.faults]
    missed += [
        f"{row.name.as_posix()}: {row.value} bins, published are {row.known.published}"
        for row in rows
        if row.is_worse
    ]
    for suffix, share in PROVEN_SHARE.items():
        known = [row for row in rows if row.name.suffix == suffix and row.known.optimum is not None]
        proven = sum(row.is_proven for row in known)
        if proven < share * len(known):
            missed.append(
                f"{proven} of {len(known)} known optima of {suffix} proven, promised are {share:.0%}"
            )
    return missed
