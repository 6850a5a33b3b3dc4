import doctest
import importlib
import signal
from pathlib import Path

import pytest
from tests.cli.shell import PROGRAM_OF_SAMPLES, called, clipmill, finished, started
from tests.jobs.machines import pid_in
from tests.jobs.sample_functions import CATALOGUE

from clipmill.cli.exit_codes import BY_CODE, ExitCode
from clipmill.errors import every_error

TABLE = {
    1: "encoder_failed decoder_failed internal",
    2: "conflict",
    3: (
        "invalid_request unknown_job_type invalid_rate invalid_keyframe invalid_segments empty_range invalid_size "
        "unknown_transition transition_too_long no_clips invalid_key invalid_media unsupported_codec corrupt_media "
        "model_missing encoder_unavailable limit_exceeded"
    ),
    4: "source_missing source_expired access_denied",
    6: "timeout stalled",
    7: ("storage_unavailable storage_timeout rate_limited untrusted_certificate storage_write_failed worker_lost"),
    8: "out_of_memory disk_full",
    9: "cancelled",
}


def test_every_error_has_an_exit_code_and_every_code_is_an_errors():
    assert {error.code for error in every_error()} == set(BY_CODE)


@pytest.mark.parametrize(("number", "codes"), TABLE.items())
def test_the_codes_end_with_the_numbers_that_are_documented(number: int, codes: str):
    assert {code: BY_CODE[code] for code in codes.split()} == dict.fromkeys(codes.split(), number)


def sample(function: str, *arguments: str):
    return clipmill("run", function, *arguments, catalogue=CATALOGUE)


def test_a_job_that_succeeds_ends_with_0():
    assert sample("echo", "--set", "text=hello").code == 0


def test_a_bug_ends_with_1():
    assert sample("raise_unknown", "--set", "text=x").code == 1


def test_a_wrong_option_ends_with_2():
    assert sample("echo", "--colour").code == 2


def test_a_job_id_of_another_request_ends_with_2():
    sample("echo", "--job-id", "one", "--set", "text=first")
    assert sample("echo", "--job-id", "one", "--set", "text=second").code == 2


def test_a_rejected_request_ends_with_3():
    assert sample("echo", "--set", "txet=hello").code == 3


def test_a_missing_source_ends_with_4():
    assert sample("copy", "--set", "input_key=none.mp4", "--set", "output_key=out.mp4").code == 4


def test_a_job_over_its_time_ends_with_6(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_TIMEOUT_S", "1")
    assert sample("render_for_ever").code == 6


def test_a_store_that_fails_ends_with_7():
    assert sample("fail_then_work_unretried", "--set", "output_key=out.mp4").code == 7


def test_want_of_memory_ends_with_8(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_MEMORY_GB", "0.25")
    assert sample("eat_memory").code == 8


def test_a_job_that_was_asked_to_stop_ends_with_9(tmp_path: Path):
    process = started("run", "render_for_ever", "--set", f"path={tmp_path / 'pid'}", program=PROGRAM_OF_SAMPLES)
    pid_in(tmp_path / "pid")
    process.send_signal(signal.SIGTERM)
    assert finished(process).code == 9


def test_a_job_interrupted_at_the_keyboard_ends_with_130(tmp_path: Path):
    process = started("run", "render_for_ever", "--set", f"path={tmp_path / 'pid'}", program=PROGRAM_OF_SAMPLES)
    pid_in(tmp_path / "pid")
    process.send_signal(signal.SIGINT)
    assert finished(process).code == 130


def test_the_number_leaves_the_process():
    assert called("run", "nothing").code == ExitCode.REJECTED


@pytest.mark.parametrize("name", ["exit_codes", "paths", "requests", "wording", "samples.file_reel"])
def test_the_examples_in_docstrings_hold(name: str):
    result = doctest.testmod(importlib.import_module(f"clipmill.cli.{name}"), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed
