"""What a person writes in `facility.yaml`: its keys, types and ranges. `facility_file` resolves it to the document."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Lines = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]  # feeds are lettered A to H
Day = Annotated[date, Field(ge=date(1970, 1, 1), le=date(2200, 1, 1))]
RedundancyText = Annotated[str, Field(pattern=r"^[1-9]\d*\+\d+$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LocationInput(_Strict):
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]


class AreaInput(_Strict):
    gross_m2: Positive
    useful_m2: Positive
    per_position_m2: Positive


class PhaseInput(_Strict):
    name: Name
    ready_on: Day


class RulesInput(_Strict):
    heavy_kg: Positive
    heavy_max_top_u: Positive
    default_security_zone: Name


class SupplyInput(_Strict):
    name: Name
    kind: Literal["utility", "generator", "transformer", "ups", "distribution", "panel"]
    rating_kw: Positive
    derating: Share = 1.0
    sources: tuple[Name, ...] = ()
    mode: Literal["transfer", "parallel"] = "transfer"
    can_fail: bool = True
    phase: Name | None = None


class FeedTypeInput(_Strict):
    voltage_v: Positive
    amperage_a: Positive
    three_phase: bool
    derating: Share = 1.0


class CoolingInput(_Strict):
    name: Name
    unit_kw: Positive
    units: Annotated[int, Field(ge=1)]
    redundant_units: Annotated[int, Field(ge=0)]
    phase: Name


class FloorInput(_Strict):
    basis: Literal["footprint", "bay", "point"]
    limit_kg_m2: Positive | None = None
    point_kg: Positive | None = None
    rolling_kg: Positive | None = None


class RowInput(_Strict):
    """A row; what it leaves out comes from its hall's `defaults`."""

    name: Name
    positions: Annotated[int, Field(ge=1, le=200)]
    x_m: float
    y_m: float
    cold_aisle: Name
    hot_aisle: Name
    feed_type: Name
    busbar_kw: Positive
    busbar_derating: Share | None = None
    pitch_m: Positive | None = None
    depth_m: Positive | None = None
    cooling_zone: Name | None = None
    security_zone: Name | None = None
    upstream: Lines | None = None
    cage: Name | None = None
    owner: Name | None = None


class RowDefaults(_Strict):
    pitch_m: Positive = 0.8
    depth_m: Positive = 1.2
    busbar_derating: Share = 1.0
    cooling_zone: Name
    security_zone: Name
    upstream: Lines


class RouteInput(_Strict):
    """A way in; a limit left out is none."""

    name: Name
    rolling_kg: Positive | None = None
    width_mm: Positive | None = None
    height_mm: Positive | None = None


class HallInput(_Strict):
    name: Name
    useful_area_m2: Positive
    phase: Name
    polygon: Annotated[tuple[tuple[float, float], ...], Field(min_length=3)]
    floor: FloorInput
    routes: tuple[RouteInput, ...] = ()
    rows: tuple[RowInput, ...]
    defaults: RowDefaults


class PositionOverride(_Strict):
    hall: Name
    row: Name
    first: Annotated[int, Field(ge=1)]
    last: Annotated[int, Field(ge=1)]
    security_zone: Name | None = None
    cage: Name | None = None
    owner: Name | None = None


class MountedInput(_Strict):
    """Kit of a rack model, or an occupant of a standing rack. `cords`: one number per cord, 0 for the first feed."""

    name: Name
    position: Positive | None = None
    height_u: NonNegative
    face: Literal["front", "rear"] | None = None
    is_full_depth: bool
    weight_kg: NonNegative
    power_w: NonNegative
    cords: tuple[Annotated[int, Field(ge=0)], ...] = ()
    redundancy: RedundancyText = "1+0"
    ports_provided: Annotated[int, Field(ge=0)] = 0
    ports_used: Annotated[int, Field(ge=0)] = 0


class KitInput(MountedInput):
    """Kit of a rack model. `lead_days` from order to delivery where it may come after the rack."""

    lead_days: Annotated[int, Field(ge=0)] = 0


