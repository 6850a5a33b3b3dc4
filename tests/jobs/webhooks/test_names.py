import asyncio
import socket
import threading
from ipaddress import ip_address

import pytest

from clipmill.errors import StorageUnavailableError
from clipmill.jobs.webhooks.names import SystemNames


def test_a_name_is_answered_with_all_its_addresses_once_each(monkeypatch):
    places = [("127.0.0.1", 443), ("127.0.0.1", 443), ("::1", 443, 0, 0)]
    told = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: told)
    assert asyncio.run(SystemNames()("hooks.example.com", 443)) == [ip_address("127.0.0.1"), ip_address("::1")]


def test_the_system_knows_this_machine():
    assert ip_address("127.0.0.1") in asyncio.run(SystemNames()("localhost", 80))


def test_an_unknown_name_is_an_error_that_may_pass(monkeypatch):
    def unknown(*_: object, **__: object):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(StorageUnavailableError, match=r"'hooks.example.com' has no address"):
        asyncio.run(SystemNames()("hooks.example.com", 443))


def test_look_ups_that_hang_are_bounded_and_hold_nobody_up(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: release.wait(30) and [])
    names = SystemNames(at_once=1)

    async def ask_twice() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await names("slow.example.com", 443)
        with pytest.raises(StorageUnavailableError, match="too many look-ups"):
            await names("hooks.example.com", 443)

    asyncio.run(ask_twice())
    release.set()


def test_a_place_is_free_again_once_its_look_up_has_ended():
    names = SystemNames(at_once=1)
    for _ in range(3):
        assert asyncio.run(names("localhost", 80))
