"""Files up and down, against a real service, also over connections that break."""

import hashlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio
import httpx
import pytest
from tests.media_factory import Recipe, make_video
from tests.served import Served
from tests.storage.s3_server import S3Server, s3_server

from clipmill import AsyncClient, Client
from clipmill.client import Patience
from clipmill.errors import SourceMissingError, StorageUnavailableError

__all__ = ["s3_server"]

MIB = 1 << 20
HASTY = Patience(pauses_s=(0.01,) * 4)


def random_file(path: Path, size: int) -> str:
    path.write_bytes(os.urandom(size))
    return digest(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def cutting(port: int, after: int) -> Iterator[str]:
    """A way to the service that is cut behind so many bytes of every answer."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    visitor, _ = door.accept()
                    threading.Thread(target=_carry, args=(visitor, port, after), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}"


def _carry(visitor: socket.socket, port: int, after: int) -> None:
    with visitor, socket.create_connection(("127.0.0.1", port)) as service, suppress(OSError):
        threading.Thread(target=_copy, args=(visitor, service, 1 << 40), daemon=True).start()
        _copy(service, visitor, after)
        visitor.shutdown(socket.SHUT_RDWR)


def _copy(source: socket.socket, target: socket.socket, most: int) -> None:
    with suppress(OSError):
        while most and (data := source.recv(min(1 << 16, most))):
            target.sendall(data)
            most -= len(data)


def test_a_file_goes_up_and_comes_down_as_it_was(client: Client, tmp_path: Path):
    sent = random_file(tmp_path / "a.bin", 3 * MIB + 1)
    made = client.upload(tmp_path / "a.bin", "raw/a.bin")
    assert (made.key, made.size) == ("raw/a.bin", 3 * MIB + 1)
    assert digest(client.download("raw/a.bin", tmp_path / "down" / "a.bin")) == sent
    assert [path.name for path in (tmp_path / "down").iterdir()] == ["a.bin"]


def test_an_empty_file_is_a_file(client: Client, tmp_path: Path):
    (tmp_path / "empty").touch()
    assert client.upload(tmp_path / "empty", "raw/empty").size == 0
    assert client.download("raw/empty", tmp_path / "again").read_bytes() == b""


def test_a_key_with_odd_letters_is_found_again(client: Client, tmp_path: Path):
    (tmp_path / "a").write_text("hello")
    client.upload(tmp_path / "a", "raw/Élan #1?.mp4")
    assert client.download("raw/Élan #1?.mp4", tmp_path / "b").read_text() == "hello"


def test_a_download_that_is_cut_again_and_again_comes_to_its_end(served: Served, client: Client, tmp_path: Path):
    sent = random_file(tmp_path / "a.bin", 3 * MIB)
    client.upload(tmp_path / "a.bin", "raw/cut.bin")
    with cutting(served.port, MIB) as url, Client(url, patience=HASTY) as unlucky:
        told: list[int] = []
        unlucky.download("raw/cut.bin", tmp_path / "b.bin", on_bytes=lambda done, _size: told.append(done))
    assert digest(tmp_path / "b.bin") == sent
    assert told == sorted(told)


def test_a_download_that_was_given_up_goes_on_the_next_time(served: Served, client: Client, tmp_path: Path):
    sent = random_file(tmp_path / "a.bin", 3 * MIB)
    client.upload(tmp_path / "a.bin", "raw/given-up.bin")
    with cutting(served.port, 2 * MIB) as url, Client(url, patience=Patience(pauses_s=())) as unlucky:
        with pytest.raises(StorageUnavailableError):
            unlucky.download("raw/given-up.bin", tmp_path / "b.bin")
        assert not (tmp_path / "b.bin").exists()
        assert digest(unlucky.download("raw/given-up.bin", tmp_path / "b.bin")) == sent


def test_a_file_that_is_not_there_is_no_download(client: Client, tmp_path: Path):
    with pytest.raises(SourceMissingError):
        client.download("raw/nowhere.mp4", tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_video_is_uploaded_looked_at_framed_and_fetched(client: Client, tmp_path: Path):
    client.upload(make_video(tmp_path / "a.mp4", Recipe(frames=10)), "raw/video.mp4")
    assert client.probe("raw/video.mp4")["video"]
    assert client.frame("raw/video.mp4", 0.1)[:3] in {b"\xff\xd8\xff", b"\x89PN"}
    request = {"input_key": "raw/video.mp4", "output_key": "out/framed.mp4", "output_width": 90, "output_height": 160}
    result = client.result(client.submit("process_framing", request | {"quality": "draft"}).id)
    path = client.download(result.outputs[0], tmp_path / "framed.mp4")
    assert path.read_bytes()[4:8] == b"ftyp"


def test_the_awaited_client_carries_files_too(served: Served, tmp_path: Path):
    sent = random_file(tmp_path / "a.bin", 2 * MIB)
    told: list[int] = []

    async def work() -> None:
        async with AsyncClient(served.url) as client:
            note = lambda done, _size: told.append(done)  # noqa: E731
            await client.upload(tmp_path / "a.bin", "raw/awaited.bin", on_bytes=note)
            await client.download("raw/awaited.bin", tmp_path / "b.bin")

    anyio.run(work)
    assert digest(tmp_path / "b.bin") == sent
    assert told[-1] == 2 * MIB


def test_on_a_bucket_bytes_go_to_the_bucket_itself(s3_server: S3Server, tmp_path: Path):
    sent = random_file(tmp_path / "a.bin", 6 * MIB)
    url = s3_server.url(s3_server.new_bucket())
    with Served(tmp_path, "--store", url, **s3_server.environment) as served, Client(served.url) as client:
        assert client.upload(tmp_path / "a.bin", "raw/a.bin").size == 6 * MIB
        (address,) = [part["url"] for part in _parts_of_a_new_upload(served.url)]
        assert address.startswith("http")
        assert not address.startswith(served.url)
        job = client.submit("copy", {"input_key": "raw/a.bin", "output_key": "out/b.bin"})
        (output,) = client.result(job.id).outputs
        assert output.url.startswith("http")
        assert digest(client.download(output, tmp_path / "b.bin")) == sent


def _parts_of_a_new_upload(url: str) -> list[dict[str, str]]:
    return httpx.post(f"{url}/v1/uploads", json={"key": "raw/c.bin", "size": 3}).json()["parts"]
