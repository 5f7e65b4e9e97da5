"""Hosts for the lab: a real sshd each, in its own network, process and mount namespace on this machine.

A host has its own address on a bridge, its own /etc, /run, /root and /srv, and little else of its own: what it runs is
this machine's. It has one service of its own, `vorst-web`, a web server that serves /srv/app/data on port 8080.
Needs root, `ip` and `sshd`; a test says so with `needs("netns", "sshd", "ssh", "rsync")`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from system_parts import program

# A network of the range for tests between devices (RFC 2544), another one for each process that opens a lab.
WORKER = int("0" + os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"))
PREFIX = f"198.18.{os.getpid() % 32 * 8 + WORKER % 8}"
OWN = ("etc", "run", "root", "srv", "var/lib/vorst", "var/log")

INIT_SCRIPT = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides:          vorst-web
# Required-Start:
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: web server of the lab
### END INIT INFO
PIDFILE=/run/vorst-web.pid
running() { [ -s "$PIDFILE" ] && kill -0 "$(cat "$PIDFILE")" 2>/dev/null; }
case "$1" in
  start)
    running || start-stop-daemon --start --background --make-pidfile --pidfile "$PIDFILE" \\
      --chdir /srv/app/data --startas /usr/bin/python3 -- -m http.server 8080 ;;
  stop)
    if running; then kill "$(cat "$PIDFILE")"; fi
    rm -f "$PIDFILE" ;;
  restart) "$0" stop; "$0" start ;;
  status) if running; then echo running; else echo stopped; exit 3; fi ;;
esac
"""

# Runs as the host's first process, in its namespaces: puts the host's own folders in place and becomes its sshd.
START = """\
set -e
mount --make-rprivate /
mount -t proc proc /proc
for folder in {own}; do
  mkdir -p "/$folder"
  mount --bind "{root}/$folder" "/$folder"
done
hostname {name}
exec {sshd} -D -e -f /etc/ssh/sshd_config
"""


def run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done


