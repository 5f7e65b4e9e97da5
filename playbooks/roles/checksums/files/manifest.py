"""Checksums of file trees on a host: `create` lists and sums them, `check` proves that nothing of a list is lost.

Runs on the hosts that are moved, so with nothing but Python's own library. It answers whether two trees are the same
and whether one still holds what it held; it copies nothing and changes nothing but its own list.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import stat
import sys
import time

CHUNK_BYTES = 1 << 20
SHOWN = 10


def checksum(path):
    """SHA-256 of a file's content."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


def entries(paths, excludes):
    """Every directory, file and link under the paths, in a fixed order."""
    for top in sorted(path.rstrip("/") for path in paths):
        if not os.path.lexists(top):
            raise FileNotFoundError(top)
        pending = [top]
        while pending:
            path = pending.pop()
            if any(fnmatch.fnmatch(path, pattern) for pattern in excludes):
                continue
            status = os.lstat(path)
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                pending.extend(sorted((os.path.join(path, name) for name in os.listdir(path)), reverse=True))


def described(path, status):
    """What makes an entry what it is: kind, rights, owner and content."""
    content = ""
    if stat.S_ISREG(status.st_mode):
        content = checksum(path)
    elif stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    size = status.st_size if stat.S_ISREG(status.st_mode) else 0
    return [path, status.st_mode, status.st_uid, status.st_gid, size, content]


def create(paths, excludes, output):
    """Print the trees' digest; write the list to `output` when it is named."""
    digest = hashlib.sha256()
    count = total_bytes = 0
    lines = [json.dumps({"taken_ns": time.time_ns()})]
    for path, status in entries(paths, excludes):
        line = json.dumps(described(path, status))
        digest.update(line.encode() + b"\n")
        count += 1
        total_bytes += status.st_size if stat.S_ISREG(status.st_mode) else 0
        if output:
            lines.append(line)
    if output:
        os.makedirs(os.path.dirname(output), mode=0o750, exist_ok=True)
        with open(output, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    sys.stdout.write(json.dumps({"entries": count, "bytes": total_bytes, "digest": digest.hexdigest()}))
    return 0


def check(manifest):
    """Print what of the list is lost or altered; a file written to after the list was taken may differ."""
    lost, altered, count = [], [], 0
    with open(manifest, encoding="utf-8") as file:
        taken_ns = json.loads(next(file))["taken_ns"]
        for line in file:
            path, mode, _, _, _, content = json.loads(line)
            count += 1
            if not os.path.lexists(path):
                lost.append(path)
                continue
            status = os.lstat(path)
            if stat.S_IFMT(status.st_mode) != stat.S_IFMT(mode):
                altered.append(path)
                continue
            is_untouched = stat.S_ISREG(mode) and status.st_mtime_ns <= taken_ns
            if is_untouched and checksum(path) != content:
                altered.append(path)
    sys.stdout.write(json.dumps({"entries": count, "lost": lost[:SHOWN], "altered": altered[:SHOWN]}) + "\n")
    return 1 if lost or altered else 0


def main():
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(description="Checksums of file trees.")
    commands = parser.add_subparsers(dest="command", required=True)
    creating = commands.add_parser("create")
    creating.add_argument("--output", default="")
    creating.add_argument("--exclude", action="append", default=[])
    creating.add_argument("paths", nargs="+")
    checking = commands.add_parser("check")
    checking.add_argument("manifest")
    options = parser.parse_args()
    try:
        if options.command == "create":
            return create(options.paths, options.exclude, options.output)
        return check(options.manifest)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
