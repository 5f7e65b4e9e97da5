"""What a person writes in a file of scenarios: its keys, types and ranges. `scenario_file` reads it.

A scenario is an ordered list of small operations in each section. `facility` and `calendar` speak in the paths of
facility.yaml and of `[calendar]` in vorst.toml, `estate` and `demand` in lists and fields of the Estate with a
selection of their rows. What an operation does is for the module that applies it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Path = Annotated[str, Field(min_length=1, max_length=300)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Factor = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Words = str | int | float | bool | tuple[str | int | float | bool, ...]

PRESENT = "present"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


# --- on a tree: facility.yaml and [calendar] -------------------------------------------------------------------------


class SetValue(_Strict):
    """Give every value the path names this one."""

    verb: ClassVar[str] = "set"
    set: Path
    to: Any


class AddTo(_Strict):
    """Add to every number the path names; to a date, so many days. Negative takes away."""

    verb: ClassVar[str] = "add"
    add: Path
    by: Finite


class ScaleBy(_Strict):
    """Multiply every number the path names."""

    verb: ClassVar[str] = "scale"
    scale: Path
    by: Factor


class AppendTo(_Strict):
    """Put a new member at the end of every list the path names."""

    verb: ClassVar[str] = "append"
    append: Path
    member: Any


class CopyMember(_Strict):
    """Put a copy of the one member the path names at the end of its list, with these fields changed."""

    verb: ClassVar[str] = "copy"
    copy_: Annotated[Path, Field(alias="copy")]
    with_: Annotated[dict[str, Any], Field(alias="with", min_length=1)]


class RemoveMember(_Strict):
    """Take what the path names out of its list or mapping."""

    verb: ClassVar[str] = "remove"
    remove: Path


# --- on the rows of the Estate ---------------------------------------------------------------------------------------


class Strategy(_Strict):
    """Decide a strategy for the selected assets, as a person's override does."""

    verb: ClassVar[str] = "strategy"
    strategy: Literal["retire", "retain", "relocate", "rehost", "replatform"]
    of: Annotated[dict[str, Words], Field(min_length=1)]
    reason: Annotated[str, Field(max_length=300)] = ""


class SetField(SetValue):
    """Give a field (LIST.FIELD) of the selected rows a value."""

    of: dict[str, Words] = Field(default_factory=dict)


class AddToField(AddTo):
    of: dict[str, Words] = Field(default_factory=dict)


class ScaleField(ScaleBy):
    of: dict[str, Words] = Field(default_factory=dict)


class RemoveRows(_Strict):
    """Take the selected rows of a list out, with all that can't be without them."""

    verb: ClassVar[str] = "remove"
    remove: Path
    of: Annotated[dict[str, Words], Field(min_length=1)]


