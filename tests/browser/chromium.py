"""A real Chromium that plays a file and tells what it showed and sounded."""

import base64
import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
PATIENCE_S = 180
END_S = 20

SCRIPT = """
const told = (what) => fetch("/told", {method: "POST", body: JSON.stringify(what)});
const patience = () => new Promise((done) => setTimeout(done, 500));

function text(bytes) {
  let parts = "";
  for (let i = 0; i < bytes.length; i += 8192) parts += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(parts);
}

function canvasFor(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  return canvas.getContext("2d", {willReadFrequently: true});
}

function brightness(video, context) {
  context.drawImage(video, 0, 0);
  const pixels = context.getImageData(0, 0, video.videoWidth, video.videoHeight).data;
  const luma = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < luma.length; i++)
    luma[i] = Math.round(0.2126 * pixels[4 * i] + 0.7152 * pixels[4 * i + 1] + 0.0722 * pixels[4 * i + 2]);
  return text(luma);
}
"""
"""What every page needs: `told` ends its visit, pictures leave as the text that `values` reads."""

PAGE = """<!doctype html><video id="v" src="/video.mp4" muted preload="auto"></video><script>__SCRIPT__
const video = document.getElementById("v"), times = __TIMES__;
const failure = new Promise((_, failed) => video.addEventListener("error",
  () => failed(new Error("media error " + video.error.code + " " + video.error.message))));
const once = (name) => Promise.race([failure, new Promise((done) => video.addEventListener(name, done, {once: true}))]);
const painted = () => new Promise((done) => video.requestVideoFrameCallback(done));

async function show(time, context) {
  const shown = painted();
  video.currentTime = time;
  await once("seeked");
  await Promise.race([shown, patience()]);
  return brightness(video, context);
}

async function play() {
  const shown = [];
  video.currentTime = 0;
  await once("seeked");
  const note = (now, frame) => { shown.push(frame.mediaTime); video.requestVideoFrameCallback(note); };
  video.requestVideoFrameCallback(note);
  await video.play();
  await once("ended");
  return shown;
}

async function hear() {
  const file = await (await fetch("/video.mp4")).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 1, 48000).decodeAudioData(file);
  const wave = sound.getChannelData(0);
  return {channels: sound.numberOfChannels, wave: text(new Uint8Array(wave.buffer, wave.byteOffset, wave.byteLength))};
}

async function main() {
  if (video.readyState < 2) await once("loadeddata");
  const context = canvasFor(video);
  const frames = [];
  for (const time of times) frames.push(await show(time, context));
  const played = await play();
  const decoded = video.webkitAudioDecodedByteCount;
  await told({width: video.videoWidth, height: video.videoHeight, duration: video.duration, frames, played, decoded, ...await hear()});
}
main().catch((fault) => told({fault: String(fault)}));
</script>"""


@dataclass(frozen=True)
class Watched:
    """What Chromium showed at the times that were asked, while it played, and what it heard."""

    size: tuple[int, int]
    duration: float
    pictures: list[np.ndarray]
    """The brightness of each picture, 0 to 255."""
    played: list[float]
    """The times of the frames that it showed while it played from start to end, in the order they came."""
    sound_bytes: int
    """Bytes of sound that it decoded while it played."""
    channels: int
    wave: np.ndarray


def find_chromium() -> str | None:
    """The browser's program, if this machine has one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def watch(video: Path, times: Sequence[float]) -> Watched:
    """Let Chromium jump to each of the times, then play the file once."""
    told = visited(PAGE.replace("__TIMES__", json.dumps(list(times))), {"/video.mp4": video})
    size = told["width"], told["height"]
    pictures = [values(frame, np.uint8).reshape(size[::-1]) for frame in told["frames"]]
    wave = values(told["wave"], np.float32)
    return Watched(size, told["duration"], pictures, told["played"], told["decoded"], told["channels"], wave)


def visited(page: str, files: Mapping[str, Path]) -> dict[str, Any]:
    """What a page tells of the files that it finds under their paths."""
    program = find_chromium()
    assert program
    with (
        _served(files, page.replace("__SCRIPT__", SCRIPT).encode()) as (address, told, arrived),
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
    ):
        command = [program, *FLAGS, f"--user-data-dir={profile}", address]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert arrived.wait(PATIENCE_S), "the page told nothing"
        finally:
            _end(browser)
    assert "fault" not in told, told["fault"]
    return told


def values(text: str, kind: Any) -> np.ndarray:
    """The numbers in a text that a page made of bytes."""
    return np.frombuffer(base64.b64decode(text), kind)


def _end(browser: subprocess.Popen[bytes]) -> None:
    browser.terminate()
    try:
        browser.wait(END_S)
    except subprocess.TimeoutExpired:
        browser.kill()
        browser.wait()


@contextmanager
def _served(files: Mapping[str, Path], page: bytes) -> Iterator[tuple[str, dict[str, Any], threading.Event]]:
    told: dict[str, Any] = {}
    arrived = threading.Event()
    contents = {name: path.read_bytes() for name, path in files.items()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/":
                self._send(200, "text/html", page)
            elif self.path in contents:
                self._send_video(contents[self.path], f"video/{self.path.rpartition('.')[2]}")
            else:
                self._send(404, "text/plain", b"")

        def do_POST(self):
            told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(204, "text/plain", b"")
            arrived.set()

        def _send_video(self, data: bytes, kind: str):
            wanted = self.headers.get("Range")
            if wanted is None:
                self._send(200, kind, data)
                return
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last) if last else len(data) - 1
            self._send(206, kind, data[start : end + 1], f"bytes {start}-{end}/{len(data)}")

        def _send(self, status: int, kind: str, body: bytes, part: str | None = None):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Accept-Ranges", "bytes")
            if part:
                self.send_header("Content-Range", part)
            self.end_headers()
            try:
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", told, arrived
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
