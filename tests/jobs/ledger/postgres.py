"""A PostgreSQL server of the tests' own, on a socket in a temporary folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

_DEADLINE_S = 60.0
_SETTINGS = ("listen_addresses=", "fsync=off", "shared_buffers=16MB", "max_connections=60")


def _programs() -> Path:
    """Where initdb and postgres are."""
    found = shutil.which("postgres")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    place = next((place for place in places if (place / "initdb").exists()), None)
    if place is None:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    return place


def _as_somebody() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.getuid() != 0:
        return {}
    if "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


@contextmanager
def server() -> Iterator[str]:
    """Start a server and yield the URL of its first database."""
    programs, somebody = _programs(), _as_somebody()
    with tempfile.TemporaryDirectory(prefix="clipmill-pg-") as folder:
        if somebody:
            shutil.chown(folder, somebody["user"], somebody["group"])
        data = f"{folder}/data"
        init = [programs / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run(init, check=False, cwd=folder, capture_output=True, text=True, **somebody)
        assert made.returncode == 0, made.stderr
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        with (Path(folder) / "log").open("wb") as log:
            running = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *settings], cwd=folder, stderr=log, **somebody
            )
            try:
                _wait(running, folder)
                yield f"postgresql://tests@/postgres?host={folder}"
            finally:
                # Stop without writing anything down: the folder is deleted anyway.
                running.send_signal(signal.SIGQUIT)
                running.wait(_DEADLINE_S)


def _wait(running: subprocess.Popen[bytes], folder: str) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while True:
        try:
            psycopg.connect(host=folder, user="tests", dbname="postgres").close()
        except psycopg.OperationalError:
            assert running.poll() is None, (Path(folder) / "log").read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.05)
        else:
            return
