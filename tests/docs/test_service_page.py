"""What the pages of the service show is run, from the first line to the last, against a service."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction

import pytest
from tests.cli.shell import REPOSITORY
from tests.docs.pages import GUIDE, blocks
from tests.served import PROGRAM, Served, plain_environment

from clipmill.engines.probe import probe, require_video
from clipmill.engines.sample_match import draw_match

SHOWN = "http://127.0.0.1:8400"
START, *SESSION = blocks((GUIDE / "service.md").read_text())
PROGRAMS = blocks((GUIDE / "client.md").read_text(), "python")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    # What the page looks at lies before its end, and the shorter it is the fewer large pictures are drawn.
    draw_match(folder / "match.mp4", seconds=Fraction(8, 5), size=(128, 72))
    command = folder / "bin" / "clipmill"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\nexec '{sys.executable}' -c '{PROGRAM}' \"$@\"\n")
    command.chmod(0o755)
    with Served(folder) as service:
        yield service


def outcome(served: Served, command: list[str]) -> str:
    """All that a program says in the folder of the service; it must end well."""
    found = os.environ | dict(plain_environment(served.folder)) | {
        "CLIPMILL_URL": served.url,
        "CLIPMILL_DATABASE": f"sqlite:///{served.data}/ledger.db",
        "PATH": f"{served.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "src"), str(REPOSITORY)]),
    }  # fmt: skip
    told = subprocess.run(command, check=False, cwd=served.folder, env=found, text=True, capture_output=True)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_the_page_starts_with_the_service_itself():
    assert START == "clipmill serve\n"


def test_the_programs_of_the_client_page_make_their_files(served: Served):
    for program in PROGRAMS:
        outcome(served, [sys.executable, "-W", "error", "-c", program])
    assert require_video(probe(served.folder / "goal.mp4")).frames
    assert (served.folder / "frame.png").read_bytes()[1:4] == b"PNG"


def test_the_session_of_the_service_page_runs_from_the_first_line_to_the_last(served: Served):
    for name in ("goal.mp4", "frame.png"):
        (served.folder / name).unlink(missing_ok=True)
    lines = "\n".join(SESSION).replace(SHOWN, served.url)
    told = outcome(served, ["bash", "-euo", "pipefail", "-c", re.sub(r"\bcurl ", "curl --fail-with-body ", lines)])
    assert "event: done" in told
    assert require_video(probe(served.folder / "goal.mp4")).frames
    assert (served.folder / "frame.png").read_bytes()[1:4] == b"PNG"
    assert json.loads((served.folder / "endpoint.json").read_text())["secret"].startswith("whsec_")


def test_every_route_that_the_page_names_is_there():
    page = (GUIDE / "service.md").read_text()
    document = json.loads((GUIDE.parent / "openapi.json").read_text())
    known = {re.sub(r"\{\w+\}", "ID", path) for path in document["paths"]} | {"/metrics"}
    named = {re.sub(r"/objects/.+", "/objects/ID", each) for each in re.findall(r"`(?:[A-Z]+ )?(/[a-z][\w/:]*)", page)}
    assert named - known - {"/openapi", "/v1/ws/jobs/"} == set()


def test_the_client_page_tells_every_call_of_both_clients():
    from clipmill import AsyncClient, Client

    calls = {name for name in vars(Client) if not name.startswith("_")}
    assert calls == {name for name in vars(AsyncClient) if not name.startswith("_")}
    table = (GUIDE / "client.md").read_text()
    assert {name for name in calls if f"`{name}(" not in table} == {"close"}
