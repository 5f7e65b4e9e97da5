"""The ground everything stands on: import direction, a quick start, ansible.cfg, the lock, the wheel, the set-up."""

from __future__ import annotations

import configparser
import email.message
import email.parser
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import grimp
import pytest
import system_parts
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from system_parts import SystemPart, require

PACKAGES = ("inventory", "capacity", "playbooks", "tui")
BIN = Path(sys.executable).parent

SLOW_TO_IMPORT = {
    "alembic", "altair", "ansible", "ansible_runner", "babel", "distributed", "highspy", "holidays",
    "icalendar", "igraph", "jinja2", "numba", "numpy", "ortools", "pandas", "psycopg", "pyarrow", "pydantic",
    "pynetbox", "pyproj", "python_calamine", "requests", "scipy", "sqlalchemy", "sqlmodel", "textual",
    "textual_fastdatatable", "typst", "vl_convert", "xlsxwriter", "yaml",
}  # fmt: skip

READ_BY_THE_CHECKER = {
    "capacity.calendar",
    "capacity.calendar_settings",
    "capacity.facility",
    "capacity.plan",
    "capacity.resources",
}
"""The schemas of the documents and the units: all of capacity that the checker may know."""


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    options = {"capture_output": True, "text": True, "timeout": 120} | options
    return subprocess.run([str(part) for part in command], check=False, **options)


def copy_of_the_packages(repo_root: Path, folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            repo_root / package,
            folder / package,
            ignore=shutil.ignore_patterns("__pycache__", "device_types", "*.pyc"),
        )
    shutil.copy(repo_root / "pyproject.toml", folder)
    return folder


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


# Import direction


PLANTED = {
    "inventory/planted_upward.py": ("import capacity.plan", "inventory.planted_upward -> capacity.plan"),
    "capacity/planted_upward.py": ("import playbooks", "capacity.planted_upward -> playbooks"),
    "playbooks/planted_upward.py": ("import tui", "playbooks.planted_upward -> tui"),
    "inventory/planted_rich.py": ("import rich", "inventory.planted_rich -> rich"),
    "capacity/planted_textual.py": ("import textual", "capacity.planted_textual -> textual"),
    "playbooks/planted_rich.py": ("import rich", "playbooks.planted_rich -> rich"),
    "capacity/planted_sql.py": ("import sqlalchemy", "capacity.planted_sql -> sqlalchemy"),
    "capacity/planted_http.py": ("import requests", "capacity.planted_http -> requests"),
    "capacity/planted_runner.py": ("import ansible_runner", "capacity.planted_runner -> ansible_runner"),
    "capacity/planted_database.py": (
        "import inventory.database",
        "capacity.planted_database -> inventory.database",
    ),
    "capacity/solvers/planted_plan.py": (
        "import capacity.plan",
        "capacity.solvers.planted_plan -> capacity.plan",
    ),
    "capacity/solvers/planted_estate.py": (
        "import inventory.estate",
        "capacity.solvers.planted_estate -> inventory.estate",
    ),
    "capacity/verification/planted_solver.py": (
        "import capacity.solvers",
        "capacity.verification.planted_solver -> capacity.solvers",
    ),
    "capacity/verification/planted_demand.py": (
        "import capacity.demand",
        "capacity.verification.planted_demand -> capacity.demand",
    ),
}


def test_the_contract_finds_every_planted_import(repo_root: Path, tmp_path: Path) -> None:
    copy_of_the_packages(repo_root, tmp_path)
    for file, (statement, _) in PLANTED.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(f"{statement}\n", encoding="utf-8")
    linted = run(BIN / "lint-imports", "--no-cache", cwd=tmp_path, env=os.environ | {"COLUMNS": "200"})
    assert linted.returncode == 1, linted.stdout + linted.stderr
    found = re.sub(r"\s+", " ", linted.stdout)
    assert [line for _, line in PLANTED.values() if line not in found] == []


def test_the_checker_knows_nothing_that_plans(imports: grimp.ImportGraph) -> None:
    checker = {
        module
        for module in imports.modules
        if module == "capacity.verify" or module.startswith("capacity.verification")
    }
    assert checker
    known = {
        imported
        for module in checker
        for imported in imports.find_modules_directly_imported_by(module)
        if imported.startswith("capacity.")
    }
    assert known - checker <= READ_BY_THE_CHECKER


def test_what_the_checker_reads_knows_nothing_that_plans(imports: grimp.ImportGraph) -> None:
    schemas = READ_BY_THE_CHECKER & imports.modules
    assert len(schemas) >= 4
    reached = {
        imported for module in schemas for imported in imports.find_modules_directly_imported_by(module)
    }
    assert {module for module in reached if module.startswith("capacity.")} <= READ_BY_THE_CHECKER


