import doctest
import os
import re
from pathlib import Path

import pytest

import clipmill.settings
from clipmill.errors import InvalidRequestError
from clipmill.jobs.limits import GIB
from clipmill.settings import RunnerChoice, Settings, cores
from clipmill.storage.open import open_store


def test_without_any_variable_the_defaults_hold():
    settings = Settings.from_environment({})
    assert settings.store == "./clipmill-data"
    assert settings.runner is RunnerChoice.AUTO
    assert 1 <= settings.threads <= min(4, cores())
    assert (settings.limits.memory_bytes, settings.limits.time_s) == (None, 21600.0)
    assert (settings.shared_prefixes, settings.tenant) == ((), "")


def test_every_variable_is_read():
    settings = Settings.from_environment(
        {
            "CLIPMILL_STORE": "s3://bucket",
            "CLIPMILL_SCRATCH": "/fast",
            "CLIPMILL_THREADS": "3",
            "CLIPMILL_MEMORY_GB": "1.5",
            "CLIPMILL_TIMEOUT_S": "90",
            "CLIPMILL_CACHE_GB": "0",
            "CLIPMILL_RUNNER": "local",
            "CLIPMILL_SHARED_PREFIXES": "games, test/",
            "CLIPMILL_TENANT": "team/7",
        }
    )
    assert (settings.store, settings.scratch_root, settings.threads) == ("s3://bucket", Path("/fast"), 3)
    assert (settings.limits.memory_bytes, settings.limits.time_s) == (int(1.5 * GIB), 90.0)
    assert (settings.cache_gb, settings.runner) == (0.0, RunnerChoice.LOCAL)
    assert (settings.shared_prefixes, settings.tenant) == (("games/", "test/"), "team/7")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIPMILL_THREADS", "0"),
        ("CLIPMILL_THREADS", "two"),
        ("CLIPMILL_MEMORY_GB", "0"),
        ("CLIPMILL_MEMORY_GB", "nan"),
        ("CLIPMILL_TIMEOUT_S", "-1"),
        ("CLIPMILL_TIMEOUT_S", "inf"),
        ("CLIPMILL_CACHE_GB", "much"),
        ("CLIPMILL_RUNNER", "moon"),
        ("CLIPMILL_SHARED_PREFIXES", "a//b"),
        ("CLIPMILL_TENANT", "../x"),
    ],
)
def test_a_value_that_cannot_be_meant_names_its_variable(name: str, value: str):
    with pytest.raises(InvalidRequestError, match=name):
        Settings.from_environment({name: value})


def test_a_blank_value_counts_as_missing():
    assert Settings.from_environment({"CLIPMILL_THREADS": " "}).threads == Settings.from_environment({}).threads


def test_the_environment_of_the_process_is_the_one_that_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_THREADS", "2")
    assert Settings.from_environment().threads == 2


def test_secrets_are_not_shown():
    settings = Settings.from_environment({"MY_VARIABLE": "canary"})
    machine = settings.machine(open_store("memory://", {}), {})
    assert "canary" not in repr(settings) + repr(machine)
    assert settings.environment["MY_VARIABLE"] == "canary"


def test_a_machine_has_what_the_settings_say(tmp_path: Path):
    given = {
        "CLIPMILL_THREADS": "2",
        "CLIPMILL_TIMEOUT_S": "5",
        "CLIPMILL_SCRATCH": str(tmp_path),
        "CLIPMILL_SHARED_PREFIXES": "g",
    }
    machine = Settings.from_environment(given).machine(open_store("memory://", {}), {"echo": "a:b"})
    assert (machine.threads, machine.limits.time_s, machine.scratch_root) == (2, 5.0, tmp_path)
    assert (machine.shared_prefixes, machine.catalogue) == (("g/",), {"echo": "a:b"})


def test_every_variable_stands_in_the_table():
    source = Path(clipmill.settings.__file__).read_text()
    read = set(re.findall(r'read\("(CLIPMILL_\w+)"', source))
    documented = set(re.findall(r"^\| `(CLIPMILL_\w+)`", clipmill.settings.__doc__ or "", re.MULTILINE))
    assert read == documented


def test_nothing_else_reads_the_environment():
    package = Path(clipmill.settings.__file__).parent
    readers = {
        path.name
        for path in package.rglob("*.py")
        if re.search(r"os\.(environ|getenv)|from os import .*environ", path.read_text())
    }
    # The warm process replaces the whole environment of a fork, and reads nothing of it.
    assert readers == {"settings.py", "warm.py"}


def test_the_examples_in_docstrings_hold():
    assert not doctest.testmod(clipmill.settings).failed
    assert os.cpu_count() is None or cores() <= os.cpu_count()
