"""From a plan to an Ansible project on disk: inventory, playbooks per wave and phase, roles, runbooks, manifests.

It puts together what its neighbours make (`inventory_files`, `playbook_files`, `runbooks`, `manifest`) and hands it to
`project` to be written in one go. The same Estate, Facility and Plan give the same files, byte for byte. Running a
project is `run`'s work.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from capacity.approval import Standing
from capacity.facility import Facility
from capacity.plan import Plan
from inventory.errors import StaleError
from inventory.estate import Estate
from inventory.rows import Ref
from playbooks.host_variables import HostVariables, instant
from playbooks.inventory_files import inventory_files
from playbooks.manifest import wave_manifest
from playbooks.playbook_files import (
    ANSIBLE_CFG,
    ANSIBLE_LINT,
    REQUIREMENTS,
    YAMLLINT,
    phases_of,
    playbook_files,
)
from playbooks.project import ProjectFiles, write_project
from playbooks.project_guide import DECLARED_HOSTS, declared_readme, project_readme
from playbooks.results import load_runs
from playbooks.runbooks.book import Runbooks
from playbooks.runbooks.markdown import to_markdown
from playbooks.scope import WaveScope, host_of, wave_scopes

ROLES = Path(__file__).parent / "roles"
GENERATOR_VERSION = "1"


@dataclass(frozen=True)
class GeneratedProject:
    """What was made: the folder, its waves, SHA-256 by generated file, and hosts that need a person first."""

    folder: Path
    waves: tuple[WaveScope, ...]
    files: dict[str, str]
    incomplete: tuple[Ref, ...]

    @property
    def hosts(self) -> int:
        """Assets that some wave works on."""
        return sum(len(wave.assets) for wave in self.waves)


def generate(
    estate: Estate,
    facility: Facility,
    plan: Plan,
    out_dir: Path,
    *,
    force: bool = False,
    approval: Standing | None = None,
) -> GeneratedProject:
    """Write the Ansible project of a plan to `out_dir`, whole or not at all; `approval` says how the plan stands.

    Raises StaleError when the plan was made from another estate or facility, InputError when `out_dir` holds something
    else or a changed file (`force` overwrites), WorkspaceError when the disk refuses.
    """
    _demand_same_inputs(estate, facility, plan)
    variables = HostVariables(estate, plan)
    scopes = wave_scopes(plan)
    texts = {
        **_settings(plan, scopes),
        **inventory_files(variables, scopes),
    }
    runbooks = Runbooks(variables, facility, load_runs(out_dir), approval=approval)
    incomplete: list[Ref] = []
    for scope in scopes:
        texts.update(playbook_files(scope))
        texts[f"{scope.folder}/RUNBOOK.md"] = to_markdown(runbooks.of(scope))
        texts[f"{scope.folder}/manifest.json"] = (
            json.dumps(wave_manifest(variables, runbooks.wiring, scope), indent=1, ensure_ascii=False) + "\n"
        )
        incomplete += [asset for asset in scope.assets if variables.lacks(asset, scope)]
    files = ProjectFiles(
        texts=texts,
        copies={"roles": ROLES},
        links={f"{scope.folder}/roles": "../roles" for scope in scopes},
        seeds={"declared/hosts.yml": DECLARED_HOSTS, "declared/README.md": declared_readme()},
    )
    hashes = write_project(out_dir, files, _about(plan, scopes), force=force)
    return GeneratedProject(out_dir, scopes, hashes, tuple(incomplete))


def _demand_same_inputs(estate: Estate, facility: Facility, plan: Plan) -> None:
    for name, document, known in (
        ("inventory", estate.content_hash, plan.inputs.estate_hash),
        ("facility", facility.content_hash, plan.inputs.facility_hash),
    ):
        if document != known:
            raise StaleError(
                f"the plan was made from another {name} than this one",
                where=f"plan, inputs: {known[:19]}…, now {document[:19]}…",
                remedy="plan again, and have the new plan approved",
            )


def _settings(plan: Plan, scopes: tuple[WaveScope, ...]) -> dict[str, str]:
    return {
        "ansible.cfg": ANSIBLE_CFG,
        ".ansible-lint": ANSIBLE_LINT,
        ".yamllint": YAMLLINT,
        "requirements.yml": REQUIREMENTS,
        "README.md": project_readme(plan, scopes),
    }


def _about(plan: Plan, scopes: tuple[WaveScope, ...]) -> dict[str, object]:
    """What vorst-project.json says beside the files: enough to run the project and judge its runs without the plan."""
    return {
        "generator_version": GENERATOR_VERSION,
        "plan_hash": plan.content_hash,
        "estate_hash": plan.inputs.estate_hash,
        "facility_hash": plan.inputs.facility_hash,
        # Rollback and decommission read these, and no variable that somebody may declare.
        "deadlines": {
            host_of(move.asset): instant(step.rollback_deadline)
            for step in plan.steps
            if step.rollback_deadline is not None
            for move in step.moves
        },
        "waves": [
            {
                "number": scope.number,
                "name": scope.name,
                "start": instant(scope.start),
                "end": instant(scope.end),
                "phases": phases_of(scope),
                "steps": [
                    {
                        "id": step.id,
                        "kind": step.kind,
                        "planned_s": (step.end - step.start).total_seconds(),
                        "assets": [{"kind": move.asset.kind, "id": move.asset.id} for move in step.moves],
                    }
                    for step in scope.steps
                ],
            }
            for scope in scopes
        ],
    }
