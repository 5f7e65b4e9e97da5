"""What a generated project says to the people who open it: its README, and how to declare what only they know.

Texts only; the facts of the waves stand in their runbooks.
"""

from __future__ import annotations

from capacity.plan import Plan
from playbooks.markdown import plain, table
from playbooks.playbook_files import phases_of
from playbooks.scope import WaveScope

DECLARED_HOSTS = """\
---
# Yours: vorst never touches this folder. Values for all hosts go to group_vars/all.yml, for one to host_vars/HOST.yml.
all: {}
"""

DECLARED_GUIDE = """\
# What only you know

vorst never changes this folder. What stands here wins over the generated inventory.

`group_vars/all.yml` holds for every host, `group_vars/wave_01.yml` for a wave, `host_vars/vm-34.yml` for one host, and
`host_vars/vm-34-target.yml` for the machine that takes it over. Preflight names everything that is still missing, all
at once.

| variable | where | meaning |
| --- | --- | --- |
| `ansible_host`, `ansible_user`, `ansible_port` | host, target | how to reach it; the target's address is never in the inventory |
| `vorst_data_paths` | workload | list of absolute paths to copy |
| `vorst_volatile_paths` | workload | patterns of files that checksums leave out |
| `vorst_services` | any | services to stop and start, in that order; otherwise those of the baseline that aren't the system's |
| `vorst_backup_stamp` | any | file on the host that its last backup touched |
| `vorst_backup_max_age_h` | any | 26 |
| `vorst_dependency_ports` | any | port by flow: `{flow-12: 5432}` |
| `vorst_dependency_port` | all | the port of every flow that names none |
| `vorst_dns_name` | workload | the name clients use, where the inventory has none |
| `vorst_name_switch` | workload | `hosts_file` (with `vorst_name_clients`, a list of hosts) or `nsupdate` (with `vorst_dns_server`, `vorst_dns_key_file`) |
| `vorst_rate_mbps` | workload | where the plan holds no line |
| `vorst_replication_user`, `vorst_replication_ssh` | workload | how the source logs in to the target: a user, an ssh command |
| `vorst_checks` | any | what the application has to answer: list of `{url, status, contains}` or `{port, host}` |
| `vorst_check_serial` | device | false where the machine reports no serial number |
| `vorst_max_sessions` | any | people who may be logged in at the cutover; 0 |
| `vorst_enforce_window` | any | true: the cutover runs only in the plan's window |
| `vorst_poweroff`, `vorst_shutdown_command` | any | true, `[shutdown, -h, now]` |
| `vorst_racked_wait_s` | device | how long the cutover waits for `racked/HOST.yml`; 0 |
| `vorst_rollback_data` | workload | `keep_source` or `copy_back` |
| `vorst_wipe_paths`, `vorst_wipe_overwrite` | source | what decommission destroys; the data paths, true |
| `vorst_manual` | any | `{by, at, reason}`: a person moves this host, no phase touches it |

Keep secrets in Ansible Vault or in your ssh agent.
"""

_GUIDE = """\
## How a wave runs

1. `vorst run . --wave 1 --phase preflight` proves that every host can move, and takes its baseline.
2. `replicate` copies the data while the services run.
3. `cutover`, in the window: stop, last copy, checksums, names, start. Devices are switched off; when one stands in its
   new rack, write `racked/dev-12.yml` (`by`, `at` in UTC such as 2026-03-01T09:30:00Z, `rack`) and run the phase again.
4. `verify` compares with the baseline and the plan.
5. The owner writes `acceptance/wave-01.yml` (`by`, `at`, `what`).
6. `decommission`, after the rollback deadline, wipes and switches off what was left behind. `rollback`, before it, goes back.

Add `--check` to see what a phase would do. What a phase did to a host stands in `records/`, what a run did in `runs/`;
the next phase asks for the record of the one before. What you have to declare: `declared/README.md`.
"""


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
    waves = table(("wave", "name", "start", "workloads", "devices", "retired", "playbooks"), rows)
    return (
        f"# Ansible project of plan {plain(plan.name)}\n\nPlan `{plan.content_hash}`.\n\n{waves}\n\n{_GUIDE}"
    )
