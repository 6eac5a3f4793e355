"""Which ports of this machine are in use at the moment."""

import socket
from contextlib import ExitStack
from pathlib import Path


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int, kind: socket.SocketKind, host: str) -> int:
    """The first of so many ports in a row that nobody uses at this moment."""
    while True:
        first = free_port(kind, host)
        with ExitStack() as probes:
            try:
                for port in range(first, first + count):
                    probes.enter_context(socket.socket(socket.AF_INET, kind)).bind((host, port))
            except (OSError, OverflowError):
                continue
            return first


def is_bound(host: str, port: int) -> bool:
    """Whether a process has this UDP port. Looked up in the kernel's table: a probe would be in its way."""
    place = f"{int.from_bytes(socket.inet_aton(host), 'little'):08X}:{port:04X}"
    return any(place in line.split()[1:2] for line in Path("/proc/net/udp").read_text().splitlines())
