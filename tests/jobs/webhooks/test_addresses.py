import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipmill.errors import InvalidRequestError
from clipmill.jobs.webhooks.addresses import parse_target
from clipmill.jobs.webhooks.policy import Policy

CLOSED = Policy()
WIDE = Policy(http=True, private=True)


@pytest.mark.parametrize(
    ("address", "host", "port", "path"),
    [
        ("https://hooks.example.com", "hooks.example.com", 443, "/"),
        ("HTTPS://Hooks.Example.COM:8443/in/Box", "hooks.example.com", 8443, "/in/Box"),
        ("https://bücher.example/a%20b", "xn--bcher-kva.example", 443, "/a%20b"),
        ("https://93.184.216.34/", "93.184.216.34", 443, "/"),
        ("https://[2606:4700:0::1111]:443/x", "2606:4700::1111", 443, "/x"),
    ],
)
def test_an_address_is_read_into_host_port_and_path(address, host, port, path):
    target = parse_target(address, CLOSED)
    assert (target.scheme, target.host, target.port, target.path) == ("https", host, port, path)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com",
        "http://hooks.example.com",
        "ftp://hooks.example.com",
        "file:///etc/passwd",
        "gopher://hooks.example.com",
        "https://",
        "https:///path",
        "https://:443",
        "https://user@hooks.example.com",
        "https://user:word@hooks.example.com",
        "https://hooks.example.com@127.0.0.1",
        "https://hooks.example.com#@127.0.0.1",
        "https://hooks.example.com\\@127.0.0.1",
        "https://hooks.example.com/in?token=0a1b",
        "https://hooks.example.com/in?",
        "https://hooks.example.com/#part",
        "https://hooks.example.com/ü",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/a\r\nhost: other",
        "https://hooks\t.example.com",
        " https://hooks.example.com",
        "https://hooks.example.com.",
        "https://hooks..example.com",
        "https://hooks.example.com。",
        "https://%31%32%37.0.0.1",
        "https://-a-.example",
        "https://" + "a" * 64 + ".example",
        "https://" + ".".join(["a" * 60] * 5),
        "https://hooks.example.com:0",
        "https://hooks.example.com:22",
        "https://hooks.example.com:25",
        "https://hooks.example.com:65536",
        "https://hooks.example.com:443:443",
        "https://hooks.example.com:-1",
        "https://hooks.example.com:４４３",
        "https://[fe80::1%25eth0]/",
        "https://[::1%lo]/",
        "https://[2606:4700::1111/",
        "https://[2606:4700::1111]x/",
        "https://[1.2.3.4]/",
        "https://" + "a" * 2000 + ".example",
    ],
)
def test_what_is_not_a_plain_https_address_is_refused(address):
    with pytest.raises(InvalidRequestError, match="webhook address"):
        parse_target(address, CLOSED)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0X7F.1",
        "0x",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.1",
        "127.000.000.001",
        "127.0.0.1.",
        "1.2.3.4.5",
        "256.1.1.1",
        "0",
        "１２７.1",
        "hooks.example.0x1",
        "hooks.example.5",
    ],
)
def test_an_ipv4_address_in_any_other_form_than_four_decimal_numbers_is_refused_by_every_policy(host):
    with pytest.raises(InvalidRequestError, match="webhook address"):
        parse_target(f"https://{host}/", WIDE)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "１２７.０.０.１", "127。0。0。1", "①27.0.0.1", "[::1]", "[::ffff:1.1.1.1]"]
)
def test_an_address_that_is_not_public_is_refused_when_it_is_read(host):
    with pytest.raises(InvalidRequestError, match="not on the public internet"):
        parse_target(f"https://{host}/", CLOSED)


def test_settings_allow_http_and_private_addresses():
    assert parse_target("http://127.0.0.1:8080/in", WIDE).origin == "http://127.0.0.1:8080"


def test_neither_path_nor_query_nor_password_of_a_refused_address_is_told():
    for address in ("https://u:CANARY@a.example/", "https://a.example/CANARY?x=CANARY", "https://127.0.0.1/CANARY"):
        with pytest.raises(InvalidRequestError) as caught:
            parse_target(address, CLOSED)
        assert "CANARY" not in str(caught.value.to_json())


@pytest.mark.parametrize(("path", "below"), [("", "/done"), ("/", "/done"), ("/a/b", "/a/b/done"), ("/a/", "/a/done")])
def test_a_step_goes_below_the_path(path, below):
    assert parse_target(f"https://hooks.example.com{path}", CLOSED).below("done").path == below


@given(st.text(max_size=60), st.sampled_from(["", "https://", "http://", "https://[", "https://a.example:"]))
def test_any_text_is_read_or_refused(text, start):
    try:
        target = parse_target(start + text, WIDE)
    except InvalidRequestError:
        return
    assert target.host.isascii()
    assert target.path.isascii()
    assert not set(target.host + target.path) & set(" \r\n\\?#@")
    assert 0 < target.port < 65536
