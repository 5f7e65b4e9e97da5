"""What is missing, contradictory or implausible in the data: an Estate in, findings out, nothing changed.

A finding names the object, says what was found and what to do. What it means for a plan (an estimate, an unproven
asset) is for capacity/ to say.
"""

from __future__ import annotations

from inventory.estate import Estate
from inventory.quality.finding import RULES, SEVERITIES, Finding, Rule, Severity
from inventory.quality.hardware import hardware
from inventory.quality.places import places
from inventory.quality.power import power
from inventory.quality.space import space
from inventory.quality.workloads import workloads

__all__ = ["RULES", "SEVERITIES", "Finding", "Rule", "Severity", "findings"]


def findings(estate: Estate) -> tuple[Finding, ...]:
    """Everything there is to find, the gravest first, then by code and object."""
    checks = (space, places, hardware, power, workloads)
    everything = [finding for check in checks for finding in check(estate)]
    everything.sort(key=lambda item: (SEVERITIES.index(item.severity), item.code, item.object, item.others))
    return tuple(everything)
