"""Between calls as values and httpx: what both clients send, and what the errors of the network mean."""

import ssl
from dataclasses import dataclass, field

import httpx

from clipmill import __version__
from clipmill.client.calls import Call, Reply
from clipmill.client.file_piece import FilePiece
from clipmill.errors import (
    ClipmillError,
    StorageTimeoutError,
    StorageUnavailableError,
    UntrustedCertificateError,
)
from clipmill.settings import Settings
from clipmill.storage.redact import redact

MOST_BYTES = 64 << 20
"""Of an answer that is kept in memory."""
_CONNECT_S = 10.0


@dataclass(frozen=True)
class Address:
    """Where the service is, and the key that it is shown."""

    url: str
    key: str = field(repr=False)

    @classmethod
    def of(cls, url: str | None, key: str | None) -> "Address":
        """As given, else as the environment says."""
        return cls(*Settings.from_environment().calling(url, key))

    def whole(self, call: Call) -> str:
        """The address of a call; it may open something by itself."""
        return self.url + call.url if call.url.startswith("/") else call.url

    def request(self, call: Call) -> httpx.Request:
        """The call as it is sent. Nobody but the service gets the key."""
        headers = {"User-Agent": f"clipmill/{__version__}", "Accept-Encoding": "identity"} | dict(call.headers)
        if self.key and call.url.startswith("/"):
            headers["Authorization"] = f"Bearer {self.key}"
        url = httpx.URL(self.whole(call))
        if call.query:
            url = url.copy_merge_params(dict(call.query))
        extensions = {"timeout": httpx.Timeout(call.within_s, connect=_CONNECT_S).as_dict()}
        if isinstance(call.body, FilePiece):
            # Of a body that is a stream, httpx sets neither of them.
            headers |= {"Host": url.netloc.decode("ascii"), "Content-Length": str(call.body.size)}
            return httpx.Request(call.method, url, headers=headers, stream=call.body, extensions=extensions)
        return httpx.Request(call.method, url, headers=headers, content=call.body, extensions=extensions)


def reply_of(answer: httpx.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)


def grown(body: bytearray, data: bytes) -> None:
    """Keep what came of an answer, up to a bound."""
    body += data
    if len(body) > MOST_BYTES:
        raise StorageUnavailableError(f"an answer is larger than {MOST_BYTES >> 20} MiB: is there a clipmill service?")


def told(fault: Exception, call: Call, address: Address) -> ClipmillError:
    """What an error of the network means."""
    what = f"{call.method} {redact(address.whole(call))}"
    if _is_certificate(fault):
        return UntrustedCertificateError(f"{what}: the certificate of the service is not to be trusted: {fault}")
    if isinstance(fault, httpx.ReadTimeout | httpx.WriteTimeout):
        return StorageTimeoutError(f"{what}: nothing came for {call.within_s:g} s. Try again later.")
    reason = redact(str(fault)) or type(fault).__name__
    return StorageUnavailableError(f"{what}: no service answers: {reason}. Check its address, and that it runs.")


def _is_certificate(fault: BaseException | None) -> bool:
    while fault is not None:
        if isinstance(fault, ssl.SSLCertVerificationError):
            return True
        fault = fault.__cause__ or fault.__context__
    return False
