"""Where a host of somebody else's choice may be: on the public internet, or on a list of the operator."""

import asyncio
import re
import socket
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's metadata behind a public number
        "192.0.0.0/24",  # Oracle's metadata among others; partly public to older Pythons
        "192.88.99.0/24",  # relays of 6to4
        "2002::/16",  # 6to4 leads to any IPv4 address
        "3fff::/20",  # documentation, public to older Pythons
    )
)
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\s:/@?#\[\]]+)(:(?P<port>[1-9]\d{0,4}))?")


@dataclass(frozen=True, slots=True)
class Host:
    """A host as an operator names it: its lower-case name or address, and a port, None for all of them."""

    name: str
    port: int | None


def parse_host(text: str) -> Host:
    """Parse `host`, `host:port` or `[address]:port`; raises ValueError."""
    match = _HOST.fullmatch(text.lower())
    if match is None:
        raise ValueError(f"{text!r}: write it as host or host:port, an IPv6 address in brackets")
    port = match["port"]
    return Host(match["name"].strip("[]"), int(port) if port else None)


def is_listed(name: str, port: int, hosts: Collection[Host]) -> bool:
    """Whether a host's port is on a list."""
    return Host(name.lower(), port) in hosts or Host(name.lower(), None) in hosts


def is_public(address: str) -> bool:
    """Whether an IP address is a public one, of a single host.

    Not so: private, shared (CGNAT), loopback, link-local, multicast, reserved and documentation addresses, the
    metadata of clouds, and IPv6 addresses that hold such an IPv4 one. Source: the special-purpose registries of IANA.
    """
    number = ip_address(address)
    if number in _NAT64:
        number = IPv4Address(int(number) & 0xFFFF_FFFF)
    if any(number in network for network in _NOT_PUBLIC):
        return False
    match number:
        case IPv4Address():
            return number.is_global and not number.is_multicast
        case IPv6Address():
            return number in _GLOBAL_UNICAST and number.is_global


async def resolve(name: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as the machine's resolver has them; raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(socket_address[0]) for *_, socket_address in found))
