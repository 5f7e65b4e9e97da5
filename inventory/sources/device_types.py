"""Device types as their makers publish them: what a model measures, weighs, draws and offers in ports and bays.

Reads files of the NetBox device type library's format (one YAML file for each type, in folders named after the
manufacturer) into typed values, and ships a selection of them in the folder `device_types/` beside this module. It
leaves to `sample.py` and the other sources which device is of which type, and to `capacity/demand.py` what a type's
published draw says about a device. What a file does not say is None, never zero.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml

from inventory.errors import InputError, SeveralErrors, VorstError

_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The avoirdupois pound is 0.45359237 kg by definition (International Yard and Pound, 1959); the ounce is 1/16 of it.
KG_PER_UNIT = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "lb": Decimal("0.45359237"),
    "oz": Decimal("0.028349523125"),
}
AIRFLOWS = (
    "front-to-rear",
    "rear-to-front",
    "left-to-right",
    "right-to-left",
    "side-to-rear",
    "rear-to-side",
    "bottom-to-top",
    "top-to-bottom",
    "passive",
    "mixed",
)
SUBDEVICE_ROLES = ("parent", "child")
FEED_LEGS = ("A", "B", "C")

# The largest file of the library is about 60 kB; what is larger is not a device type.
MAX_FILE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class PowerPort:
    """An inlet; draws in watts, None where the maker publishes none."""

    name: str
    type: str | None
    maximum_draw_w: float | None
    allocated_draw_w: float | None


@dataclass(frozen=True, slots=True)
class PowerOutlet:
    """An outlet, with the name of the inlet that feeds it and its leg (A, B or C) where the file says so."""

    name: str
    type: str | None
    power_port: str | None
    feed_leg: str | None


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface; `mgmt_only` as the file says, false by the format's default."""

    name: str
    type: str
    mgmt_only: bool


@dataclass(frozen=True, slots=True)
class DeviceTypeSpec:
    """One published device type.

    `u_height` is in rack units, a multiple of 0.5; 0 is gear that takes no unit (blades, vertical power strips,
    cameras). The format's defaults apply to what it lets a file leave out: one unit, full depth. `weight_kg` is None
    where no weight is published. Names within one list may repeat: the library has such files.
    """

    manufacturer: str
    model: str
    slug: str
    part_number: str | None
    u_height: float
    is_full_depth: bool
    airflow: str | None
    weight_kg: float | None
    subdevice_role: str | None
    power_ports: tuple[PowerPort, ...]
    power_outlets: tuple[PowerOutlet, ...]
    interfaces: tuple[Interface, ...]
    device_bays: tuple[str, ...]
    module_bay_names: tuple[str, ...]
    front_ports: tuple[str, ...]
    rear_ports: tuple[str, ...]
    console_ports: tuple[str, ...]
    console_server_ports: tuple[str, ...]
    source: str

    @property
    def module_bays(self) -> int:
        """How many bays for modules there are. Many makers' power supplies sit in such bays, not in `power_ports`."""
        return len(self.module_bay_names)


def load_device_type(path: Path) -> DeviceTypeSpec:
    """Read one file of the device type library's format.

    Raises:
        InputError: the file is missing, too large, not UTF-8, not YAML, or a key holds what the format forbids; the
            error's `where` names the file and the key.
    """
    return _spec(path, str(path))


def load_library(path: Path) -> tuple[DeviceTypeSpec, ...]:
    """Read one file, or every `.yaml` and `.yml` file below a folder, sorted by manufacturer and model.

    Raises:
        InputError: nothing to read at `path`, or one defect in one file.
        SeveralErrors: more than one defect; each is listed, so that a person mends them in one go.
    """
    if path.is_file():
        return (load_device_type(path),)
    if not path.is_dir():
        raise InputError(
            "there is no such file or folder",
            where=str(path),
            remedy="name a device type file, or a folder that holds some",
        )
    return _library(path, str(path))


