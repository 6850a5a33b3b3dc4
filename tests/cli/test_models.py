import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.shell import clipmill

from clipmill.engines.upscale.fetching import Wanted
from clipmill.engines.upscale.published import PUBLISHED
from clipmill.engines.upscale.store import SETTING
from clipmill.errors import ModelDigestMismatchError, SourceMissingError, StorageUnavailableError
from clipmill.media.choices import UpscaleModel

BYTES = b"weights of mine" * 1000
DIGEST = hashlib.sha256(BYTES).hexdigest()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(SETTING, str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.pth"
    path.write_bytes(BYTES)
    return path


def test_a_file_with_the_digest_that_is_meant_is_kept_under_it(mine: Path, folder: Path):
    said = clipmill("models", "fetch", f"{mine}#{DIGEST.upper()}", "--json")
    assert said.json["models"] == [{"file": str(folder / f"{DIGEST}.pth"), "sha256": DIGEST, "fetched": True}]
    assert (folder / f"{DIGEST}.pth").read_bytes() == BYTES
    assert clipmill("models", "fetch", f"{mine}#{DIGEST}", "--json").json["models"][0]["fetched"] is False


def test_bytes_with_another_digest_are_not_kept(mine: Path, folder: Path):
    said = clipmill("models", "fetch", f"{mine}#{'0' * 64}")
    assert said.code == 3
    assert DIGEST in said.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("wanted", ["realesr", "mine.pth", "mine.pth#abc", f"mine.onnx#{'0' * 64}", f"#{'0' * 64}"])
def test_what_names_no_weights_is_refused_with_what_does(wanted: str):
    said = clipmill("models", "fetch", wanted)
    assert said.code == 3
    assert "realesr-general-x4v3" in said.stderr


def test_the_list_tells_what_is_there_and_what_is_not(mine: Path):
    clipmill("models", "fetch", f"{mine}#{DIGEST}")
    told = {each["name"]: each["state"] for each in clipmill("models", "ls", "--json").json["models"]}
    assert told == {
        "realesr-general-x4v3": "missing",
        "RealESRGAN_x4plus": "missing",
        f"{DIGEST}.pth": "ready",
    }


def test_a_damaged_file_is_found(mine: Path, folder: Path):
    clipmill("models", "fetch", f"{mine}#{DIGEST}")
    assert clipmill("models", "verify").code == 0
    (folder / f"{DIGEST}.pth").write_bytes(BYTES[:-1])
    said = clipmill("models", "verify", "--json")
    assert (said.code, said.json["models"][0]["state"]) == (3, "damaged")


def test_an_empty_folder_is_sound():
    said = clipmill("models", "verify")
    assert said.code == 0
    assert "no weights" in said.stdout


@pytest.fixture
def server() -> Iterator[str]:
    """Serves the weights, sends elsewhere, and fails, by path."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code = {"/moved.pth": 302, "/gone.pth": 404, "/broken.pth": 500}.get(self.path.partition("?")[0], 200)
            self.send_response(code)
            if code == 302:
                self.send_header("Location", "/w.pth")
            self.send_header("Content-Length", str(len(BYTES) if code == 200 else 0))
            self.end_headers()
            if code == 200:
                self.wfile.write(BYTES)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as serving:
        thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()
        thread.join()


def test_weights_come_from_an_address_and_past_redirections(server: str, folder: Path):
    assert Wanted.parse(f"{server}/moved.pth#{DIGEST}", folder).fetch()
    assert (folder / f"{DIGEST}.pth").read_bytes() == BYTES


@pytest.mark.parametrize(("path", "error"), [("gone", SourceMissingError), ("broken", StorageUnavailableError)])
def test_an_address_that_answers_nothing_leaves_nothing(server: str, folder: Path, path: str, error: type[Exception]):
    with pytest.raises(error) as raised:
        Wanted.parse(f"{server}/{path}.pth?token=secret#{DIGEST}", folder).fetch()
    assert "secret" not in str(raised.value)
    assert list(folder.iterdir()) == []


def test_a_transfer_that_breaks_off_leaves_what_was_there(folder: Path):
    folder.mkdir()
    wanted = Wanted.parse("realesr-general-x4v3", folder)
    assert wanted.place == PUBLISHED[UpscaleModel.GENERAL].url
    wanted.path.write_bytes(b"old")
    with pytest.raises(ModelDigestMismatchError):
        wanted.fetch(lambda _url: iter([b"half"]))
    assert [path.name for path in folder.iterdir()] == [wanted.path.name]
    assert wanted.path.read_bytes() == b"old"
