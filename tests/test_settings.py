import base64
import os
import re
from datetime import timedelta
from pathlib import Path

import pytest

import clipmill.settings
from clipmill.errors import InvalidRequestError
from clipmill.jobs.dispatch.limits import ServiceLimits
from clipmill.jobs.ledger.retention import Retention
from clipmill.jobs.limits import GIB
from clipmill.jobs.webhooks.policy import Policy
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


def test_the_defaults_of_the_service_are_those_of_its_parts():
    settings = Settings.from_environment({})
    assert settings.service_limits == ServiceLimits()
    assert settings.webhook_policy == Policy()
    assert settings.retention == Retention()
    assert (settings.service_tenant, settings.host, settings.url) == ("local", "127.0.0.1", "http://127.0.0.1:8400")


def test_every_variable_of_the_service_is_read():
    new, old = ("whsec_" + base64.b64encode(bytes([number] * 24)).decode() for number in (1, 2))
    settings = Settings.from_environment(
        {
            "CLIPMILL_TENANT": "red",
            "CLIPMILL_DATABASE": "postgresql://me@host/jobs",
            "CLIPMILL_HOST": "::1",
            "CLIPMILL_PORT": "0",
            "CLIPMILL_DRAIN_S": "0",
            "CLIPMILL_METRICS": "on",
            "CLIPMILL_ORIGINS": "https://editor.example.com, http://localhost:5173",
            "CLIPMILL_WEBHOOK_HTTP": "on",
            "CLIPMILL_WEBHOOK_PRIVATE": "on",
            "CLIPMILL_WEBHOOK_SECRETS": f"{new}, {old}",
            "CLIPMILL_RUNNING_JOBS": "1",
            "CLIPMILL_QUEUED_JOBS": "2",
            "CLIPMILL_REQUESTS_PER_MINUTE": "3",
            "CLIPMILL_BODY_MB": "0.5",
            "CLIPMILL_CLIPS": "4",
            "CLIPMILL_KEYFRAMES": "5",
            "CLIPMILL_INPUT_GB": "6",
            "CLIPMILL_DURATION_S": "7",
            "CLIPMILL_MEGAPIXELS": "8.5",
            "CLIPMILL_FRAME_RATE": "9",
            "CLIPMILL_KEEP_JOBS_DAYS": "10",
            "CLIPMILL_KEEP_EVENTS_DAYS": "0.5",
            "CLIPMILL_KEEP_MESSAGES_DAYS": "12",
            "CLIPMILL_URL": "https://clips.example.com/",
            "CLIPMILL_API_KEY": "cm_canary",
        }
    )
    assert (settings.database, settings.host, settings.port) == ("postgresql://me@host/jobs", "::1", 0)
    assert (settings.drain_s, settings.metrics, settings.service_tenant) == (0.0, True, "red")
    assert settings.origins == ("https://editor.example.com", "http://localhost:5173")
    assert settings.webhook_policy == Policy(True, True, (new, old))
    assert settings.service_limits == ServiceLimits(
        running_jobs=1, queued_jobs=2, requests_per_minute=3, body_bytes=512 * 1024, clips=4, keyframes=5,
        input_bytes=6 * GIB, duration_s=7, pixels=8_500_000, frame_rate=9,
    )  # fmt: skip
    assert settings.retention == Retention(timedelta(days=0.5), timedelta(days=10), timedelta(days=12))
    assert settings.calling(None, None) == ("https://clips.example.com", "cm_canary")
    assert settings.calling("http://host", "") == ("http://host", "")


def test_a_command_line_is_laid_over_the_settings(tmp_path: Path):
    settings = Settings.from_environment({"CLIPMILL_STORE": "s3://bucket", "CLIPMILL_PORT": "8500"})
    assert settings.serving(None) == settings
    served = settings.serving(tmp_path, host="::1", port=0)
    assert (served.database, served.store) == (f"sqlite:///{tmp_path}/ledger.db", str(tmp_path))
    assert (served.host, served.port) == ("::1", 0)
    assert settings.serving(tmp_path, "memory://").store == "memory://"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLIPMILL_PORT", "65536"),
        ("CLIPMILL_METRICS", "yes"),
        ("CLIPMILL_ORIGINS", "https://editor.example.com/page"),
        ("CLIPMILL_ORIGINS", "*"),
        ("CLIPMILL_BODY_MB", "0"),
        ("CLIPMILL_KEEP_JOBS_DAYS", "0.9"),
        ("CLIPMILL_KEEP_EVENTS_DAYS", "1e9"),
        ("CLIPMILL_URL", "clips.example.com"),
        ("CLIPMILL_URL", "https://me:pw@clips.example.com"),
        ("CLIPMILL_API_KEY", "cm_canary\nX: 1"),
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
    with pytest.raises(InvalidRequestError, match=name) as raised:
        Settings.from_environment({name: value})
    assert not [secret for secret in ("canary", "pw") if secret in raised.value.message]


def test_a_blank_value_counts_as_missing():
    assert Settings.from_environment({"CLIPMILL_THREADS": " "}).threads == Settings.from_environment({}).threads


def test_the_environment_of_the_process_is_the_one_that_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_THREADS", "2")
    assert Settings.from_environment().threads == 2


def test_secrets_are_not_shown():
    secret = dict.fromkeys(
        ("MY_VARIABLE", "CLIPMILL_API_KEY", "CLIPMILL_DATABASE", "CLIPMILL_WEBHOOK_SECRETS"), "canary"
    )
    settings = Settings.from_environment(secret)
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
    sources = [path.read_text() for path in Path(clipmill.settings.__file__).parent.glob("*.py")]
    read = set(re.findall(r'read\("(CLIPMILL_\w+)"', "".join(sources)))
    documented = set(re.findall(r"^\| `(CLIPMILL_\w+)`", clipmill.settings.__doc__ or "", re.MULTILINE))
    # A child reads by itself with which engine it reads text, and what draws; models are looked for by whoever needs one.
    assert read | {"CLIPMILL_OCR_ENGINE", "CLIPMILL_DEVICE", "CLIPMILL_MODELS"} == documented


def test_nothing_else_reads_the_environment():
    package = Path(clipmill.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"os\.(environ|getenv)|from os import .*environ", path.read_text())
    }
    # The warm process replaces the whole environment of a fork, and reads nothing of it. In a child, engines see the
    # little that it was given.
    engines = {f"engines/{name}.py" for name in ("device/choice", "ocr/choice", "ocr/tesseract", "upscale/store")}
    assert readers == {"settings/settings.py", "jobs/warm.py"} | engines


def test_no_more_cores_are_used_than_there_are():
    assert os.cpu_count() is None or cores() <= os.cpu_count()
