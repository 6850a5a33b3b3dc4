import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.shell import clipmill
from tests.media_factory import Recipe, make_video

from clipmill import __version__, cli
from clipmill.cli.app import VERBS, Verbs
from clipmill.cli.app import clipmill as group

PLATFORMS = {"modal", "runpod", "prefect"}
NEVER = {"cv2", "onnxruntime", "torch", *PLATFORMS}
SERVING = {"fastapi", "starlette", "uvicorn", "httpx", "sqlalchemy", "alembic"}
LATE = {"av", "numpy", "pydantic", "rich", "obstore", "clipmill.jobs", "clipmill.engines", *SERVING}


def loaded(program: str, *arguments: object) -> set[str]:
    """The modules that a fresh interpreter holds after a program; its own words go to nobody."""
    report = "\nimport sys; print('\\n'.join(sys.modules), file=sys.__stdout__)"
    asked = subprocess.run(
        [sys.executable, "-c", program + report, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return set(asked.stdout.splitlines())


def silent(*arguments: object) -> set[str]:
    program = "import io, sys\nsys.stdout = io.StringIO()\nfrom clipmill.cli.main import run\nrun(sys.argv[1:])"
    return loaded(program, *arguments)


def test_help_waits_for_no_library_of_the_work():
    assert not silent("--help") & (LATE | NEVER)


def test_a_usage_error_waits_for_no_library_of_the_work():
    assert not silent("prob") & (LATE | NEVER)


def test_help_of_a_verb_waits_for_no_library_of_the_work():
    assert not silent("reel", "--help") & (LATE | NEVER)


def test_probing_loads_neither_storage_nor_models(tmp_path: Path):
    found = silent("probe", make_video(tmp_path / "a.mp4", Recipe(frames=3)))
    assert "av" in found
    assert not found & {"obstore", "pydantic", "rich", *SERVING, *NEVER}


@pytest.mark.parametrize("verb", ["serve", "keys", "jobs", "deploy"])
def test_help_of_the_verbs_of_the_service_waits_for_no_library_of_it(verb: str):
    assert not silent(verb, "--help") & (LATE | NEVER)


def test_a_job_of_this_machine_needs_no_library_of_the_service():
    found = silent("run", "process_framing", "--set", "input_key=nowhere.mp4", "--set", "output_key=a.mp4")
    assert "clipmill.jobs.perform" in found
    assert not found & SERVING


def test_asking_a_service_needs_no_library_of_serving_one():
    found = loaded("import clipmill; clipmill.Client('http://127.0.0.1:9').close()")
    assert "httpx" in found
    assert not found & ((SERVING - {"httpx"}) | {"av", "numpy"} | NEVER)


def test_the_api_loads_no_library_of_the_work():
    assert not loaded("from clipmill.api.app import create_app") & ({"av", "numpy", "PIL", "clipmill.engines"} | NEVER)


def test_importing_the_package_loads_no_heavy_library():
    assert not loaded("import clipmill") & (LATE | NEVER)


def test_choosing_a_runner_loads_no_platform():
    found = loaded("import clipmill.runners.choice, clipmill.runners.deploying")
    assert "clipmill.runners.doors" in found
    assert not found & PLATFORMS
    assert not found & {f"clipmill.runners.{name}" for name in PLATFORMS}


def test_importing_every_module_of_the_command_line_loads_no_model_library():
    names = [module.name for module in pkgutil.walk_packages(cli.__path__, "clipmill.cli.")]
    assert "clipmill.cli.verbs.demo" in names
    assert not loaded("\n".join(f"import {name}" for name in names)) & NEVER


def test_help_lists_every_verb_with_what_it_does():
    said = clipmill("--help")
    assert said.code == 0
    assert [verb for verb in VERBS if f"\n  {verb} " not in said.stdout] == []


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_says_of_itself_what_the_list_says_of_it(verb: str):
    assert isinstance(group, Verbs)
    command = group.get_command(None, verb)
    assert command is not None
    assert (command.help or "").splitlines()[0] == VERBS[verb]
    assert command.name == verb


def test_a_misspelt_verb_is_answered_with_the_nearest_one():
    said = clipmill("prob", "a.mp4")
    assert said.code == 2
    assert "Did you mean probe?" in said.stderr


def test_no_verb_at_all_shows_the_help_and_is_no_success():
    said = clipmill()
    assert said.code == 2
    assert "Verbs:" in said.stderr


def test_the_version_is_the_packages():
    assert clipmill("--version").stdout.split()[-1] == __version__
