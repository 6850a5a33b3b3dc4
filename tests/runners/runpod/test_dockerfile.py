"""The image of a worker, read file by file, since it takes an engine to build one."""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "deploy/runpod/Dockerfile"
OTHER = ROOT / "deploy/prefect/Dockerfile"
SECRET = re.compile(r"(?i)(key|secret|token|passw|credential)")


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its arguments on one line, without comments."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines()]


def arguments(name: str) -> list[str]:
    return [rest for given, rest in instructions() if given == name]


def sent() -> list[str]:
    """The patterns of what is sent to the engine."""
    lines = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def test_everything_that_is_copied_exists_and_is_sent():
    sources = [rest.split()[:-1] for rest in arguments("COPY")]
    assert sources == [["requirements/runpod.txt"], ["requirements/upscale.txt"], ["src"]]
    for (source,) in sources:
        assert (ROOT / source).exists()
        assert source in sent()
    assert not arguments("ADD")


def test_nothing_that_is_copied_looks_like_a_secret():
    names = [path.name for path in (ROOT / "src").rglob("*") if path.is_file()]
    assert not [name for name in names if any(fnmatch(name, kind) for kind in ("*.pem", "*.key", ".env*", "id_*"))]
    assert not [rest for rest in (*arguments("ENV"), *arguments("ARG")) if SECRET.search(rest)]


def test_the_worker_is_not_root_and_nothing_is_installed_as_it():
    names = [name for name, _ in instructions()]
    assert arguments("USER") == ["10001"]
    assert "--uid 10001" in arguments("RUN")[0]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name in {"RUN", "COPY"})


def test_the_base_is_an_argument_with_a_release_and_a_runtime_of_cuda_unless_told():
    assert instructions()[:2] == [("ARG", "BASE=nvidia/cuda:12.8.1-runtime-ubuntu24.04"), ("FROM", "${BASE}")]
    assert "--build-arg BASE=ubuntu:24.04 --build-arg GPU=none" in DOCKERFILE.read_text()


def test_every_library_is_pinned_by_its_digest():
    installs = [rest for rest in arguments("RUN") if "pip install" in rest]
    assert [rest.count("--require-hashes") for rest in installs] == [1, 1]
    found: set[str] = set()
    for name in ("runpod", "upscale"):
        packages = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / f"requirements/{name}.txt").read_text())
        packages = [package for package in packages if package]
        assert all("==" in package.splitlines()[0] and "--hash=sha256:" in package for package in packages)
        found |= {package.partition("==")[0] for package in packages}
    assert {"runpod", "av", "obstore", "torch", "safetensors"} <= found


def test_weights_are_fetched_by_our_own_command_where_the_builder_names_some(tmp_path: Path):
    assert 'MODELS=""' in arguments("ARG")
    (fetch,) = [rest for rest in arguments("RUN") if "models fetch" in rest]
    asked = tmp_path / "asked"
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "$PYTHONPATH $*" >> {asked}\ntest "$5" != wrong\n')
    python.chmod(0o755)
    script = fetch.replace("/opt/clipmill/bin/python", str(python))
    models = "realesr-general-x4v3 https://host/x.pth#ab"
    for given, code in (("", 0), (models, 0), ("wrong realesr-general-x4v3", 1)):
        assert subprocess.run(["sh", "-c", script], env={"MODELS": given}, check=False).returncode == code
    program = "/opt/clipmill/src -c from clipmill.cli.main import main; main() models fetch"
    assert asked.read_text().splitlines() == [f"{program} {each}" for each in (*models.split(), "wrong")]


def test_both_images_get_weights_in_the_same_way():
    ours, other = (
        re.findall(r"(?m)^# Weights[^/]*(?:.*\n)*?(?=COPY src)", path.read_text()) for path in (DOCKERFILE, OTHER)
    )
    assert ours == other != []
    ours, other = (re.findall(r"(?m)^RUN for model(?:.*\n)*?(?=\n)", path.read_text()) for path in (DOCKERFILE, OTHER))
    assert ours == other != []


def test_it_starts_the_worker():
    command = json.loads(arguments("ENTRYPOINT")[0])
    assert command[1] == "-m"
    assert importlib.util.find_spec(f"{command[2]}.__main__")
    assert "RUNPOD_LOG_LEVEL=INFO" in " ".join(arguments("ENV")), "the SDK's debug log holds every request and result"


def test_hadolint_has_nothing_to_say():
    tool = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if tool is None:
        pytest.skip("hadolint is not installed")
    said = subprocess.run([tool, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")
