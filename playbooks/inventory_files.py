"""The Ansible inventory of a project: hosts, groups and variables as files.

What is known of a host comes from `host_variables`; this says in which file it stands. What a person declares stands in
`declared/`, a second inventory source that no generation ever touches and that has the last word.
"""

from __future__ import annotations

from typing import Any

from capacity.plan import Plan
from playbooks.host_variables import REPLICATE_AT_ONCE, HostVariables, instant
from playbooks.scope import WaveScope, host_of, target_host_of
from playbooks.yaml_text import Unsafe, to_yaml, unsafe

GENERATED = "Made from the plan by vorst and overwritten by it; declare your own values under declared/."

# A target is known by its source: "vm-34-target" by "vm-34".
_SOURCE = "{{ inventory_hostname | regex_replace('-target$', '') }}"
_OF_TARGETS = {"vorst_id": _SOURCE, "vorst_source_host": _SOURCE}


def inventory_files(variables: HostVariables, scopes: tuple[WaveScope, ...]) -> dict[str, str]:
    """Path in the project → text of every file of the inventory."""
    settings, marked_settings = _parted(_settings(variables.plan))
    files = {"inventory/group_vars/all.yml": to_yaml(settings, GENERATED)}
    of_hosts: dict[str, Any] = {}
    of_groups: dict[str, Any] = {}
    for scope in scopes:
        values, of_groups[scope.group] = _parted(_of_wave(scope))
        files[f"inventory/group_vars/{scope.group}.yml"] = to_yaml(values, GENERATED)
        for asset in scope.assets:
            values, marked = _parted(variables.of(asset, scope))
            files[f"inventory/host_vars/{host_of(asset)}.yml"] = to_yaml(values, GENERATED)
            if marked:
                of_hosts[host_of(asset)] = marked
    hosts = _hosts(scopes)
    for group, marked in of_groups.items():
        if marked:
            hosts["all"]["children"][group]["vars"] = marked
    if marked_settings:
        hosts["all"]["vars"] = marked_settings
    if of_hosts:
        hosts["all"]["hosts"] = of_hosts
    files["inventory/hosts.yml"] = to_yaml(hosts, GENERATED)
    return files


def _parted(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Values for a variables file, and those with a text that looks like a template.

    The latter stand in hosts.yml: Ansible takes both for the data they are, but ansible-lint takes every text of a
    variables file for a template, `!unsafe` or not, and would have a name rewritten.
    """
    marked = {name: value for name, value in values.items() if _looks_like_a_template(value)}
    return {name: value for name, value in values.items() if name not in marked}, marked


def _looks_like_a_template(value: Any) -> bool:
    if isinstance(value, Unsafe):
        return any(mark in value for mark in ("{{", "{%", "{#"))
    if isinstance(value, dict):
        return any(_looks_like_a_template(part) for pair in value.items() for part in pair)
    return isinstance(value, list | tuple) and any(_looks_like_a_template(part) for part in value)


def _hosts(scopes: tuple[WaveScope, ...]) -> dict[str, Any]:
    """Groups per wave: workloads, their targets, devices, retired. Empty groups are there, for plays to name."""
    groups: dict[str, Any] = {}
    for scope in scopes:
        groups[scope.group] = {
            "children": {
                f"{scope.group}_workloads": _group({host_of(asset): None for asset in scope.workloads}),
                f"{scope.group}_targets": _group(
                    {target_host_of(asset): None for asset in scope.workloads}, _OF_TARGETS
                ),
                f"{scope.group}_devices": _group({host_of(asset): None for asset in scope.devices}),
                f"{scope.group}_retired": _group({host_of(asset): None for asset in scope.retired}),
            }
        }
    return {"all": {"children": groups}}


def _group(hosts: dict[str, Any], variables: dict[str, Any] | None = None) -> dict[str, Any] | None:
    if not hosts:
        return None
    return {"hosts": hosts, "vars": variables} if variables else {"hosts": hosts}


def _settings(plan: Plan) -> dict[str, Any]:
    return {
        "vorst_plan_name": unsafe(plan.name),
        "vorst_plan_hash": plan.content_hash,
        "vorst_time_zone": unsafe(plan.calendar.time_zone),
        "vorst_replicate_at_once": REPLICATE_AT_ONCE,
    }


def _of_wave(scope: WaveScope) -> dict[str, Any]:
    return {
        "vorst_wave": scope.folder,
        "vorst_wave_name": unsafe(scope.name),
        "vorst_wave_start": instant(scope.start),
        "vorst_wave_end": instant(scope.end),
    }
