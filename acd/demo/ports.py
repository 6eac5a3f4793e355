"""Ports of this machine that nobody uses at the moment."""

import socket
from contextlib import ExitStack


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
