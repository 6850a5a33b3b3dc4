from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.jobs.webhooks.ranges import is_open

FOUR = st.integers(0, 2**32 - 1).map(IPv4Address)
SIX = st.integers(0, 2**128 - 1).map(IPv6Address)


@pytest.mark.parametrize("text", ["93.184.216.34", "1.1.1.1", "8.8.8.8", "2606:4700::1111", "2a00:1450:4001::1"])
def test_a_public_address_is_open(text):
    assert is_open(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104 - a value, nothing listens there
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%1",
        "2606:4700::1111%1",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "64:ff9b:1::1",
    ],
)
def test_an_address_that_is_not_on_the_public_internet_is_closed(text):
    assert not is_open(ip_address(text))


@pytest.mark.parametrize("text", ["10.0.0.1", "127.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1"])
def test_the_setting_opens_loopback_and_private_ranges(text):
    assert is_open(ip_address(text), private=True)


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",  # noqa: S104 - a value, nothing listens there
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
    ],
)
def test_the_setting_opens_neither_metadata_nor_link_local_nor_multicast(text):
    assert not is_open(ip_address(text), private=True)


@given(FOUR | SIX)
def test_what_is_open_is_global_for_the_standard_library_too(ip):
    assert not is_open(ip) or (ip.is_global and not ip.is_multicast)


@given(FOUR, st.integers(0, 2**16 - 1))
def test_no_form_that_carries_an_ipv4_address_is_ever_open(four, port):
    number = int(four)
    forms = {
        "mapped": (0xFFFF << 32) | number,
        "compatible": number if number > 1 else 2,
        "6to4": (0x2002 << 112) | (number << 80) | 1,
        "nat64": (0x64FF9B << 96) | number,
        "teredo": (0x20010000 << 96) | (number << 64) | (port << 32) | (number ^ 0xFFFFFFFF),
    }
    assert [name for name, form in forms.items() if is_open(IPv6Address(form), private=True)] == []
