"""How values become YAML that Ansible reads as data: every text of the inventory is marked `!unsafe`, and quoted.

It answers what bytes stand in a file. Which values are texts of the inventory (`Unsafe`) and which are ours is for the
callers to say; nothing here knows about plans.
"""

from __future__ import annotations

from typing import Any

import yaml

# yamllint's limit under ansible-lint's production profile; long values fold only at spaces, which changes nothing.
_WIDTH = 120


class Unsafe(str):
    """Text from a source: Ansible must never look for a template in it."""

    __slots__ = ()


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """libyaml's writer where it is there; the same text either way."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value out: an alias saves nothing and reads badly."""
        return True


def _unsafe(dumper: Any, value: Unsafe) -> Any:
    return dumper.represent_scalar("!unsafe", str(value), style='"')


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value)


_Dumper.add_representer(Unsafe, _unsafe)
_Dumper.add_representer(str, _text)


def unsafe(value: str | None) -> Unsafe | None:
    """The text marked as data; None stays None. What YAML can't hold even escaped (lone surrogates) is replaced."""
    return None if value is None else Unsafe(value.encode("utf-8", "replace").decode("utf-8"))


def to_yaml(value: Any, comment: str = "") -> str:
    """One YAML document: keys in the order given, an optional comment line at the top."""
    body: str = yaml.dump(
        value,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=False,
        width=_WIDTH,
        indent=2,
    )
    head = f"# {comment}\n" if comment else ""
    return f"---\n{head}{body}"