def test_solvers_have_never_heard_of_a_server(imports: grimp.ImportGraph) -> None:
    solvers = {module for module in imports.modules if module.startswith("capacity.solvers")}
    known = {imported for module in solvers for imported in imports.find_modules_directly_imported_by(module)}
    assert {module for module in known - solvers if module.split(".")[0] in PACKAGES} == set()


# A quick start


def test_help_imports_nothing_slow() -> None:
    looked = run(
        sys.executable,
        "-c",
        "import json, sys\n"
        "from tui.cli import main\n"
        "sys.argv = ['vorst', '--help']\n"
        "try:\n"
        "    main()\n"
        "except SystemExit as ended:\n"
        "    status = ended.code\n"
        "else:\n"
        "    status = 0\n"
        "sys.stderr.write(json.dumps([status, sorted({name.split('.')[0] for name in sys.modules})]))\n",
    )
    status, loaded = json.loads(looked.stderr)
    assert not status
    assert "vorst" in looked.stdout
    assert SLOW_TO_IMPORT & set(loaded) == set()


def test_what_is_slow_to_import_is_there_to_be_imported() -> None:
    installed = set(importlib.metadata.packages_distributions())
    assert SLOW_TO_IMPORT - installed == set()


# ansible.cfg


def test_ansible_is_pointed_at_generated_hosts_and_the_roles(repo_root: Path) -> None:
    settings = configparser.ConfigParser()
    settings.read(repo_root / "ansible.cfg")
    hosts = (repo_root / settings["defaults"]["inventory"]).resolve()
    assert hosts.suffix == ".yml"
    assert hosts.relative_to(repo_root).parts[0] not in PACKAGES
    assert settings["defaults"]["roles_path"] == "playbooks/roles"


