"""Which assets and steps of a plan belong to which wave, and under which names Ansible knows them.

Names of hosts, groups, files and folders come from ids and wave numbers alone, never from a text of the inventory.
Retirements have no wave of their own: they form wave 0. What is known of each host is `host_variables`' to say.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from capacity.plan import Plan, Step, Wave
from inventory.errors import ProblemError
from inventory.rows import Ref

RETIREMENTS = 0
PHASES = ("preflight", "replicate", "cutover", "verify", "rollback", "decommission")
# Phases that undo or destroy: reached only when a person names them.
NAMED_PHASES = ("rollback", "decommission")

_PREFIXES = {"devices": "dev", "virtual_machines": "vm"}
_KINDS = {prefix: kind for kind, prefix in _PREFIXES.items()}
_TARGET_SUFFIX = "-target"


def host_of(asset: Ref) -> str:
    """The inventory host of an asset: "dev-12", "vm-34"."""
    return f"{_PREFIXES[asset.kind]}-{asset.id}"


def target_host_of(asset: Ref) -> str:
    """The inventory host of the machine at the target that takes a workload over."""
    return host_of(asset) + _TARGET_SUFFIX


def asset_of(host: str) -> Ref | None:
    """The asset behind an inventory host or its target; None for any other name."""
    prefix, _, number = host.removesuffix(_TARGET_SUFFIX).partition("-")
    if prefix not in _KINDS or not number.isdigit():
        return None
    return Ref(_KINDS[prefix], int(number))


@dataclass(frozen=True, slots=True)
class WaveScope:
    """One wave as Ansible sees it: its assets by what happens to them, and the steps that happen to them.

    `workloads` are rehosted or replatformed, `devices` relocated, `retired` switched off for good; ascending.
    """

    number: int
    name: str
    start: datetime | None
    end: datetime | None
    wave: Wave | None
    workloads: tuple[Ref, ...]
    devices: tuple[Ref, ...]
    retired: tuple[Ref, ...]
    steps: tuple[Step, ...]

    @property
    def folder(self) -> str:
        return folder_of(self.number)

    @property
    def group(self) -> str:
        """Name of the wave's group in the Ansible inventory."""
        return f"wave_{self.number:02d}"

    @property
    def assets(self) -> tuple[Ref, ...]:
        return self.workloads + self.devices + self.retired


def folder_of(wave: int) -> str:
    """The folder of a wave in the project: "wave-01"."""
    return f"wave-{wave:02d}"


def wave_scopes(plan: Plan) -> tuple[WaveScope, ...]:
    """The waves of a plan in order, wave 0 (the retirements) first where there are any.

    Raises ProblemError when a move belongs to no wave.
    """
    kinds: dict[int, dict[str, set[Ref]]] = defaultdict(lambda: defaultdict(set))
    steps: dict[int, list[Step]] = defaultdict(list)
    wave_of = _wave_of_assets(plan)
    for step in plan.steps:
        for number in _waves_of(step, wave_of):
            steps[number].append(step)
            for move in step.moves:
                kinds[number][step.kind].add(move.asset)
    waves = {wave.number: wave for wave in plan.waves}
    return tuple(
        _scope(number, waves.get(number), kinds[number], steps[number]) for number in sorted({*waves, *steps})
    )


def _scope(number: int, wave: Wave | None, kinds: dict[str, set[Ref]], steps: list[Step]) -> WaveScope:
    return WaveScope(
        number=number,
        name=wave.name if wave else "Retirements" if number == RETIREMENTS else f"Wave {number}",
        start=wave.start if wave else min((step.start for step in steps), default=None),
        end=wave.end if wave else max((step.end for step in steps), default=None),
        wave=wave,
        workloads=tuple(sorted(kinds["cutover"])),
        devices=tuple(sorted(kinds["relocate"])),
        retired=tuple(sorted(kinds["retire"])),
        steps=tuple(sorted(steps, key=lambda step: (step.start, step.id))),
    )


def _wave_of_assets(plan: Plan) -> dict[Ref, int]:
    """The wave in which each asset leaves its source."""
    found: dict[Ref, int] = {}
    for step in plan.steps:
        if step.kind not in {"cutover", "relocate"}:
            continue
        if step.wave is None:
            raise ProblemError(
                f"step {step.id} moves {len(step.moves)} assets but belongs to no wave",
                where="plan, steps",
                remedy="plan again; `vorst check` names what else is wrong",
            )
        found.update((move.asset, step.wave) for move in step.moves)
    return found


def _waves_of(step: Step, wave_of: dict[Ref, int]) -> set[int]:
    """The waves a step is work of. Commissions serve whole phases of the programme and belong to none."""
    if step.wave is not None:
        return {step.wave}
    if step.kind == "retire":
        return {RETIREMENTS}
    return {wave_of[move.asset] for move in step.moves if move.asset in wave_of}
