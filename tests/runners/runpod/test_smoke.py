"""The SDK's own ways to try a worker on one machine; they are no queue, so nothing more is tried by them."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
from tests.jobs.machines import wait_until
from tests.media_factory import Recipe, make_video

CALL = {
    "function": "preview_frame",
    "request": {"input_key": "in.mp4", "output_key": "out.png", "time": 0},
    "job_id": "t1",
}


def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "store").mkdir()
    make_video(tmp_path / "store/in.mp4", Recipe(size=(64, 64), frames=3))
    places = {"CLIPMILL_STORE": str(tmp_path / "store"), "CLIPMILL_SCRATCH": str(tmp_path / "scratch")}
    return {**os.environ, **places, "RUNPOD_LOG_LEVEL": "INFO"}


def test_a_test_input_is_carried_out(tmp_path: Path):
    said = subprocess.run(
        [sys.executable, "-m", "clipmill.runners.runpod", "--test_input", json.dumps({"id": "x", "input": CALL})],
        capture_output=True, text=True, env=environment(tmp_path), cwd=tmp_path, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    assert (tmp_path / "store/out.png").read_bytes().startswith(b"\x89PNG")


def test_the_local_server_answers_like_an_endpoint(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve = ["--rp_serve_api", "--rp_api_host", "127.0.0.1", "--rp_api_port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "clipmill.runners.runpod", *serve],
            stdout=log, stderr=log, env=environment(tmp_path), cwd=tmp_path,
        )  # fmt: skip
    try:
        wait_until(lambda: b"Uvicorn running" in (tmp_path / "log").read_bytes())
        told = httpx.post(f"http://127.0.0.1:{port}/runsync", json={"input": CALL}, timeout=60).json()
        wrong = httpx.post(f"http://127.0.0.1:{port}/runsync", json={"input": {"type": "framing"}}, timeout=60).json()
    finally:
        server.terminate()
        server.wait()
    assert (told["status"], told["output"]["output_key"]) == ("COMPLETED", "out.png")
    assert wrong["status"] == "FAILED"
    assert "invalid_request" in wrong["error"]
