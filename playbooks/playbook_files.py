"""The playbooks of a wave, one per phase, and the settings Ansible, ansible-lint and yamllint find beside them.

A playbook only says which group meets which role; what is done is in the roles, and all that differs between hosts is
in the inventory. So every wave's playbooks are alike, and no text of a plan stands in one.
"""

from __future__ import annotations

from dataclasses import dataclass

from playbooks.scope import NAMED_PHASES, PHASES, WaveScope

ANSIBLE_CFG = """\
# Made by vorst. `declared` comes after `inventory`: what a person declares has the last word.
[defaults]
inventory = inventory/hosts.yml,declared/hosts.yml
roles_path = roles
forks = 20
gathering = explicit
inject_facts_as_vars = false
host_key_checking = true
retry_files_enabled = false
interpreter_python = auto_silent
stdout_callback = default
timeout = 20

[inventory]
# YAML first: with `auto` before it, a region's inventory is read twice.
enable_plugins = yaml, ini, script, auto
# A file that can't be read stops the run; half an inventory would leave hosts out in silence.
any_unparsed_is_failed = true
unparsed_is_failed = true

[ssh_connection]
pipelining = true
"""

ANSIBLE_LINT = """\
---
# Made by vorst.
profile: production
offline: true
exclude_paths:
  - acceptance/
  - racked/
  - records/
  - runs/
kinds:
  - playbook: wave-*/*.yml
"""

YAMLLINT = """\
---
# Made by vorst; what ansible-lint asks of YAML.
extends: default
rules:
  comments:
    min-spaces-from-content: 1
  comments-indentation: false
  document-start: disable
  braces:
    max-spaces-inside: 1
  line-length:
    max: 160
    allow-non-breakable-words: true
  octal-values:
    forbid-implicit-octal: true
    forbid-explicit-octal: true
ignore: |
  records/
  runs/
"""

REQUIREMENTS = """\
---
# The roles need nothing but ansible-core.
collections: []
"""


@dataclass(frozen=True, slots=True)
class _Play:
    """One play: its name, the suffix of the group it runs on, its role."""

    name: str
    group: str
    role: str


_PLAYS: dict[str, tuple[_Play, ...]] = {
    "preflight": (_Play("Prove that the hosts can move, and take their baseline", "", "preflight"),),
    "replicate": (_Play("Copy the data of the workloads to their targets", "_workloads", "replicate"),),
    "cutover": (
        _Play("Move the workloads to their targets", "_workloads", "cutover"),
        _Play("Take the devices down and bring them back in their new racks", "_devices", "relocate"),
    ),
    "verify": (
        _Play("Compare the workloads at their targets with their baseline", "_targets", "verify"),
        _Play("Compare the devices in their new racks with their baseline", "_devices", "verify"),
    ),
    "rollback": (
        _Play("Take the workloads back to their sources", "_workloads", "rollback"),
        _Play("Take the devices back to their old racks", "_devices", "rollback"),
    ),
    "decommission": (
        _Play("Wipe, disable and switch off what the workloads left behind", "_workloads", "decommission"),
        _Play("Wipe, disable and switch off what is retired", "_retired", "decommission"),
    ),
}
# The hosts a phase works on while its own group also holds the targets.
_OF_PREFLIGHT = "{group}_workloads:{group}_devices:{group}_retired"


def phases_of(scope: WaveScope) -> tuple[str, ...]:
    """The phases a wave has: retirements move nothing, so they are only checked and decommissioned."""
    if scope.workloads or scope.devices or scope.wave is not None:
        return PHASES
    return ("preflight", "decommission")


def playbook_files(scope: WaveScope) -> dict[str, str]:
    """Path in the project → text of the wave's playbooks."""
    return {f"{scope.folder}/{phase}.yml": _playbook(scope, phase) for phase in phases_of(scope)}


def _playbook(scope: WaveScope, phase: str) -> str:
    warning = "# It undoes or destroys: no other playbook imports it.\n" if phase in NAMED_PHASES else ""
    return f"---\n{warning}" + "\n".join(_play(scope, phase, play) for play in _PLAYS[phase])


def _play(scope: WaveScope, phase: str, play: _Play) -> str:
    hosts = scope.group + play.group if play.group else _OF_PREFLIGHT.format(group=scope.group)
    return f"""\
- name: {play.name}
  hosts: {hosts}
  become: true
  gather_facts: false
  vars:
    vorst_phase: {phase}
    vorst_project_dir: "{{{{ playbook_dir | dirname }}}}"
  roles:
    - role: {play.role}
"""