class CopyRows(_Strict):
    """More of the same: `count` copies of the selected devices or virtual machines, or as many as `by` × them takes."""

    verb: ClassVar[str] = "copy"
    copy_: Annotated[Literal["devices", "virtual_machines"], Field(alias="copy")]
    of: dict[str, Words] = Field(default_factory=dict)
    count: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    by: Annotated[float, Field(ge=1, le=1000)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> CopyRows:
        if (self.count is None) == (self.by is None):
            raise ValueError("give one of count and by")
        return self


class _Demand(_Strict):
    of: dict[str, Words] = Field(default_factory=dict)


Dimension = Literal["power_w", "weight_kg", "vcpus", "memory_mb", "disk_mb"]


class SetDemand(_Demand):
    verb: ClassVar[str] = "set"
    set: Dimension
    to: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class AddToDemand(_Demand):
    verb: ClassVar[str] = "add"
    add: Dimension
    by: Finite


class ScaleDemand(_Demand):
    verb: ClassVar[str] = "scale"
    scale: Dimension
    by: Factor


# --- which of them a mapping is: its verb says -----------------------------------------------------------------------


def _verb_of(*models: type[_Strict]) -> Callable[[Any], str | None]:
    verbs = [str(model.verb) for model in models]  # type: ignore[attr-defined]

    def tell(value: Any) -> str | None:
        if isinstance(value, BaseModel):
            return str(getattr(value, "verb", None))
        found = [verb for verb in verbs if isinstance(value, dict) and verb in value]
        return found[0] if len(found) == 1 else None

    return tell


TreeOperation = Annotated[
    Annotated[SetValue, Tag("set")]
    | Annotated[AddTo, Tag("add")]
    | Annotated[ScaleBy, Tag("scale")]
    | Annotated[AppendTo, Tag("append")]
    | Annotated[CopyMember, Tag("copy")]
    | Annotated[RemoveMember, Tag("remove")],
    Discriminator(_verb_of(SetValue, AddTo, ScaleBy, AppendTo, CopyMember, RemoveMember)),
]
EstateOperation = Annotated[
    Annotated[Strategy, Tag("strategy")]
    | Annotated[SetField, Tag("set")]
    | Annotated[AddToField, Tag("add")]
    | Annotated[ScaleField, Tag("scale")]
    | Annotated[RemoveRows, Tag("remove")]
    | Annotated[CopyRows, Tag("copy")],
    Discriminator(_verb_of(Strategy, SetField, AddToField, ScaleField, RemoveRows, CopyRows)),
]
DemandOperation = Annotated[
    Annotated[SetDemand, Tag("set")]
    | Annotated[AddToDemand, Tag("add")]
    | Annotated[ScaleDemand, Tag("scale")],
    Discriminator(_verb_of(SetDemand, AddToDemand, ScaleDemand)),
]

VERBS: dict[str, tuple[str, ...]] = {
    "facility": ("set", "add", "scale", "append", "copy", "remove"),
    "calendar": ("set", "add", "scale", "append", "copy", "remove"),
    "estate": ("strategy", "set", "add", "scale", "copy", "remove"),
    "demand": ("set", "add", "scale"),
}


class SettingsPatch(_Strict):
    """`[plan]` of vorst.toml in this scenario."""

    start: date | datetime | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    planning_value: Literal["high", "mid"] | None = None


class Patch(_Strict):
    """What changes. Sections are applied in this order, the operations of a section one after the other."""

    settings: SettingsPatch = SettingsPatch()
    calendar: tuple[TreeOperation, ...] = ()
    facility: tuple[TreeOperation, ...] = ()
    estate: tuple[EstateOperation, ...] = ()
    demand: tuple[DemandOperation, ...] = ()


class ScenarioInput(Patch):
    """A named patch, on the present or on another scenario."""

    name: Slug
    description: Annotated[str, Field(max_length=2000)] = ""
    based_on: Slug | None = None


class RangeInput(_Strict):
    """From `first` to `last`, both included: in `steps` values, or every `step`. A sampled sweep needs neither."""

    first: Annotated[Finite, Field(alias="from")]
    last: Annotated[Finite, Field(alias="to")]
    steps: Annotated[int, Field(ge=2, le=10_000)] | None = None
    step: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    whole: bool = False

    @model_validator(mode="after")
    def _sensible(self) -> RangeInput:
        if self.last <= self.first:
            raise ValueError("to must be above from")
        if self.steps is not None and self.step is not None:
            raise ValueError("give one of steps and step")
        if self.step is not None and (self.last - self.first) / self.step > 10_000:
            raise ValueError("more than 10,000 steps")
        return self


class ParameterInput(_Strict):
    """One thing a sweep varies: its values, and the patch in which `$value` stands for them."""

    name: Slug
    values: Annotated[tuple[Any, ...], Field(min_length=1)] | None = None
    range: RangeInput | None = None
    patch: dict[str, Any]

    @model_validator(mode="after")
    def _one_of_both(self) -> ParameterInput:
        if (self.values is None) == (self.range is None):
            raise ValueError("give one of values and range")
        return self


class SweepInput(_Strict):
    """A sweep: parameters, how they combine, and the scenario every cell starts from."""

    name: Slug
    description: Annotated[str, Field(max_length=2000)] = ""
    scenario: Slug | None = None
    combine: Literal["grid", "one_at_a_time", "listed", "latin", "random"] = "grid"
    samples: Annotated[int, Field(ge=1, le=100_000)] | None = None
    seed: Annotated[int, Field(ge=0)] = 0
    parameters: Annotated[tuple[ParameterInput, ...], Field(min_length=1, max_length=50)]
    combinations: tuple[dict[str, Any], ...] = ()

    @model_validator(mode="after")
    def _sensible(self) -> SweepInput:
        sampled = self.combine in {"latin", "random"}
        if sampled != (self.samples is not None):
            raise ValueError(f"combine {self.combine} {'needs' if sampled else 'takes no'} samples")
        if (self.combine == "listed") != bool(self.combinations):
            raise ValueError("combinations and `combine: listed` belong together")
        return self


class ScenarioFileInput(_Strict):
    """The whole file."""

    scenarios: tuple[ScenarioInput, ...] = ()
    sweep: SweepInput | None = None
