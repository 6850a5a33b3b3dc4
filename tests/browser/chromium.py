"""A real Chromium that plays a file and tells which frames it showed."""

import json
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

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

PAGE = """<!doctype html><video id="v" src="/video.mp4" muted preload="auto"></video><script>
const video = document.getElementById("v"), times = __TIMES__;
const told = (what) => fetch("/told", {method: "POST", body: JSON.stringify(what)});
const once = (name) => new Promise((done, failed) => {
  video.addEventListener(name, done, {once: true});
  video.addEventListener("error", () => failed(new Error("media error " + video.error.code + " " + video.error.message)), {once: true});
});
const painted = () => new Promise((done) => video.requestVideoFrameCallback((now, frame) => done(frame.mediaTime)));
async function main() {
  if (video.readyState < 2) await once("loadeddata");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext("2d", {willReadFrequently: true});
  const seen = [];
  for (const time of times) {
    const shown = painted();
    video.currentTime = time;
    await once("seeked");
    await Promise.race([shown, new Promise((done) => setTimeout(done, 500))]);
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const luma = new Uint8Array(canvas.width * canvas.height);
    for (let i = 0; i < luma.length; i++)
      luma[i] = Math.round(0.2126 * pixels[4 * i] + 0.7152 * pixels[4 * i + 1] + 0.0722 * pixels[4 * i + 2]);
    let text = "";
    for (let i = 0; i < luma.length; i += 8192) text += String.fromCharCode(...luma.subarray(i, i + 8192));
    seen.push({time, luma: btoa(text)});
  }
  const media = [];
  video.currentTime = 0; await once("seeked");
  const note = (now, frame) => { media.push(frame.mediaTime); video.requestVideoFrameCallback(note); };
  video.requestVideoFrameCallback(note);
  await video.play();
  await once("ended");
  await told({width: video.videoWidth, height: video.videoHeight, duration: video.duration, seen, played: media,
              sound: video.webkitAudioDecodedByteCount > 0});
}
main().catch((fault) => told({fault: String(fault)}));
</script>"""


def find_chromium() -> str | None:
    """The browser's program, if this machine has one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def watched(video: Path, times: list[float]) -> dict:
    """What Chromium shows of a file at each of the times, and while it plays it from start to end."""
    page = PAGE.replace("__TIMES__", json.dumps(times)).encode()
    with _served(video, page) as (address, told, arrived), tempfile.TemporaryDirectory() as profile:
        browser = subprocess.Popen(
            [find_chromium(), *FLAGS, f"--user-data-dir={profile}", address],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert arrived.wait(PATIENCE_S), "the page told nothing"
        finally:
            browser.terminate()
            browser.wait()
    assert "fault" not in told, told["fault"]
    return told


@contextmanager
def _served(video: Path, page: bytes):
    told: dict = {}
    arrived = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/video.mp4":
                self._send_video()
            else:
                self._send(200, "text/html", page)

        def do_POST(self):
            told.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(204, "text/plain", b"")
            arrived.set()

        def _send_video(self):
            data = video.read_bytes()
            wanted = self.headers.get("Range")
            if wanted is None:
                self._send(200, "video/mp4", data)
                return
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last) if last else len(data) - 1
            self._send(206, "video/mp4", data[start : end + 1], f"bytes {start}-{end}/{len(data)}")

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