def builtin_library() -> tuple[DeviceTypeSpec, ...]:
    """The types that come with this package, sorted by manufacturer and model; their README names the source."""
    return _library(importlib.resources.files("inventory.sources").joinpath("device_types"), "device_types")


def _library(folder: Traversable, shown: str) -> tuple[DeviceTypeSpec, ...]:
    specs: list[DeviceTypeSpec] = []
    errors: list[VorstError] = []
    seen: dict[tuple[str, str], str] = {}
    for file, name in _files(folder, shown):
        try:
            spec = _spec(file, name)
        except InputError as error:
            errors.append(error)
            continue
        key = (spec.manufacturer, spec.slug)
        if key in seen:
            errors.append(
                InputError(
                    f"{spec.manufacturer} has the slug {spec.slug!r} already, in {seen[key]}",
                    where=f"{name}: slug",
                    remedy="keep one of the two files",
                )
            )
            continue
        seen[key] = name
        specs.append(spec)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralErrors(
            f"{len(errors)} device types can't be read",
            errors,
            where=shown,
            remedy="mend or remove the files listed",
        )
    if not specs:
        raise InputError(
            "there is no device type in this folder",
            where=shown,
            remedy="name a folder that holds .yaml or .yml files of the device type library's format",
        )
    return tuple(
        sorted(specs, key=lambda spec: (spec.manufacturer.casefold(), spec.model.casefold(), spec.slug))
    )


