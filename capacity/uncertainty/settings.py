"""What a person writes under `[risk]` in `vorst.toml`: how far durations stray, and what happens then.

No source publishes how well relocation estimates hold, so every default here is an assumption and is shown as one; what
finished waves took replaces the durations' bit by bit.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal[
    "commission_rack",
    "commission_host",
    "replicate",
    "cutover",
    "relocate",
    "decommission",
    "retire",
    "audit",
    "rehearsal",
    "hypercare",
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SpreadInput(_Strict):
    """Actual duration ÷ the plan's: half of the steps stay under `median`, nine in ten under `p90`."""

    median: Annotated[float, Field(gt=0, le=100)] = 1.0
    p90: Annotated[float, Field(gt=0, le=1000)] = 1.4

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.p90 < self.median:
            raise ValueError("p90 must be at least the median")
        return self


class DurationsInput(_Strict):
    """One for each kind of step."""

    commission_rack: SpreadInput = SpreadInput(p90=1.4)
    commission_host: SpreadInput = SpreadInput(p90=1.4)
    replicate: SpreadInput = SpreadInput(p90=1.5)
    cutover: SpreadInput = SpreadInput(p90=1.5)
    relocate: SpreadInput = SpreadInput(p90=1.4)
    decommission: SpreadInput = SpreadInput(p90=1.4)
    retire: SpreadInput = SpreadInput(p90=1.4)
    audit: SpreadInput = SpreadInput(p90=1.4)
    rehearsal: SpreadInput = SpreadInput(p90=1.5)
    hypercare: SpreadInput = SpreadInput(p90=1.0)  # it lasts as long as was agreed

    def of(self, kind: str) -> SpreadInput:
        found: SpreadInput = getattr(self, kind)
        return found


class RiskSettings(_Strict):
    """`[risk]`; anything left out keeps its default."""

    samples: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    durations: DurationsInput = DurationsInput()
    same_kind: Annotated[float, Field(ge=0, le=1)] = 0.3
    """Share of the variance (of logarithms) that all steps of a kind have in common: their estimating rule's error."""
    same_hands: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Share that all steps by the same hands have in common: crews, engineers, or one line."""
    prior_weight: Annotated[float, Field(gt=0)] = 3.0
    """How many measured steps the assumed spread counts for when measured ones come in."""
    rolled_back: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of cutovers and relocations that overrun their window and are rolled back; the others end late."""
    keeps_date: tuple[Kind, ...] = ("commission_rack", "commission_host", "cutover", "relocate")
    """Kinds that begin on their date or later, never sooner: deliveries and agreed windows."""
    day_cost_eur: Annotated[float, Field(ge=0)] | None = None
    """What a day costs by which the programme ends later; unknown unless somebody says so."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.same_kind + self.same_hands > 1:
            raise ValueError("same_kind and same_hands are shares of one whole: together at most 1")
        return self
