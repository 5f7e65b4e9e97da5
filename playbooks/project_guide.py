"""What a generated project says to the people who open it: its README, and how to declare what only they know.

The texts are templates/*.md; the facts of the waves stand in their runbooks.
"""

from __future__ import annotations

from pathlib import Path

from capacity.plan import Plan
from playbooks.markdown import plain, table
from playbooks.playbook_files import phases_of
from playbooks.scope import WaveScope

_TEMPLATES = Path(__file__).parent / "templates"

DECLARED_HOSTS = """\
---
# Yours: vorst never touches this folder. Values for all hosts go to group_vars/all.yml, for one to host_vars/HOST.yml.
all: {}
"""


def declared_readme() -> str:
    """README.md of declared/: every variable a person may set."""
    return (_TEMPLATES / "declared.md").read_text(encoding="utf-8")


def project_readme(plan: Plan, scopes: tuple[WaveScope, ...]) -> str:
    """README.md of the project."""
    rows = [
        (
            f"[{scope.folder}]({scope.folder}/RUNBOOK.md)",
            plain(scope.name),
            scope.start.date().isoformat() if scope.start else "unknown",
            str(len(scope.workloads)),
            str(len(scope.devices)),
            str(len(scope.retired)),
            ", ".join(phases_of(scope)),
        )
        for scope in scopes
    ]
    guide = (_TEMPLATES / "guide.md").read_text(encoding="utf-8")
    waves = table(("wave", "name", "start", "workloads", "devices", "retired", "playbooks"), rows)
    return (
        f"# Ansible project of plan {plain(plan.name)}\n\nPlan `{plan.content_hash}`.\n\n{waves}\n\n{guide}"
    )
