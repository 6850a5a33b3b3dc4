"""The files for machines of one's own, read, since it takes an engine to start them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import clipmill.settings

FOLDER = Path(__file__).resolve().parents[3] / "deploy/prefect"
COMPOSE = FOLDER / "compose.yaml"


def test_there_are_a_server_a_database_that_many_can_write_to_and_workers():
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    assert set(services) == {"database", "server", "worker"}
    assert services["server"]["environment"]["PREFECT_API_DATABASE_CONNECTION_URL"].startswith("postgresql+asyncpg://")
    assert services["server"]["build"]["dockerfile"] == "deploy/prefect/Dockerfile"


def test_no_secret_stands_in_the_files_and_none_has_a_default():
    text = COMPOSE.read_text()
    for name in ("PREFECT_DB_PASSWORD", "PREFECT_API_AUTH_STRING"):
        assert f"${{{name}:?" in text
        assert f"${{{name}:-" not in text


def test_the_server_is_open_to_this_machine_only_unless_told():
    (port,) = yaml.safe_load(COMPOSE.read_text())["services"]["server"]["ports"]
    assert port == "${PREFECT_BIND:-127.0.0.1}:4200:4200"


def test_what_the_worker_is_told_is_known_to_the_settings():
    given = yaml.safe_load(COMPOSE.read_text())["services"]["worker"]["environment"]
    known = clipmill.settings.__doc__ or ""
    ours = [name for name in given if name.startswith(("CLIPMILL_", "PREFECT_"))]
    assert ours
    assert all(f"`{name}`" in known for name in ours)


def test_the_caption_flows_keep_their_record_in_the_database_of_the_same_file_unless_told():
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    place = services["worker"]["environment"]["CLIPMILL_DATABASE"]
    assert place == "${CLIPMILL_DATABASE:-postgresql://prefect@database:5432/clipmill}"
    given = (services["worker"]["environment"]["PGPASSWORD"], services["database"]["environment"]["POSTGRES_PASSWORD"])
    assert given[0] == given[1]
    (made,) = [each for each in services["database"]["volumes"] if "initdb" in each]
    assert made == "./record.sql:/docker-entrypoint-initdb.d/record.sql:ro"
    assert "CREATE DATABASE clipmill;" in (FOLDER / "record.sql").read_text()
    # Without its driver the address is of no use.
    assert re.search(r"^psycopg\b", (FOLDER.parents[1] / "requirements/prefect.txt").read_text(), re.MULTILINE)


def test_every_other_port_than_that_of_the_server_is_shut_too_unless_told():
    (port,) = yaml.safe_load(COMPOSE.read_text())["services"]["database"]["ports"]
    assert port == "${CLIPMILL_DATABASE_BIND:-127.0.0.1}:5432:5432"


def test_the_image_is_not_run_as_root_and_starts_the_worker():
    text = (FOLDER / "Dockerfile").read_text()
    assert re.findall(r"^(?:USER|ENTRYPOINT) .*", text, re.MULTILINE) == [
        "USER 10001",
        'ENTRYPOINT ["/opt/clipmill/bin/python", "-m", "clipmill.runners.prefect"]',
    ]
    assert "--require-hashes" in text


def test_hadolint_has_nothing_to_say():
    tool = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if tool is None:
        pytest.skip("hadolint is not installed")
    said = subprocess.run([tool, str(FOLDER / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")