def test_ansible_reads_no_text_of_a_package_as_hosts(repo_root: Path, tmp_path: Path) -> None:
    copy_of_the_packages(repo_root, tmp_path)
    shutil.copy(repo_root / "ansible.cfg", tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    # Said outright: Ansible passes over an ansible.cfg in a folder that everyone may write to.
    environment |= {"ANSIBLE_CONFIG": str(tmp_path / "ansible.cfg"), "ANSIBLE_HOME": str(tmp_path / "home")}
    listed = run(BIN / "ansible-inventory", "--list", cwd=tmp_path, env=environment)
    assert listed.returncode == 0, listed.stderr
    assert [host for group in json.loads(listed.stdout).values() for host in group.get("hosts", [])] == []


# The lock


@pytest.fixture(scope="module")
def lock(repo_root: Path) -> dict[str, Any]:
    return tomllib.loads((repo_root / "uv.lock").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def project(repo_root: Path) -> dict[str, Any]:
    return tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_lock_names_the_public_index_only(lock: dict[str, Any]) -> None:
    others = [package for package in lock["package"] if package["name"] != "vorst"]
    assert {package["source"].get("registry") for package in others} == {"https://pypi.org/simple"}
    files = [
        file for package in others for file in [package.get("sdist"), *package.get("wheels", [])] if file
    ]
    assert len(files) > len(others)
    assert {file["url"].split("/")[2] for file in files} == {"files.pythonhosted.org"}


def test_the_lock_holds_what_the_project_asks_for(lock: dict[str, Any], project: dict[str, Any]) -> None:
    ours = next(package for package in lock["package"] if package["name"] == "vorst")
    optional = [line for lines in project["project"]["optional-dependencies"].values() for line in lines]
    grouped = [line for lines in project["dependency-groups"].values() for line in lines]
    asked = [*project["project"]["dependencies"], *optional, *grouped]
    locked = [
        *ours["metadata"]["requires-dist"],
        *(entry for entries in ours["metadata"]["requires-dev"].values() for entry in entries),
    ]
    expected = {(named.name.lower(), named.specifier) for named in map(Requirement, asked)}
    assert {(entry["name"], SpecifierSet(entry.get("specifier", ""))) for entry in locked} == expected


def test_the_constraints_for_pip_are_what_is_installed(repo_root: Path) -> None:
    printed = run(sys.executable, repo_root / ".ci" / "lock_to_constraints.py")
    pins = [Requirement(line) for line in printed.stdout.splitlines()]
    here = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    assert len({pin.name for pin in here}) == len(here)
    installed = {
        dist.name.lower().replace("_", "-").replace(".", "-"): dist.version
        for dist in importlib.metadata.distributions()
    }
    compared = [pin for pin in here if pin.name in installed]
    assert len(compared) > len(here) / 2
    assert [str(pin) for pin in compared if not pin.specifier.contains(installed[pin.name])] == []


# The wheel


@pytest.fixture(scope="module")
def wheel(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=repo_root)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.parser.Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_four_packages_with_their_data(repo_root: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert {name.split("/")[0] for name in inside if ".dist-info/" not in name} == set(PACKAGES)
    sources = {
        str(path.relative_to(repo_root))
        for package in PACKAGES
        for path in (repo_root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert sources - inside == set()
    assert {f"{package}/py.typed" for package in PACKAGES} <= inside
    assert any(name.startswith("inventory/sources/device_types/") for name in inside)
    assert "capacity/defaults/facility.yaml" in inside


def test_the_wheel_says_its_licence_and_is_not_for_upload(metadata: email.message.Message) -> None:
    assert metadata["Name"] == "vorst"
    assert metadata["License-Expression"] == "EUPL-1.2"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert str(metadata.get_payload()).startswith("# vorst")
    assert "Private :: Do Not Upload" in metadata.get_all("Classifier", [])


def test_the_source_distribution_holds_what_it_says_and_no_more(repo_root: Path, tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", tmp_path, cwd=repo_root)
    assert built.returncode == 0, built.stderr
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        inside = {Path(name).parts[1] for name in archive.getnames()}
    said = {*PACKAGES, "LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml"}
    assert said <= inside
    assert inside - said <= {"PKG-INFO", ".gitignore"}


def test_the_wheel_runs_without_the_source(repo_root: Path, wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    libraries = next(path for path in sys.path if path.endswith("site-packages"))
    # -S leaves out the .pth files of site-packages, one of which leads to the source.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path / "installed"), libraries])}

    def python(code: str) -> subprocess.CompletedProcess[str]:
        return run(sys.executable, "-S", "-P", "-c", code, cwd=tmp_path, env=environment)

    where = python(f"import {', '.join(PACKAGES)}\nprint(*(p.__file__ for p in ({', '.join(PACKAGES)})))")
    assert where.returncode == 0, where.stderr
    assert str(repo_root) not in where.stdout
    helped = python("import sys\nfrom tui.cli import main\nsys.argv = ['vorst', '--help']\nmain()")
    assert helped.returncode == 0, helped.stderr
    assert "vorst" in helped.stdout


# The set-up


@pytest.mark.needs("make")
def test_make_alone_says_what_can_be_made(repo_root: Path) -> None:
    helped = run("make", cwd=repo_root)
    assert helped.returncode == 0
    for target in ("setup", "demo", "test", "lint", "bench", "docs", "clean"):
        assert re.search(rf"^  {target}\t\S", helped.stdout, re.MULTILINE), target


def test_setup_says_what_to_do_about_a_python_that_cannot_serve(repo_root: Path, tmp_path: Path) -> None:
    environment = os.environ | {"PYTHON": shutil.which("false") or "false", "VENV": str(tmp_path / "venv")}
    tried = run("sh", ".ci/setup", cwd=repo_root, env=environment)
    assert tried.returncode != 0
    assert "is not a Python 3.11" in tried.stderr
    assert "make setup PYTHON=" in tried.stderr
    assert not (tmp_path / "venv").exists()


def test_setup_says_where_to_get_a_missing_python(repo_root: Path, tmp_path: Path) -> None:
    shell = shutil.which("sh")
    assert shell
    environment = {"PATH": str(tmp_path), "VENV": str(tmp_path / "venv")}
    tried = run(shell, ".ci/setup", cwd=repo_root, env=environment)
    assert tried.returncode != 0
    assert "no Python 3.11" in tried.stderr
    assert "apt-get install python3" in tried.stderr


# Parts of the system


@pytest.fixture
def no_lathe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(system_parts.PARTS, "lathe", SystemPart(lambda: False, "apt-get install lathe"))


@pytest.mark.usefixtures("no_lathe")
def test_a_missing_part_skips_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VORST_REQUIRE_SYSTEM", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install lathe"):
        require("lathe")


@pytest.mark.usefixtures("no_lathe")
def test_a_missing_part_fails_where_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VORST_REQUIRE_SYSTEM", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install lathe"):
        require("lathe")


def test_ci_installs_every_part_that_a_test_may_need(repo_root: Path) -> None:
    script = (repo_root / ".ci" / "run").read_text(encoding="utf-8")
    packages = set(re.search(r"packages=\((.*?)\)", script, re.DOTALL)[1].split())  # type: ignore[index]
    remedies = [part.remedy for part in system_parts.PARTS.values()]
    named = {name for remedy in remedies for name in re.findall(r"apt-get install (\S+?)(?:,|$)", remedy)}
    assert named
    assert named <= packages
    assert "VORST_REQUIRE_SYSTEM=1" in script
