"""Ports on the loopback address: the preferred one when it is free, any free one otherwise."""

import asyncio
import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Return whether nothing listens on the port of 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def free_ports(count: int) -> list[int]:
    """Return `count` different ports that are free now."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(count)]
    for opened in sockets:
        opened.bind((LOOPBACK, 0))
    ports = [int(opened.getsockname()[1]) for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def port_or_free(preferred: int) -> int:
    """Return the preferred port when it is free, any free one otherwise."""
    return preferred if is_free(preferred) else free_ports(1)[0]


async def answers(address: str) -> bool:
    """Return whether something accepts connections at host:port."""
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
