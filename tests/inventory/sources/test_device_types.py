"""Published device types: what a file says arrives unchanged, what it omits stays unknown, what is wrong is named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InputError, SeveralErrors
from inventory.sources import device_types
from inventory.sources.device_types import (
    DeviceTypeSpec,
    Interface,
    PowerOutlet,
    PowerPort,
    builtin_library,
    load_device_type,
    load_library,
)

FOLDER = Path(device_types.__file__).parent / "device_types"
SHIPPED = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".yaml", ".yml"})

LEAST = "manufacturer: Acme\nmodel: Box 1\nslug: acme-box-1\n"


def a_file(folder: Path, text: str, name: str = "box.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path, extra: str = "") -> DeviceTypeSpec:
    return load_device_type(a_file(folder, LEAST + extra))


def by_slug(slug: str) -> DeviceTypeSpec:
    return next(spec for spec in builtin_library() if spec.slug == slug)


def test_the_least_file_leaves_everything_unknown_but_the_defaults_of_the_format(tmp_path: Path) -> None:
    spec = load(tmp_path)
    assert (spec.manufacturer, spec.model, spec.slug) == ("Acme", "Box 1", "acme-box-1")
    assert (spec.u_height, spec.is_full_depth) == (1.0, True)
    assert (spec.part_number, spec.airflow, spec.weight_kg, spec.subdevice_role) == (None, None, None, None)
    assert (spec.power_ports, spec.interfaces, spec.device_bays, spec.module_bays) == ((), (), (), 0)


def test_a_whole_file_arrives_as_typed_values(tmp_path: Path) -> None:
    spec = load(
        tmp_path,
        "part_number: B-1\nu_height: 2\nis_full_depth: false\nairflow: rear-to-front\nsubdevice_role: parent\n"
        "weight: 12.5\nweight_unit: kg\n"
        "power-ports:\n  - {name: PSU1, type: iec-60320-c14, maximum_draw: 750, allocated_draw: 55.9}\n  - name: PSU2\n"
        "power-outlets:\n  - {name: O1, type: iec-60320-c13, power_port: PSU1, feed_leg: B}\n  - name: O2\n"
        "interfaces:\n  - {name: 1, type: 1000base-t}\n  - {name: mgmt, type: other, mgmt_only: true}\n"
        "device-bays: [{name: Bay 1}]\nmodule-bays: [{name: M1}, {name: M2}]\n"
        "front-ports: [{name: F1}]\nrear-ports: [{name: R1}]\n"
        "console-ports: [{name: Con}]\nconsole-server-ports: [{name: tty1}]\n",
    )
    assert (spec.part_number, spec.u_height, spec.is_full_depth) == ("B-1", 2.0, False)
    assert (spec.airflow, spec.subdevice_role, spec.weight_kg) == ("rear-to-front", "parent", 12.5)
    assert spec.power_ports == (
        PowerPort("PSU1", "iec-60320-c14", 750, 55.9),
        PowerPort("PSU2", None, None, None),
    )
    assert spec.power_outlets == (
        PowerOutlet("O1", "iec-60320-c13", "PSU1", "B"),
        PowerOutlet("O2", None, None, None),
    )
    assert spec.interfaces == (Interface("1", "1000base-t", False), Interface("mgmt", "other", True))
    assert (spec.device_bays, spec.module_bay_names, spec.module_bays) == (("Bay 1",), ("M1", "M2"), 2)
    assert (spec.front_ports, spec.rear_ports) == (("F1",), ("R1",))
    assert (spec.console_ports, spec.console_server_ports) == (("Con",), ("tty1",))


@pytest.mark.parametrize(
    ("weight", "kilograms"),
    [
        ("2\nweight_unit: kg", 2.0),
        ("650\nweight_unit: g", 0.65),
        ("39.0\nweight_unit: lb", 17.69010243),
        ("16\nweight_unit: oz", 0.45359237),
    ],
)
def test_weights_become_kilograms_by_the_exact_factors(tmp_path: Path, weight: str, kilograms: float) -> None:
    assert load(tmp_path, f"weight: {weight}\n").weight_kg == kilograms


@pytest.mark.parametrize("written", ["null", "~", ""])
def test_an_empty_value_is_unknown_and_not_zero(tmp_path: Path, written: str) -> None:
    spec = load(tmp_path, f"weight: {written}\npower-ports:\n  - name: P\n    maximum_draw: {written}\n")
    assert spec.weight_kg is None
    assert spec.power_ports[0].maximum_draw_w is None


FACTORS = {
    "kg": Fraction(1),
    "g": Fraction(1, 1000),
    "lb": Fraction(45359237, 10**8),
    "oz": Fraction(45359237, 16 * 10**8),
}


@given(
    thousandths=st.integers(min_value=1, max_value=5_000_000),
    unit=st.sampled_from(sorted(FACTORS)),
)
def test_any_weight_in_any_unit_is_the_nearest_kilogram_figure(
    tmp_path_factory: pytest.TempPathFactory, thousandths: int, unit: str
) -> None:
    written = f"{thousandths // 1000}.{thousandths % 1000:03d}"
    spec = load(tmp_path_factory.mktemp("weight"), f"weight: {written}\nweight_unit: {unit}\n")
    assert spec.weight_kg == float(Fraction(thousandths, 1000) * FACTORS[unit])


MALFORMED = {
    "no slug": ("manufacturer: A\nmodel: B\n", "slug", "missing"),
    "no model": ("manufacturer: A\nslug: b\n", "model", "missing"),
    "no manufacturer": ("model: A\nslug: b\n", "manufacturer", "missing"),
    "blank model": ("manufacturer: A\nmodel: ' '\nslug: b\n", "model", "empty"),
    "model is a list": ("manufacturer: A\nmodel: [B]\nslug: b\n", "model", "not a text"),
    "height in thirds": (LEAST + "u_height: 0.3\n", "u_height", "steps of 0.5"),
    "height below zero": (LEAST + "u_height: -1\n", "u_height", "0 to 100"),
    "height in words": (LEAST + "u_height: two\n", "u_height", "not a number"),
    "height is nan": (LEAST + "u_height: .nan\n", "u_height", "not a number"),
    "depth in words": (LEAST + "is_full_depth: 'yes'\n", "is_full_depth", "neither true nor false"),
    "airflow unheard of": (LEAST + "airflow: upwards\n", "airflow", "not allowed"),
    "role unheard of": (LEAST + "subdevice_role: cousin\n", "subdevice_role", "not allowed"),
    "weight without unit": (LEAST + "weight: 3\n", "weight_unit", "without its unit"),
    "weight in stones": (LEAST + "weight: 3\nweight_unit: st\n", "weight_unit", "not allowed"),
    "weight is zero": (LEAST + "weight: 0\nweight_unit: kg\n", "weight", "more than 0"),
    "weight as a list": (
        LEAST + "weight: [{value: 7.2, unit: lb}]\nweight_unit: lb\n",
        "weight",
        "not a number",
    ),
    "weight is infinite": (LEAST + "weight: .inf\nweight_unit: kg\n", "weight", "not a number"),
    "weight is true": (LEAST + "weight: true\nweight_unit: kg\n", "weight", "not a number"),
    "draw is zero": (
        LEAST + "power-ports: [{name: P, maximum_draw: 0}]\n",
        "power-ports[1].maximum_draw",
        "more than 0",
    ),
    "draw in words": (
        LEAST + "power-ports: [{name: P}, {name: Q, allocated_draw: lots}]\n",
        "power-ports[2].allocated_draw",
        "not a number",
    ),
    "port without name": (LEAST + "power-ports: [{type: hardwired}]\n", "power-ports[1].name", "missing"),
    "ports are no list": (LEAST + "interfaces: {name: a}\n", "interfaces", "not a list"),
    "port is no mapping": (LEAST + "device-bays: [Bay 1]\n", "device-bays[1]", "has no name"),
    "interface without type": (LEAST + "interfaces: [{name: a}]\n", "interfaces[1].type", "missing"),
    "outlet on no inlet": (
        LEAST + "power-ports: [{name: P}]\npower-outlets: [{name: O, power_port: Q}]\n",
        "power-outlets[1].power_port",
        "no power port named 'Q'",
    ),
    "leg D": (
        LEAST + "power-outlets: [{name: O, feed_leg: D}]\n",
        "power-outlets[1].feed_leg",
        "not allowed",
    ),
    "a list at the top": ("- a\n- b\n", "", "no device type"),
    "empty file": ("", "", "no device type"),
    "merge conflict": (LEAST + "<<<<<<< HEAD\nu_height: 1\n", "line", "not YAML"),
    "unclosed quote": ("model: 'A\n", "line", "not YAML"),
    "a call in disguise": ("model: !!python/object/apply:os.getcwd []\n", "line", "not YAML"),
    "endless nesting": ("a: " + "[" * 20_000, "", "not YAML"),
}


@pytest.mark.parametrize(("text", "key", "what"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_file_is_refused_with_file_key_and_remedy(
    tmp_path: Path, text: str, key: str, what: str
) -> None:
    path = a_file(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load_device_type(path)
    error = caught.value
    assert error.where.startswith(str(path))
    assert key in error.where.removeprefix(str(path))
    assert what in error.what
    assert error.remedy


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "box.yaml"
    path.write_bytes(b"model: caf\xe9\n")
    with pytest.raises(InputError, match="byte 10 is not UTF-8"):
        load_device_type(path)


def test_a_file_larger_than_any_type_is_refused(tmp_path: Path) -> None:
    path = a_file(tmp_path, LEAST + "#" * device_types.MAX_FILE_BYTES)
    with pytest.raises(InputError, match="larger than"):
        load_device_type(path)


def test_a_missing_file_is_refused_by_both_readers(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        load_device_type(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="no such file or folder"):
        load_library(tmp_path / "none")


def test_a_folder_is_read_through_its_subfolders_and_sorted(tmp_path: Path) -> None:
    a_file(tmp_path, "manufacturer: Zeta\nmodel: A\nslug: za\n", "Zeta/a.yml")
    a_file(tmp_path, "manufacturer: acme\nmodel: B\nslug: ab\n", "Acme/deep/b.yaml")
    a_file(tmp_path, "manufacturer: Acme\nmodel: A\nslug: aa\n", "Acme/a.yaml")
    a_file(tmp_path, "not a type", "Acme/README.md")
    assert [spec.slug for spec in load_library(tmp_path)] == ["aa", "ab", "za"]


def test_one_file_is_a_library_of_one(tmp_path: Path) -> None:
    assert [spec.model for spec in load_library(a_file(tmp_path, LEAST))] == ["Box 1"]


def test_a_folder_without_types_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no device type in this folder"):
        load_library(tmp_path)


def test_all_defects_of_a_folder_are_told_at_once(tmp_path: Path) -> None:
    a_file(tmp_path, LEAST, "a.yaml")
    a_file(tmp_path, LEAST + "u_height: x\n", "b.yaml")
    a_file(tmp_path, LEAST + "weight: x\n", "c.yaml")
    with pytest.raises(SeveralErrors) as caught:
        load_library(tmp_path)
    assert [error.where.rsplit("/", 1)[1] for error in caught.value.errors] == [
        "b.yaml: u_height",
        "c.yaml: weight",
    ]


def test_two_files_of_one_maker_with_the_same_slug_are_refused(tmp_path: Path) -> None:
    a_file(tmp_path, LEAST, "a.yaml")
    a_file(tmp_path, LEAST, "b.yaml")
    with pytest.raises(
        InputError, match=r"b\.yaml: slug: Acme has the slug 'acme-box-1' already, in .*a\.yaml"
    ):
        load_library(tmp_path)


def test_a_link_back_to_the_folder_does_not_lead_in_circles(tmp_path: Path) -> None:
    a_file(tmp_path, LEAST)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert len(load_library(tmp_path)) == 1


@pytest.mark.parametrize("path", SHIPPED, ids=[path.relative_to(FOLDER).as_posix() for path in SHIPPED])
def test_every_shipped_file_says_what_the_reader_says(path: Path) -> None:
    spec = load_device_type(path)
    raw = yaml.safe_load(path.read_bytes())
    assert (spec.manufacturer, spec.model, spec.slug) == (raw["manufacturer"], raw["model"], raw["slug"])
    assert spec.u_height == raw.get("u_height", 1)
    assert (spec.weight_kg is None) == (raw.get("weight") is None)
    assert [port.maximum_draw_w for port in spec.power_ports] == [
        port.get("maximum_draw") for port in raw.get("power-ports", [])
    ]
    assert [port.name for port in spec.interfaces] == [port["name"] for port in raw.get("interfaces", [])]
    assert list(spec.device_bays) == [bay["name"] for bay in raw.get("device-bays", [])]


def test_the_builtin_library_holds_every_shipped_file_once() -> None:
    library = builtin_library()
    assert sorted(spec.source.removeprefix("device_types/") for spec in library) == sorted(
        path.relative_to(FOLDER).as_posix() for path in SHIPPED
    )
    assert len({spec.slug for spec in library}) == len(library)


def test_the_builtin_library_covers_what_a_plan_has_to_cope_with() -> None:
    library = builtin_library()
    assert {spec.subdevice_role for spec in library} == {None, "parent", "child"}
    assert {0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0, 10.0} <= {spec.u_height for spec in library}
    assert {"front-to-rear", "rear-to-front", "side-to-rear", "passive", None} <= {
        spec.airflow for spec in library
    }
    assert any(spec.weight_kg is None for spec in library)
    assert any(outlet.feed_leg == "B" for spec in library for outlet in spec.power_outlets)


def test_published_figures_arrive_in_kilograms_and_watts() -> None:
    assert by_slug("dell-poweredge-r640").weight_kg == pytest.approx(39 * 0.45359237)
    assert by_slug("axis-p3245-lv").weight_kg == 0.65
    assert [port.maximum_draw_w for port in by_slug("hpe-bladesystem-c7000").power_ports] == [2650] * 6
    assert by_slug("synology-rs2418rp-plus").power_ports[0] == PowerPort(
        "PSU 1", "iec-60320-c14", 119.6, 55.9
    )
    assert by_slug("dell-poweredge-r620").power_ports[0].maximum_draw_w is None


def test_the_readme_names_source_licence_and_every_file() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "netbox-community/devicetype-library" in readme
    assert "CC0 1.0" in readme
    assert [path.name for path in SHIPPED if f"| {path.relative_to(FOLDER).as_posix()} |" not in readme] == []
