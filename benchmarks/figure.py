"""One measured figure and, where a promise was made, the target it must not pass."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A value in its unit; smaller is better when a target is given."""

    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def is_beyond_target(self) -> bool:
        """Whether the value misses its target."""
        return self.target is not None and self.value > self.target

    def __str__(self) -> str:
        line = f"{self.what:<72} {self.value:>10.3f} {self.unit}"
        if self.target is None:
            return line
        return f"{line}  (target {self.target:g} {self.unit}{', MISSED' if self.is_beyond_target else ''})"
