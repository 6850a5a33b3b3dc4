import ssl
from pathlib import Path

import httpx
import pytest

from clipmill.client.calls import Call
from clipmill.client.file_piece import FilePiece
from clipmill.client.wire import Address, told
from clipmill.errors import ConflictError, StorageTimeoutError, StorageUnavailableError, UntrustedCertificateError

OURS = Address("https://clips.example.com/video", "cm_canary")
LINK = "https://b.example.com/a.mp4?X-Amz-Signature=secret"


def test_the_service_gets_the_key_below_its_address():
    request = OURS.request(Call("GET", "/v1/jobs", {"state": "queued"}))
    assert str(request.url) == "https://clips.example.com/video/v1/jobs?state=queued"
    assert request.headers["Authorization"] == "Bearer cm_canary"


def test_nobody_else_gets_the_key():
    request = OURS.request(Call("GET", LINK))
    assert str(request.url) == LINK
    assert not [name for name, value in request.headers.items() if "canary" in value]


def test_a_piece_of_a_file_is_sent_with_its_size_and_host(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"0123456789")
    told_bytes: list[int] = []
    piece = FilePiece(tmp_path / "a", 2, 5, lambda done, _size: told_bytes.append(done))
    request = OURS.request(Call("PUT", LINK, body=piece))
    assert (request.headers["Content-Length"], request.headers["Host"]) == ("5", "b.example.com")
    assert "Transfer-Encoding" not in request.headers
    assert b"".join(piece) == b"".join(piece) == b"23456"
    assert told_bytes == [5, 5]


def test_a_file_that_became_shorter_is_an_error(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"0123")
    with pytest.raises(ConflictError, match="shorter"):
        b"".join(FilePiece(tmp_path / "a", 2, 5, lambda _done, _size: None))


def broken(cause: Exception) -> httpx.ConnectError:
    fault = httpx.ConnectError(str(cause))
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (httpx.ReadTimeout(""), StorageTimeoutError),
        (httpx.ConnectTimeout(""), StorageUnavailableError),
        (httpx.RemoteProtocolError("peer closed connection"), StorageUnavailableError),
        (broken(ssl.SSLCertVerificationError("self-signed")), UntrustedCertificateError),
    ],
)
def test_errors_of_the_network_are_typed_and_name_the_address_without_its_secrets(fault, kind):
    error = told(fault, Call("GET", LINK), OURS)
    assert type(error) is kind
    assert "b.example.com" in error.message
    assert "secret" not in error.message


def test_the_key_is_not_shown():
    assert "canary" not in repr(OURS)
