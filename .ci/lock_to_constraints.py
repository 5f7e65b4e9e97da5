"""Print uv.lock as constraints for pip: where uv can't be had, pip installs the same versions.

Needs nothing but the standard library, because it runs before anything is installed.
"""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def constraints(lock: str) -> list[str]:
    """A line `name==version ; markers` for every package of the lock that comes from an index."""
    lines = []
    for package in tomllib.loads(lock)["package"]:
        if "registry" not in package["source"]:
            continue
        markers = " or ".join(f"({marker})" for marker in package.get("resolution-markers", []))
        pin = f"{package['name']}=={package['version']}"
        lines.append(f"{pin} ; {markers}" if markers else pin)
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(constraints((ROOT / "uv.lock").read_text(encoding="utf-8"))) + "\n")
