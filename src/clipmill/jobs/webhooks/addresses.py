"""Addresses of the outside world, read once and strictly: no other parser sees them afterwards."""

import re
from dataclasses import dataclass, replace
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Self

import idna

from clipmill.errors import InvalidRequestError
from clipmill.jobs.webhooks.policy import Policy
from clipmill.jobs.webhooks.ranges import IPAddress, is_open

MOST_LETTERS = 2000
_MOST_HOST_LETTERS = 253
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<place>[^/?#]*)(?P<path>/[^?#]*)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_PLACE = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?")
_PATH = re.compile(r"[\x21-\x7e]*")
_BLANK = re.compile(r"[\s\\\x00-\x1f\x7f-\x9f]")
# What resolvers read as an IPv4 address though it is not four decimal numbers: 0x7f.1, 017700000001, 2130706433.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LOWEST_FREE_PORT = 1024


@dataclass(frozen=True)
class Target:
    """Where a message goes. ``host`` is ASCII, as a certificate names it; ``ip`` is there if it was written as one."""

    scheme: str
    host: str
    port: int
    path: str
    ip: IPAddress | None = None

    @property
    def origin(self) -> str:
        """What messages for people show: a path may be a secret."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """Host and port as the Host header writes them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def below(self, step: str) -> Self:
        """The same place, one step further down its path."""
        return replace(self, path=f"{self.path.rstrip('/')}/{step}")


def parse_target(address: str, policy: Policy) -> Target:
    """Read an address, or `InvalidRequestError`; nothing is looked up and nothing connected."""
    if len(address) > MOST_LETTERS or _BLANK.search(address):
        raise _bad(f"expected at most {MOST_LETTERS} letters without blanks, control characters and backslashes")
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise _bad("expected https://host/path")
    scheme, place, path = found["scheme"].lower(), found["place"], found["path"] or "/"
    _check_scheme(scheme, policy)
    if "@" in place:
        raise _bad("user names and passwords do not belong there; messages are signed instead")
    if found["rest"]:
        raise _bad("expected no query and no fragment; put what tells addresses apart into the path")
    if not _PATH.fullmatch(path):
        raise _bad("expected a path in ASCII; write other letters as %XX")
    target = _with_place(scheme, place, path)
    check_open(target, [] if target.ip is None else [target.ip], policy)
    return target


def check_open(target: Target, ips: list[IPAddress], policy: Policy) -> None:
    """Every address that the target stands for may be connected to, or `InvalidRequestError`.

    The error does not tell the address: what names mean inside a deployment's network is nobody's business.
    """
    if not all(is_open(ip, private=policy.private) for ip in ips):
        raise _bad(
            f"{target.origin} is not on the public internet. Use a public host, or allow private addresses in the "
            "deployment's settings"
        )


def _check_scheme(scheme: str, policy: Policy) -> None:
    if scheme == "http" and not policy.http:
        raise _bad("expected https, got http. Use https, or allow http in the deployment's settings")
    if scheme not in _DEFAULT_PORTS:
        raise _bad(f"expected https, got {scheme!r:.40}")


def _with_place(scheme: str, place: str, path: str) -> Target:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise _bad("expected a host, and a port from 1 to 65535 if any")
    ip: IPAddress | None
    if found["six"] is not None:
        ip = _six(found["six"])
        host = str(ip)
    else:
        host = _ascii(found["name"])
        ip = _four(host)
    return Target(scheme, host, _port(found["port"], scheme), path, ip)


def _port(text: str | None, scheme: str) -> int:
    port = _DEFAULT_PORTS[scheme] if text is None else int(text)
    if port not in _DEFAULT_PORTS.values() and not _LOWEST_FREE_PORT <= port <= 65535:
        raise _bad(f"expected port 443, 80, or one from {_LOWEST_FREE_PORT} to 65535, got {port}")
    return port


def _six(text: str) -> IPv6Address:
    if "%" in text:
        raise _bad("expected an IPv6 address without a zone")
    try:
        return IPv6Address(text)
    except AddressValueError:
        raise _bad("expected an IPv6 address between the brackets") from None


def _ascii(name: str) -> str:
    """The name as resolvers and certificates know it; signs that only look like digits and dots are gone then."""
    try:
        host = idna.encode(name, uts46=True, transitional=False).decode().lower()
    except (idna.IDNAError, UnicodeError):
        raise _bad("expected the name of a host, such as hooks.example.com") from None
    if host.endswith(".") or len(host) > _MOST_HOST_LETTERS:
        raise _bad(f"expected the name of a host, at most {_MOST_HOST_LETTERS} letters, without a dot at its end")
    return host


def _four(host: str) -> IPv4Address | None:
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(host)
    except AddressValueError:
        raise _bad("expected an IPv4 address as four decimal numbers, such as 93.184.216.34") from None


def _bad(why: str) -> InvalidRequestError:
    return InvalidRequestError(f"webhook address: {why}.", details={"field": "address"})