def _files(folder: Traversable, shown: str) -> Iterator[tuple[Traversable, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        name = f"{shown}/{entry.name}"
        # A symbolic link to a folder could lead in circles.
        if entry.is_dir() and not (isinstance(entry, Path) and entry.is_symlink()):
            yield from _files(entry, name)
        elif entry.name.endswith((".yaml", ".yml")) and entry.is_file():
            yield entry, name


def _document(file: Traversable, where: str) -> Mapping[str, object]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the file can't be read: {error.strerror or error}",
            where=where,
            remedy="check its name and its rights",
        ) from error
    if len(raw) > MAX_FILE_BYTES:
        raise InputError(
            f"the file is larger than {MAX_FILE_BYTES} bytes",
            where=where,
            remedy="name a file that holds one type",
        )
    try:
        loaded = yaml.load(raw.decode("utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader, in C where there is one
    except UnicodeDecodeError as error:
        raise InputError(
            f"byte {error.start} is not UTF-8", where=where, remedy="save the file as UTF-8"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{where}, line {mark.line + 1}" if mark else where
        raise InputError(f"not YAML: {error.problem}", where=place, remedy="mend the line") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"not YAML: {error}", where=where, remedy="mend the file") from error
    if not isinstance(loaded, dict):
        raise InputError(
            "the file holds no device type",
            where=where,
            remedy="give it manufacturer, model and slug at the top level",
        )
    return loaded


def _spec(file: Traversable, where: str) -> DeviceTypeSpec:
    top = _Keys(_document(file, where), f"{where}: ")
    power_ports = tuple(
        PowerPort(
            name=port.text("name"),
            type=port.text_or_none("type"),
            maximum_draw_w=port.positive_or_none("maximum_draw", "watts"),
            allocated_draw_w=port.positive_or_none("allocated_draw", "watts"),
        )
        for port in top.entries("power-ports")
    )
    inlets = {port.name for port in power_ports}
    return DeviceTypeSpec(
        manufacturer=top.text("manufacturer"),
        model=top.text("model"),
        slug=top.text("slug"),
        part_number=top.text_or_none("part_number"),
        u_height=top.height("u_height"),
        is_full_depth=top.flag("is_full_depth", default=True),
        airflow=top.choice("airflow", AIRFLOWS),
        weight_kg=_weight_kg(top),
        subdevice_role=top.choice("subdevice_role", SUBDEVICE_ROLES),
        power_ports=power_ports,
        power_outlets=tuple(_outlet(entry, inlets) for entry in top.entries("power-outlets")),
        interfaces=tuple(
            Interface(entry.text("name"), entry.text("type"), entry.flag("mgmt_only", default=False))
            for entry in top.entries("interfaces")
        ),
        device_bays=top.names("device-bays"),
        module_bay_names=top.names("module-bays"),
        front_ports=top.names("front-ports"),
        rear_ports=top.names("rear-ports"),
        console_ports=top.names("console-ports"),
        console_server_ports=top.names("console-server-ports"),
        source=where,
    )


def _outlet(entry: _Keys, inlets: set[str]) -> PowerOutlet:
    inlet = entry.text_or_none("power_port")
    if inlet is not None and inlet not in inlets:
        raise entry.error(
            "power_port", f"there is no power port named {inlet!r}", "name one of the file's power ports"
        )
    return PowerOutlet(
        name=entry.text("name"),
        type=entry.text_or_none("type"),
        power_port=inlet,
        feed_leg=entry.choice("feed_leg", FEED_LEGS),
    )


def _weight_kg(top: _Keys) -> float | None:
    unit = top.choice("weight_unit", tuple(KG_PER_UNIT))
    weight = top.positive_or_none("weight", "weight units")
    if weight is None:
        return None
    if unit is None:
        raise top.error("weight_unit", "a weight without its unit", f"add one of {', '.join(KG_PER_UNIT)}")
    # In decimals, so that 29.5 lb is rounded once, at the end.
    return float(Decimal(str(weight)) * KG_PER_UNIT[unit])


@dataclass(frozen=True, slots=True)
class _Keys:
    """One mapping of a file; every refusal names the file and the key."""

    values: Mapping[str, object]
    where: str

    def error(self, key: str, what: str, remedy: str) -> InputError:
        return InputError(what, where=f"{self.where}{key}", remedy=remedy)

    def text(self, key: str) -> str:
        value = self.text_or_none(key)
        if value is None:
            raise self.error(key, "missing", f"add {key}")
        return value

    def text_or_none(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        # Port names such as `1` are common and read as numbers; what they mean is plain.
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.error(key, f"{_shown(value)} is not a text", "put it in quotes")
        if not value.strip():
            raise self.error(key, "empty", "fill it in, or remove the key where it may be left out")
        return value

    def number_or_none(self, key: str) -> float | None:
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
            raise self.error(key, f"{_shown(value)} is not a number", "write a plain number")
        return value

    def positive_or_none(self, key: str, unit: str) -> float | None:
        value = self.number_or_none(key)
        if value is not None and value <= 0:
            raise self.error(
                key, f"{value} {unit}; it must be more than 0", "remove the key where it is unknown"
            )
        return value

    def height(self, key: str) -> float:
        value = self.number_or_none(key)
        if value is None:
            return 1.0
        if value < 0 or value > 100 or value * 2 != int(value * 2):
            raise self.error(key, f"{value} units; it must be 0 to 100 in steps of 0.5", "correct the height")
        return float(value)

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.error(key, f"{_shown(value)} is neither true nor false", "write true or false")
        return value

    def choice(self, key: str, allowed: tuple[str, ...]) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if value not in allowed:
            raise self.error(
                key, f"{_shown(value)} is not allowed here", f"write one of {', '.join(allowed)}"
            )
        return str(value)

    def entries(self, key: str) -> tuple[_Keys, ...]:
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self.error(key, f"{_shown(value)} is not a list", "write one `- name: …` for each")
        for number, entry in enumerate(value, start=1):
            if not isinstance(entry, dict):
                raise self.error(
                    f"{key}[{number}]", f"{_shown(entry)} has no name", "write it as `- name: …`"
                )
        return tuple(
            _Keys(entry, f"{self.where}{key}[{number}].") for number, entry in enumerate(value, start=1)
        )

    def names(self, key: str) -> tuple[str, ...]:
        return tuple(entry.text("name") for entry in self.entries(key))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