class RackModelInput(_Strict):
    model: Name
    height_u: Annotated[int, Field(ge=1, le=60)]
    width_mm: Annotated[int, Field(ge=300)]
    depth_mm: Annotated[int, Field(ge=300)]
    tare_kg: NonNegative
    max_weight_kg: Positive
    lead_days: Annotated[int, Field(ge=0)]
    stock: Annotated[int, Field(ge=0)] | None = None
    outer_height_mm: Positive | None = None
    kit: tuple[KitInput, ...] = ()


class RackInput(_Strict):
    id: Name
    model: Name
    position: Name
    owner: Name
    occupants: tuple[MountedInput, ...] = ()
    reserved_units: tuple[Positive, ...] = ()
    available_on: Day | None = None


class HostTypeInput(_Strict):
    model: Name
    height_u: Positive
    is_full_depth: bool
    airflow: Name
    weight_kg: Positive
    power_w: Positive
    redundancy: RedundancyText
    ports_used: Annotated[int, Field(ge=0)]
    vcpus: Annotated[int, Field(ge=1)]
    memory_mb: Annotated[int, Field(ge=1)]
    storage_mb: Annotated[int, Field(ge=1)]
    lead_days: Annotated[int, Field(ge=0)]
    tiers: dict[Name, Annotated[int, Field(ge=1)]] = {}
    stock: Annotated[int, Field(ge=0)] | None = None


class TierInput(_Strict):
    name: Name
    replicas: Annotated[int, Field(ge=1)]
    storage_fill: Share


class PoolInput(_Strict):
    name: Name
    host_type: Name
    owner: Name
    cpu_overcommit: Positive
    memory_overcommit: Positive
    reserve_hosts: Annotated[int, Field(ge=0)]
    replicas: Annotated[int, Field(ge=1)]
    storage_fill: Share
    zones: tuple[Name, ...]
    is_default: bool
    security_zone: Name
    phase: Name
    max_hosts: Annotated[int, Field(ge=0)] | None = None
    other_host_types: tuple[Name, ...] = ()
    tier: Name = "standard"
    tiers: tuple[TierInput, ...] = ()
    failure_domain: Literal["host", "rack"] = "host"


class EntitlementInput(_Strict):
    partner: Name
    area_m2: NonNegative | None = None
    power_kw: NonNegative | None = None
    units_u: NonNegative | None = None


class ReservationInput(_Strict):
    """Space a partner keeps free from `since` until it is released at `until`; without them open on that side."""

    name: Name
    partner: Name
    since: Day | None = None
    until: Day | None = None
    positions: tuple[Name, ...] = ()
    area_m2: Positive | None = None
    power_kw: Positive | None = None
    units_u: Positive | None = None
    note: str = ""


class CageInput(_Strict):
    """A fenced area: by its outline on the hall's plan, or of the positions whose row or override names it.

    `area_m2` is what the outline has, else what its positions count for, unless it is given.
    """

    name: Name
    hall: Name
    owner: Name | None = None
    polygon: Annotated[tuple[tuple[float, float], ...], Field(min_length=3)] | None = None
    area_m2: Positive | None = None


class SourceInput(_Strict):
    path: Name
    source: Annotated[str, Field(min_length=1)]


class AssumptionInput(_Strict):
    path: Name
    note: Annotated[str, Field(min_length=1)]


class FacilityInput(_Strict):
    """The whole file."""

    name: Name
    site: Name
    location: LocationInput
    area: AreaInput
    pue: Annotated[float, Field(ge=1)]
    phases: Annotated[tuple[PhaseInput, ...], Field(min_length=1)]
    security_zones: Annotated[tuple[Name, ...], Field(min_length=1)]
    rules: RulesInput
    supply: tuple[SupplyInput, ...]
    feed_types: dict[str, FeedTypeInput]
    cooling_zones: tuple[CoolingInput, ...]
    halls: Annotated[tuple[HallInput, ...], Field(min_length=1)]
    position_overrides: tuple[PositionOverride, ...] = ()
    rack_models: tuple[RackModelInput, ...]
    racks: tuple[RackInput, ...] = ()
    host_types: tuple[HostTypeInput, ...] = ()
    pools: tuple[PoolInput, ...] = ()
    entitlements: tuple[EntitlementInput, ...]
    reservations: tuple[ReservationInput, ...] = ()
    cages: tuple[CageInput, ...] = ()
    sources: tuple[SourceInput, ...] = ()
    assumptions: tuple[AssumptionInput, ...] = ()
