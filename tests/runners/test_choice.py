import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from tests.jobs.machines import machine

from clipmill.errors import InvalidRequestError, WorkerLostError
from clipmill.jobs.dispatch.carrier import Carrier
from clipmill.jobs.machine import Machine
from clipmill.runners.choice import open_runner
from clipmill.runners.deploying import deployment
from clipmill.settings import RunnerChoice, Settings

MISSING = {RunnerChoice.MODAL: "clipmill.runners.moon.opening"}


class Named(Carrier):
    """A runner of which nothing is known but its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def close(self) -> None:
        """Nothing was opened."""


@pytest.fixture
def platforms(monkeypatch: pytest.MonkeyPatch) -> dict[RunnerChoice, str]:
    """Modal is not set up, RunPod does not answer, Prefect does."""

    def opened(name: str):
        def answer(_settings: Settings, _machine: Machine) -> Carrier:
            if name == "runpod":
                raise WorkerLostError("no answer")
            return Named(name)

        return answer

    found = {}
    for name in ("modal", "runpod", "prefect"):
        module = ModuleType(f"{name}_door")
        module.is_set_up = lambda _settings, name=name: name != "modal"
        module.opened = opened(name)
        monkeypatch.setitem(sys.modules, module.__name__, module)
        found[RunnerChoice(name)] = module.__name__
    return found


def chosen(runner: str, store: str, folder: Path, platforms: dict[RunnerChoice, str]) -> str:
    settings = Settings(store=store, runner=RunnerChoice(runner))
    with closing(open_runner(settings, machine(folder, catalogue={}), platforms=platforms)) as found:
        return found.name


def test_auto_takes_the_first_platform_that_is_set_up_and_answers(tmp_path: Path, platforms):
    assert chosen("auto", "s3://bucket", tmp_path, platforms) == "prefect"


def test_auto_stays_here_where_no_platform_answers(tmp_path: Path, platforms):
    del platforms[RunnerChoice.PREFECT]
    assert chosen("auto", "s3://bucket", tmp_path, platforms | MISSING) == "local"


def test_auto_stays_here_where_nobody_else_sees_the_store(tmp_path: Path, platforms):
    assert chosen("auto", str(tmp_path), tmp_path, platforms) == "local"


def test_this_machine_is_taken_when_it_is_named(tmp_path: Path, platforms):
    assert chosen("local", "s3://bucket", tmp_path, platforms) == "local"


def test_a_platform_is_taken_when_it_is_named_set_up_or_not(tmp_path: Path, platforms):
    assert chosen("modal", str(tmp_path), tmp_path, platforms) == "modal"


def test_a_named_platform_that_does_not_answer_is_an_error(tmp_path: Path, platforms):
    with pytest.raises(WorkerLostError):
        chosen("runpod", "s3://bucket", tmp_path, platforms)


def test_a_platform_whose_folder_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InvalidRequestError, match="modal is not to be had"):
        chosen("modal", "s3://bucket", tmp_path, MISSING)
    monkeypatch.setitem(sys.modules, "clipmill.runners.prefect.deployment", None)
    with pytest.raises(InvalidRequestError, match="prefect is not to be had"):
        deployment("prefect")
