"""What a generated project holds, and what it leaves of the folder it is written to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml
from wave_builders import START, a_device, a_facility, a_machine, a_plan, an_estate

from capacity import plan as plans
from inventory.errors import InputError, ProblemError, StaleError, WorkspaceError
from inventory.rows import Ref
from playbooks.generate import generate

PHASES = {"preflight", "replicate", "cutover", "verify", "rollback", "decommission"}


def variables(project, host: str) -> dict:
    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    return yaml.load((project.folder / f"inventory/host_vars/{host}.yml").read_text(), Loader)


def test_every_wave_has_one_playbook_per_phase_a_runbook_and_a_manifest(project):
    for wave in ("wave-01", "wave-02"):
        names = {path.name for path in (project.folder / wave).iterdir()}
        assert names == {f"{phase}.yml" for phase in PHASES} | {"RUNBOOK.md", "manifest.json", "roles"}


def test_retirements_are_a_wave_that_moves_nothing(project):
    names = {path.name for path in (project.folder / "wave-00").glob("*.yml")}
    assert names == {"preflight.yml", "decommission.yml"}
    assert project.waves[0].retired == (Ref("devices", 3),)


def test_no_playbook_leads_to_one_that_undoes_or_destroys(project):
    playbooks = list(project.folder.glob("wave-*/*.yml"))
    assert {path.parent.name for path in playbooks} == {"wave-00", "wave-01", "wave-02"}
    for path in playbooks:
        text = path.read_text()
        assert "import_playbook" not in text
        if path.stem not in {"rollback", "decommission"}:
            assert "rollback" not in text
            assert "decommission" not in text


def test_the_inventory_knows_each_asset_by_its_id_and_each_target(project):
    groups = yaml.safe_load((project.folder / "inventory/hosts.yml").read_text())["all"]["children"]
    wave = groups["wave_01"]["children"]
    assert set(wave["wave_01_workloads"]["hosts"]) == {"vm-1", "vm-3"}
    assert set(wave["wave_01_targets"]["hosts"]) == {"vm-1-target", "vm-3-target"}
    assert set(wave["wave_01_devices"]["hosts"]) == {"dev-1"}
    assert set(groups["wave_00"]["children"]["wave_00_retired"]["hosts"]) == {"dev-3"}


def test_a_host_gets_its_address_its_place_its_window_and_its_share_of_the_line(project):
    found = variables(project, "vm-1")
    assert found["ansible_host"] == "10.0.0.11"
    assert found["vorst_dns_name"] == "tickets.example.brussels"
    assert found["vorst_target_host"] == "vm-1-target"
    assert (found["vorst_window_start"], found["vorst_window_end"]) == (
        "2026-03-07T20:00:00Z",
        "2026-03-08T00:00:00Z",
    )
    # 800 Mbit/s for the two machines of the step
    assert found["vorst_rate_mbps"] == 400
    assert found["vorst_planned"] == {"vcpus": 1, "memory_mb": 256}
    assert variables(project, "dev-1")["vorst_target_rack"] == "new-rack-1"


def test_unknown_things_are_left_out_never_guessed(project):
    found = variables(project, "vm-3")
    assert "ansible_host" not in found
    assert "vorst_dns_name" not in found
    assert "vorst_dns_name" not in variables(project, "vm-2")
    assert Ref("virtual_machines", 3) in project.incomplete
    assert Ref("devices", 1) not in project.incomplete


def test_a_machine_whose_step_holds_no_line_has_no_rate(estate, tmp_path):
    made = generate(estate, a_facility(), a_plan(estate, circuit_mbps=0), tmp_path / "p")
    assert "vorst_rate_mbps" not in variables(made, "vm-1")


def test_dependencies_are_the_far_ends_of_flows_with_the_port_they_name(project):
    assert variables(project, "vm-1")["vorst_dependencies"] == {
        "flow-1-dev-1": {
            "flow": "flow-1",
            "asset": "dev-1",
            "address": "10.0.0.1",
            "port": 636,
            "moves_before": False,
        }
    }
    # vm-2 is in wave 2, after the device it needs
    assert variables(project, "vm-2")["vorst_dependencies"]["flow-1-dev-1"]["moves_before"] is True
    ends = variables(project, "vm-3")["vorst_dependencies"]
    assert {(end["asset"], end["port"]) for end in ends.values()} == {("vm-1", 0), ("vm-2", 0)}


def test_the_manifest_names_serials_positions_weights_and_feeds(project):
    (device,) = json.loads((project.folder / "wave-01/manifest.json").read_text())["devices"]
    assert device["serial"] == "SN1"
    assert device["target"]["rack"] == "new-rack-1"
    assert device["target"]["position"] == 1.0
    assert device["weight_kg"] == {"planning": 20.0, "estimate": False}
    assert device["supplies"] == [{"feed": "A1", "leg": "L1"}, {"feed": "B1", "leg": "L1"}]
    assert device["source"]["rack"] == "R1"


def test_the_same_inputs_give_the_same_bytes(estate, tmp_path):
    plan = a_plan(estate, retired=(3,), waves=2)
    first = generate(estate, a_facility(), plan, tmp_path / "a")
    second = generate(estate, a_facility(), plan, tmp_path / "b")
    assert first.files == second.files


def test_a_plan_made_from_another_estate_is_refused(estate, tmp_path):
    plan = a_plan(estate)
    other = an_estate([a_device(1)])
    with pytest.raises(StaleError, match="another inventory"):
        generate(other, a_facility(), plan, tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_a_move_without_a_wave_is_refused(estate, tmp_path):
    plan = a_plan(estate)
    steps = tuple(replace(step, wave=None) for step in plan.steps)
    with pytest.raises(ProblemError, match="belongs to no wave"):
        generate(estate, a_facility(), plans.sealed(replace(plan, steps=steps)), tmp_path / "p")


# --- the folder ---------------------------------------------------------------------------------------------------


def test_what_people_and_runs_put_there_outlives_a_new_generation(project, estate):
    kept = [
        "declared/host_vars/vm-1.yml",
        "acceptance/wave-01.yml",
        "records/wave-01/vm-1/preflight.json",
        "notes.txt",
    ]
    for name in kept:
        path = project.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"mine: {name}\n")
    generate(estate, a_facility(), a_plan(estate), project.folder)
    for name in kept:
        assert (project.folder / name).read_text() == f"mine: {name}\n"


def test_what_an_earlier_plan_had_and_this_one_has_not_is_gone(project, estate):
    assert (project.folder / "wave-02").exists()
    generate(estate, a_facility(), a_plan(estate), project.folder)
    assert not (project.folder / "wave-02").exists()
    assert not (project.folder / "inventory/group_vars/wave_02.yml").exists()


def test_a_strange_folder_is_refused_and_left_as_it_was(estate, tmp_path):
    (tmp_path / "work.txt").write_text("not yours")
    with pytest.raises(InputError, match="didn't generate"):
        generate(estate, a_facility(), a_plan(estate), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["work.txt"]
    generate(estate, a_facility(), a_plan(estate), tmp_path, force=True)
    assert (tmp_path / "work.txt").read_text() == "not yours"


def test_a_generated_file_that_a_person_changed_is_not_overwritten_unasked(project, estate):
    playbook = project.folder / "wave-01/cutover.yml"
    before = playbook.read_text()
    playbook.write_text(before + "# by hand\n")
    with pytest.raises(InputError, match=r"wave-01/cutover\.yml .* changed since"):
        generate(estate, a_facility(), a_plan(estate), project.folder)
    assert playbook.read_text().endswith("# by hand\n")
    generate(estate, a_facility(), a_plan(estate), project.folder, force=True)
    assert "by hand" not in playbook.read_text()


def test_a_generation_that_fails_half_way_changes_nothing(project, estate, monkeypatch):
    before = {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("playbooks.project._seed", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        generate(estate, a_facility(), a_plan(estate), project.folder)
    assert {path: path.read_bytes() for path in project.folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in project.folder.parent.iterdir()] == ["project"]


def test_a_region_is_generated_in_seconds(tmp_path):
    import time

    devices = [a_device(n, primary_ip=f"10.{n // 250}.{n % 250}.1/24", position=None) for n in range(1, 2601)]
    machines = [a_machine(n, primary_ip=f"10.{n // 250}.{n % 250}.2/24") for n in range(1, 3501)]
    estate = an_estate(devices, machines)
    plan = a_plan(estate, waves=60, rollback=timedelta(days=7), start=START)
    started = time.process_time()
    made = generate(estate, a_facility(), plan, tmp_path / "p")
    assert time.process_time() - started < 20
    assert made.hosts == 6100
    assert len(list((tmp_path / "p").glob("wave-*/*.yml"))) == 360
