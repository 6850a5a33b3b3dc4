"""Which IP addresses a message may go to.

Convention: an address is public if no registry reserves its range for anything else. Forms that carry an IPv4 address
inside an IPv6 one are never public: what they reach is decided by a gateway, not by the address.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

IPAddress = IPv4Address | IPv6Address

_PUBLIC_SIX = ip_network("2000::/3")

_CLOSED = [
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network, and unspecified
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "100.100.100.200/32",  # metadata, inside the range of carriers
        "168.63.129.16/32",  # a cloud's own host, though the range is public
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "fd00:ec2::/32",  # metadata, inside the private range
    )
]

_PRIVATE = [
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
]


def is_open(address: IPAddress, *, private: bool = False) -> bool:
    """Whether a message may go there; ``private`` opens loopback and private ranges, never link-local or metadata.

    >>> from ipaddress import ip_address
    >>> [is_open(ip_address(text)) for text in ("93.184.216.34", "127.0.0.1", "::ffff:93.184.216.34")]
    [True, False, False]
    """
    if _within(address, _CLOSED) or (isinstance(address, IPv6Address) and address.scope_id is not None):
        return False
    if _within(address, _PRIVATE):
        return private
    return isinstance(address, IPv4Address) or address in _PUBLIC_SIX


def _within(address: IPAddress, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address in network for network in networks)
