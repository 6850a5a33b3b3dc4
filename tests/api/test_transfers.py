"""Large bodies through a real server: bounded memory, and nothing half done. ``CLIPMILL_LARGE=1`` moves 4 GB."""

import hashlib
import os
import random
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from tests.api.serving import Served, served
from tests.ledgers import new_ledger

from clipmill.storage.uploads import USUAL_PART_BYTES

MIB = 1024 * 1024
LARGE = "CLIPMILL_LARGE" in os.environ
SIZE = 4096 * MIB if LARGE else 128 * MIB
MOST_RSS = 512 * MIB
MOST_GROWTH = 96 * MIB
BLOCK = random.Random(1).randbytes(MIB)
DEADLINE_S = 30.0


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    folder = tmp_path_factory.mktemp("transfers")
    new_ledger(folder / "ledger.db")
    with served(folder) as service:
        yield service, folder / "store"


def body(size: int = SIZE) -> Iterator[bytes]:
    """Blocks that differ, so that one in a wrong place is noticed."""
    for number in range(size // MIB):
        yield number.to_bytes(8, "big") + BLOCK[8:]


def digest_of(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()


def memory(service: Served, name: str) -> int:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def files_below(store: Path) -> set[str]:
    return {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()}


def wait_until_only(store: Path, expected: set[str]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while files_below(store) != expected:
        assert time.monotonic() < deadline, files_below(store)
        time.sleep(0.02)


def test_a_large_object_goes_up_and_down_in_bounded_memory(serving: tuple[Served, Path]):
    service, store = serving
    with httpx.Client(base_url=service.url, timeout=600) as client:
        client.put("/v1/objects/small.bin", content=b"warm").raise_for_status()
        client.get("/v1/objects/small.bin")
        before = memory(service, "VmRSS")
        began = time.monotonic()
        told = client.put("/v1/objects/large.bin", content=body(), headers={"Content-Length": str(SIZE)})
        up = time.monotonic() - began
        assert told.json()["size"] == SIZE
        began = time.monotonic()
        with client.stream("GET", "/v1/objects/large.bin") as answer:
            digest = digest_of(answer.iter_bytes(MIB))
        down = time.monotonic() - began
        assert digest == digest_of(body())
        most = memory(service, "VmHWM")
        print(f"{SIZE / MIB:.0f} MiB: up {SIZE / MIB / up:.0f} MiB/s, down {SIZE / MIB / down:.0f} MiB/s, "
              f"memory before {before / MIB:.0f} MiB, at most {most / MIB:.0f} MiB")  # fmt: skip
        assert most < MOST_RSS
        assert most - before < MOST_GROWTH
        client.delete("/v1/objects/large.bin").raise_for_status()
    wait_until_only(store, {"local/small.bin"})


def test_a_large_upload_in_parts_is_joined_in_bounded_memory(serving: tuple[Served, Path]):
    service, store = serving
    with httpx.Client(base_url=service.url, timeout=600) as client:
        client.put("/v1/objects/small.bin", content=b"warm").raise_for_status()
        before = memory(service, "VmRSS")
        upload = client.post("/v1/uploads", json={"key": "joined.bin", "size": SIZE}).json()
        assert upload["part_size"] == USUAL_PART_BYTES
        blocks = body()
        for part in upload["parts"]:
            data = (next(blocks) for _ in range(part["size"] // MIB))
            client.put(part["url"], content=data, headers={"Content-Length": str(part["size"])}).raise_for_status()
        told = client.post(f"/v1/uploads/{upload['id']}:complete")
        assert told.json()["size"] == SIZE
        assert memory(service, "VmHWM") < MOST_RSS
        assert memory(service, "VmRSS") - before < MOST_GROWTH
        with (store / "local/joined.bin").open("rb") as file:
            assert digest_of(iter(lambda: file.read(MIB), b"")) == digest_of(body())
        client.delete("/v1/objects/joined.bin").raise_for_status()
    wait_until_only(store, {"local/small.bin"})


def request_head(service: Served, *lines: str) -> tuple[socket.socket, bytes]:
    place = urlsplit(service.url)
    connection = socket.create_connection((place.hostname, place.port), timeout=DEADLINE_S)
    head = "\r\n".join([*lines, f"Host: {place.netloc}", "", ""]).encode()
    return connection, head


def test_a_caller_who_goes_in_the_middle_leaves_nothing(serving: tuple[Served, Path]):
    service, store = serving
    httpx.put(f"{service.url}/v1/objects/small.bin", content=b"old")
    connection, head = request_head(service, "PUT /v1/objects/small.bin HTTP/1.1", "Content-Length: 50000000")
    connection.sendall(head + bytes(20_000_000))
    deadline = time.monotonic() + DEADLINE_S
    while len(files_below(store)) < 2:
        assert time.monotonic() < deadline, "nothing is being written"
        time.sleep(0.01)
    connection.close()
    wait_until_only(store, {"local/small.bin"})
    assert httpx.get(f"{service.url}/v1/objects/small.bin").content == b"old"


def test_a_caller_who_goes_in_the_middle_of_a_form_leaves_nothing(serving: tuple[Served, Path]):
    service, store = serving
    before = files_below(store)
    head = (
        "POST /api/export/multi-clip HTTP/1.1",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 50000000",
    )
    connection, start = request_head(service, *head)
    part = b'--x\r\nContent-Disposition: form-data; name="video_0"; filename="a.mp4"\r\n\r\n'
    connection.sendall(start + part + bytes(10_000_000) + b"\r\n" + part.replace(b"_0", b"_1") + bytes(10_000_000))
    deadline = time.monotonic() + DEADLINE_S
    while len(files_below(store)) < len(before) + 2:
        assert time.monotonic() < deadline, "nothing is being written"
        time.sleep(0.01)
    connection.close()
    wait_until_only(store, before)


def test_a_caller_who_waits_for_leave_is_refused_before_it_sends(serving: tuple[Served, Path]):
    service, _ = serving
    size = 65 * 1024**3
    lines = ("PUT /v1/objects/a.bin HTTP/1.1", f"Content-Length: {size}", "Expect: 100-continue")
    connection, head = request_head(service, *lines)
    with connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_reader_who_goes_is_noticed_and_its_file_closed(serving: tuple[Served, Path]):
    service, _ = serving
    httpx.put(f"{service.url}/v1/objects/long.bin", content=bytes(64 * MIB)).raise_for_status()
    with httpx.stream("GET", f"{service.url}/v1/objects/long.bin") as answer:
        next(answer.iter_raw(1000))
    deadline = time.monotonic() + DEADLINE_S
    files = Path(f"/proc/{service.process.pid}/fd")
    while any(str(link.readlink()).endswith("long.bin") for link in files.iterdir() if link.is_symlink()):
        assert time.monotonic() < deadline, "the file stays open"
        time.sleep(0.02)
    httpx.delete(f"{service.url}/v1/objects/long.bin").raise_for_status()


def test_a_file_that_is_replaced_while_it_is_read_is_read_to_its_end(serving: tuple[Served, Path]):
    service, _ = serving
    httpx.put(f"{service.url}/v1/objects/long.bin", content=bytes(32 * MIB)).raise_for_status()
    with httpx.stream("GET", f"{service.url}/v1/objects/long.bin") as answer:
        pieces = answer.iter_raw(MIB)
        first = next(pieces)
        httpx.put(f"{service.url}/v1/objects/long.bin", content=b"another").raise_for_status()
        assert len(first) + sum(map(len, pieces)) == 32 * MIB
    httpx.delete(f"{service.url}/v1/objects/long.bin").raise_for_status()
