"""Ports are told apart: free, and in use."""

import socket

from acd.demo.ports import free_port, is_bound


def test_a_port_is_bound_from_the_moment_a_socket_has_it() -> None:
    port = free_port(socket.SOCK_DGRAM, "127.0.0.2")
    assert not is_bound("127.0.0.2", port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.2", port))
        assert is_bound("127.0.0.2", port)
        assert not is_bound("127.0.0.1", port)
    assert not is_bound("127.0.0.2", port)
