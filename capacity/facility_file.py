"""Reads the `facility.yaml` a person writes and resolves it to the Facility document.

A row becomes positions, a row's busbars become supply nodes with two feeds for each position, a rack model's fixed kit
becomes mounted items. Every defect is reported with file, line and path; several at once. What the file means for a
plan is the document's (`facility`) and the rules'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import resources as package_resources
from typing import Any

import yaml
from pydantic import ValidationError

from capacity.facility import (
    Assumption,
    CloudPool,
    CoolingZone,
    Entitlement,
    Facility,
    FloorLimit,
    Hall,
    HostType,
    KitItem,
    Mounted,
    Phase,
    PlacementRules,
    Position,
    RackModel,
    Route,
    Source,
    StorageTier,
    Supply,
    SupplyNode,
    TargetRack,
    TierStorage,
    sealed,
)
from capacity.facility_checks import defects
from capacity.facility_input import (
    EntitlementInput,
    FacilityInput,
    HallInput,
    HostTypeInput,
    PoolInput,
    RackInput,
    RackModelInput,
    RowInput,
)
from capacity.facility_space import cages_of, reservation_of, space_defects, within_cages
from capacity.resources import LEGS, Redundancy, feed_rating_w
from inventory.errors import InputError, SeveralErrors, VorstError


def default_text() -> str:
    """The `facility.yaml` that `vorst init` writes: Vorst as published, the rest marked as assumption."""
    return package_resources.files("capacity").joinpath("defaults/facility.yaml").read_text(encoding="utf-8")


def read_facility(text: str, *, where: str = "facility.yaml") -> Facility:
    """Resolve the text of a facility file; raises SeveralErrors or InputError with line and path of each defect."""
    tree = _load(text, where)
    lines = _Lines(text)
    try:
        model = FacilityInput.model_validate(tree)
    except ValidationError as error:
        raise _several([_schema_error(detail, lines, where) for detail in error.errors()], where) from None
    found = defects(model)
    if not found:  # the names of positions and halls are known to be good only then
        found = space_defects(model, tuple(_positions(model)))
    if found:
        raise _several(
            [InputError(d.what, where=lines.place(where, d.path), remedy=d.remedy) for d in found], where
        )
    return sealed(_resolve(model, tree))


def _several(errors: Sequence[VorstError], where: str) -> VorstError:
    if len(errors) == 1:
        return errors[0]
    return SeveralErrors(
        f"{len(errors)} defects in the facility", list(errors), where=where, remedy="mend each"
    )


def _load(text: str, where: str) -> Any:
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not readable as YAML"
        raise InputError(
            f"not YAML: {problem}", where=f"{where}{line}", remedy="mend the syntax there"
        ) from None
    if not isinstance(tree, dict):
        raise InputError("holds no facility", where=where, remedy="start from the file `vorst init` writes")
    return tree


def _schema_error(detail: Any, lines: _Lines, where: str) -> InputError:
    path = _path_text(detail["loc"])
    remedy = "remove or rename it" if detail["type"] == "extra_forbidden" else "mend the value"
    value = "" if isinstance(detail.get("input"), dict | list) else f", found {detail.get('input')!r}"
    return InputError(f"{path}: {detail['msg']}{value}", where=lines.place(where, path), remedy=remedy)


def _path_text(parts: Iterable[int | str]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text or "file"


def path_parts(path: str) -> list[int | str]:
    """The keys and indexes of a path: halls[0].floor is ["halls", 0, "floor"]."""
    return [int(index) if index else key for key, index in re.findall(r"([^.\[\]]+)|\[(\d+)\]", path)]


class _Lines:
    """Finds the line of a path in the text, so that an error can name it."""

    def __init__(self, text: str) -> None:
        self._root = yaml.compose(text, Loader=yaml.SafeLoader)

    def place(self, where: str, path: str) -> str:
        node, line = self._root, None
        for part in path_parts(path):
            child = self._child(node, part)
            if child is None:
                break
            node, line = child, child.start_mark.line + 1
        return f"{where} line {line}" if line else where

    @staticmethod
    def _child(node: Any, part: int | str) -> Any:
        if isinstance(node, yaml.MappingNode):
            return next((value for key, value in node.value if key.value == str(part)), None)
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            return node.value[part]
        return None


# --- resolving ---------------------------------------------------------------------------------------------------


def _resolve(model: FacilityInput, tree: dict[str, Any]) -> Facility:
    cages = cages_of(model, tuple(_positions(model)))
    positions = tuple(within_cages(tuple(_positions(model)), cages))
    by_name = {position.name: position for position in positions}
    models = {m.model: _rack_model(m) for m in model.rack_models}
    three_phase = {
        position.name: model.feed_types[row.feed_type].three_phase
        for hall in model.halls
        for row in hall.rows
        for position in positions
        if (position.hall, position.row) == (hall.name, row.name)
    }
    host_types = {h.model: _host_type(h) for h in model.host_types}
    return Facility(
        name=model.name,
        site=model.site,
        latitude=model.location.latitude,
        longitude=model.location.longitude,
        gross_area_m2=model.area.gross_m2,
        useful_area_m2=model.area.useful_m2,
        pue=model.pue,
        phases=tuple(Phase(p.name, p.ready_on) for p in model.phases),
        halls=tuple(
            Hall(
                h.name,
                h.useful_area_m2,
                h.polygon,
                FloorLimit(**h.floor.model_dump()),
                h.phase,
                tuple(Route(**route.model_dump()) for route in h.routes),
            )
            for h in model.halls
        ),
        supply=tuple(_supply(model)),
        cooling_zones=tuple(
            CoolingZone(c.name, c.unit_kw * 1000, c.units, c.redundant_units, c.phase)
            for c in model.cooling_zones
        ),
        security_zones=model.security_zones,
        positions=positions,
        racks=tuple(
            _rack(rack, models[rack.model], by_name[rack.position], is_three_phase=three_phase[rack.position])
            for rack in model.racks
        ),
        rack_models=tuple(models.values()),
        pools=tuple(_pool(pool, host_types) for pool in model.pools),
        entitlements=tuple(_entitlement(e) for e in model.entitlements),
        rules=PlacementRules(**model.rules.model_dump()),
        assumptions=tuple(Assumption(a.path, _value_text(tree, a.path), a.note) for a in model.assumptions),
        sources=tuple(Source(s.path, _value_text(tree, s.path), s.source) for s in model.sources),
        reservations=tuple(reservation_of(entry) for entry in model.reservations),
        cages=cages,
    )


def _pool(pool: PoolInput, host_types: dict[str, HostType]) -> CloudPool:
    return CloudPool(
        **{
            **pool.model_dump(),
            "host_type": host_types[pool.host_type],
            "other_host_types": tuple(host_types[name] for name in pool.other_host_types),
            "tiers": tuple(StorageTier(**tier.model_dump()) for tier in pool.tiers),
        }
    )


def _host_type(kind: HostTypeInput) -> HostType:
    tiers = tuple(TierStorage(name, storage_mb) for name, storage_mb in kind.tiers.items())
    return HostType(**{**kind.model_dump(), "tiers": tiers})


def _entitlement(entry: EntitlementInput) -> Entitlement:
    power_w = None if entry.power_kw is None else entry.power_kw * 1000
    return Entitlement(entry.partner, entry.area_m2, power_w, entry.units_u)


def _positions(model: FacilityInput) -> Iterable[Position]:
    for hall in model.halls:
        for row in hall.rows:
            pitch_m = row.pitch_m or hall.defaults.pitch_m
            for index in range(1, row.positions + 1):
                name = f"{hall.name}-{row.name}-{index:02d}"
                changed = _overridden(model, hall, row, index)
                yield Position(
                    name=name,
                    hall=hall.name,
                    row=row.name,
                    index=index,
                    x_m=round(row.x_m + pitch_m * (index - 0.5), 3),
                    y_m=row.y_m,
                    width_m=pitch_m,
                    depth_m=row.depth_m or hall.defaults.depth_m,
                    cold_aisle=f"{hall.name}-{row.cold_aisle}",
                    hot_aisle=f"{hall.name}-{row.hot_aisle}",
                    cooling_zone=row.cooling_zone or hall.defaults.cooling_zone,
                    security_zone=changed["security_zone"],
                    feeds=tuple(f"{name}-{_letter(i)}" for i in range(len(_upstream(hall, row)))),
                    area_m2=model.area.per_position_m2,
                    phase=hall.phase,
                    cage=changed["cage"],
                    owner=changed["owner"],
                )


def _overridden(model: FacilityInput, hall: HallInput, row: RowInput, index: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "security_zone": row.security_zone or hall.defaults.security_zone,
        "cage": row.cage,
        "owner": row.owner,
    }
    for override in model.position_overrides:
        if (override.hall, override.row) == (
            hall.name,
            row.name,
        ) and override.first <= index <= override.last:
            given = {key: getattr(override, key) for key in values}
            values |= {key: value for key, value in given.items() if value is not None}
    return values


def _upstream(hall: HallInput, row: RowInput) -> tuple[str, ...]:
    return row.upstream or hall.defaults.upstream


def _letter(index: int) -> str:
    return "ABCDEFGH"[index]


def _supply(model: FacilityInput) -> Iterable[SupplyNode]:
    for node in model.supply:
        data = node.model_dump(exclude={"rating_kw"})
        yield SupplyNode(rating_w=node.rating_kw * 1000, **data)
    for hall in model.halls:
        for row in hall.rows:
            yield from _row_supply(model, hall, row)


def _row_supply(model: FacilityInput, hall: HallInput, row: RowInput) -> Iterable[SupplyNode]:
    feed = model.feed_types[row.feed_type]
    rating_w = round(feed_rating_w(feed.voltage_v, feed.amperage_a, three_phase=feed.three_phase), 3)
    derating = row.busbar_derating or hall.defaults.busbar_derating
    for line, upstream in enumerate(_upstream(hall, row)):
        busbar = f"{hall.name}-{row.name}-{_letter(line)}"
        yield SupplyNode(busbar, "panel", row.busbar_kw * 1000, derating, (upstream,), phase=hall.phase)
        for index in range(1, row.positions + 1):
            name = f"{hall.name}-{row.name}-{index:02d}-{_letter(line)}"
            yield SupplyNode(
                name,
                "feed",
                rating_w,
                feed.derating,
                (busbar,),
                is_three_phase=feed.three_phase,
                phase=hall.phase,
            )


def _rack_model(model: RackModelInput) -> RackModel:
    kit = tuple(KitItem(**item.model_dump()) for item in model.kit)
    return RackModel(**{**model.model_dump(exclude={"kit"}), "kit": kit})


def _rack(rack: RackInput, model: RackModel, position: Position, *, is_three_phase: bool) -> TargetRack:
    kit = mount_kit(model, position, is_three_phase=is_three_phase)
    taken = sum(len(item.supplies) for item in kit)
    occupants: list[Mounted] = []
    for item in rack.occupants:
        occupants.append(
            _mounted(KitItem(**item.model_dump()), position, "occupant", taken, is_three_phase=is_three_phase)
        )
        taken += len(item.cords)
    return TargetRack(
        id=rack.id,
        model=rack.model,
        position=rack.position,
        owner=rack.owner,
        height_u=model.height_u,
        starting_unit=1,
        width_mm=model.width_mm,
        depth_mm=model.depth_mm,
        tare_kg=model.tare_kg,
        max_weight_kg=model.max_weight_kg,
        contents=(*kit, *occupants),
        reserved_units=rack.reserved_units,
        available_on=rack.available_on,
    )


def mount_kit(model: RackModel, position: Position, *, is_three_phase: bool) -> tuple[Mounted, ...]:
    """The fixed kit of a rack model as it stands at a position: cords on the position's feeds, legs in turn."""
    mounted: list[Mounted] = []
    taken = 0
    for item in model.kit:
        mounted.append(_mounted(item, position, "kit", taken, is_three_phase=is_three_phase))
        taken += len(item.cords)
    return tuple(mounted)


def _mounted(item: KitItem, position: Position, role: str, taken: int, *, is_three_phase: bool) -> Mounted:
    supplies = tuple(
        Supply(position.feeds[cord], LEGS[(taken + offset) // 2 % 3] if is_three_phase else LEGS[0])
        for offset, cord in enumerate(item.cords)
    )
    return Mounted(
        name=item.name,
        role=role,
        position=item.position,
        height_u=item.height_u,
        face=item.face,
        is_full_depth=item.is_full_depth,
        weight_kg=item.weight_kg,
        power_w=item.power_w,
        supplies=supplies,
        redundancy=str(Redundancy.parse(item.redundancy)),
        ports_provided=item.ports_provided,
        ports_used=item.ports_used,
    )


def _value_text(tree: Any, path: str) -> str:
    node = tree
    for part in path_parts(path):
        node = node[part]
    if isinstance(node, list):
        return f"{len(node)} entries"
    if isinstance(node, dict):
        return ", ".join(
            f"{key} {value}" for key, value in node.items() if not isinstance(value, dict | list)
        )
    return str(node)