@dataclass
class LabHost:
    """One host. `root` holds its own folders; `process` is what started it, None while it is off."""

    name: str
    address: str
    namespace: str
    root: Path
    process: subprocess.Popen[bytes] | None = None

    def path(self, inside: str) -> Path:
        """Where a file of one of the host's own folders stands outside."""
        return self.root / inside.lstrip("/")

    def start(self) -> None:
        script = START.format(own=" ".join(OWN), root=self.root, name=self.name, sshd=program("sshd"))
        log = self.path("var/log/host.log").open("ab")
        self.process = subprocess.Popen(
            [
                "ip",
                "netns",
                "exec",
                self.namespace,
                "unshare",
                "--mount",
                "--pid",
                "--uts",
                "--fork",
                "sh",
                "-c",
                script,
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Pull the plug."""
        if self.process is None:
            return
        for child in run("ip", "netns", "pids", self.namespace, check=False).stdout.split():
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait(timeout=10)
        self.process = None

    def is_off(self, timeout_s: float = 10) -> bool:
        """Whether the host has switched itself off."""
        if self.process is None:
            return True
        try:
            self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return False
        self.process = None
        return True

    def service(self, action: str) -> None:
        self.inside("/etc/init.d/vorst-web", action)

    def inside(self, *command: str) -> str:
        """Run something on the host, as its root."""
        inner = str(self._first_process())
        return run("nsenter", "--target", inner, "--mount", "--net", "--pid", "--uts", *command).stdout

    def _first_process(self) -> int:
        """The process that is number 1 on the host: its sshd, not one of the sessions, which come and go."""
        for pid in run("ip", "netns", "pids", self.namespace).stdout.split():
            try:
                status = Path(f"/proc/{pid}/status").read_text()
            except FileNotFoundError:
                continue
            numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
            if len(numbers) > 1 and numbers[-1] == "1":
                return int(pid)
        raise RuntimeError(f"host {self.name} is off")

    def listens(self, port: int) -> bool:
        try:
            with socket.create_connection((self.address, port), timeout=2):
                return True
        except OSError:
            return False

    def waits_for(self, port: int, *, open_: bool = True, timeout_s: float = 10) -> bool:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self.listens(port) == open_:
                return True
            time.sleep(0.05)
        return False

    def _wait_until_it_answers(self) -> None:
        if not self.waits_for(22, timeout_s=20):
            log = self.path("var/log/host.log").read_text()
            raise RuntimeError(f"lab host {self.name} does not answer: {log}")


@dataclass
class Lab:
    """A bridge and the hosts on it, with one key that opens all of them, from here and from each other."""

    folder: Path
    tag: str = field(default_factory=lambda: f"v{os.getpid() % 100000}")
    hosts: dict[str, LabHost] = field(default_factory=dict)

    @property
    def bridge(self) -> str:
        return f"{self.tag}br"

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / "host_key"))
        public = (self.folder / "host_key.pub").read_text().split()[:2]
        self.known_hosts.write_text(f"{PREFIX}.* {' '.join(public)}\n")
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "addr", "add", f"{PREFIX}.1/24", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")

    def add(self, name: str, number: int) -> LabHost:
        namespace, inner, outer = f"{self.tag}h{number}", f"{self.tag}i{number}", f"{self.tag}o{number}"
        host = LabHost(name, f"{PREFIX}.{number}", namespace, self.folder / f"{number}-{name}")
        self.hosts[name] = host
        run("ip", "netns", "add", namespace)
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
        run("ip", "link", "set", inner, "netns", namespace)
        run("ip", "link", "set", outer, "master", self.bridge, "up")
        run("ip", "-n", namespace, "addr", "add", f"{host.address}/24", "dev", inner)
        run("ip", "-n", namespace, "link", "set", inner, "up")
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        self._furnish(host)
        host.start()
        return host

    def close(self) -> None:
        for name in list(self.hosts):
            self.remove(name)
        run("ip", "link", "del", self.bridge, check=False)

    def remove(self, name: str) -> None:
        host = self.hosts.pop(name)
        host.stop()
        run("ip", "netns", "del", host.namespace, check=False)

    def _furnish(self, host: LabHost) -> None:
        for folder in OWN:
            host.path(folder).mkdir(parents=True, exist_ok=True)
        for name in (
            "passwd",
            "group",
            "shadow",
            "nsswitch.conf",
            "os-release",
            "debian_version",
            "ld.so.cache",
            "ld.so.conf",
            "localtime",
            "host.conf",
            "protocols",
            "services",
            "rc0.d",
            "rc1.d",
            "rc2.d",
            "rc3.d",
            "rc4.d",
            "rc5.d",
            "rc6.d",
            "rcS.d",
            "pam.d",
            "security",
            "login.defs",
            "ssl",
            "alternatives",
            "default",
        ):
            source = Path("/etc") / name
            target = host.path(f"etc/{name}")
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)
            elif source.exists():
                shutil.copy2(source, target, follow_symlinks=True)
        host.path("etc/hostname").write_text(f"{host.name}\n")
        host.path("etc/hosts").write_text(f"127.0.0.1 localhost\n{host.address} {host.name}\n")
        init = host.path("etc/init.d/vorst-web")
        init.parent.mkdir(exist_ok=True)
        init.write_text(INIT_SCRIPT)
        init.chmod(0o755)
        self._furnish_ssh(host)

    def _furnish_ssh(self, host: LabHost) -> None:
        host.path("run/sshd").mkdir(mode=0o755)
        ssh = host.path("root/.ssh")
        ssh.mkdir(mode=0o700)
        shutil.copy(self.folder / "key.pub", ssh / "authorized_keys")
        shutil.copy(self.key, ssh / "id_ed25519")
        shutil.copy(self.known_hosts, ssh / "known_hosts")
        host.path("root").chmod(0o700)
        settings = host.path("etc/ssh")
        settings.mkdir()
        shutil.copy(self.folder / "host_key", settings / "host_key")
        (settings / "sshd_config").write_text(
            "HostKey /etc/ssh/host_key\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\n"
            "UseDNS no\nPidFile none\nMaxStartups 100\nStrictModes no\n"
        )
