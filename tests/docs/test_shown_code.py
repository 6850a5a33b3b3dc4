"""What the pages show can be typed as it stands there."""

import json
import os
import shlex
import subprocess
import sys
from fractions import Fraction

import click
import pytest
from tests.docs.pages import PAGES, ROOT, blocks, guide_section
from tests.docs.test_functions_pages import REQUESTS

from clipmill.cli.app import App, clipmill
from clipmill.engines.probe import probe, require_video
from clipmill.engines.sample_match import draw_match

COMMANDS = sorted(
    {
        line.rpartition(" | ")[2]
        for page in PAGES
        for block in blocks(page.read_text())
        for line in block.splitlines()
        if line.rpartition(" | ")[2].startswith("clipmill ")
    }
)
SHOWN_REQUESTS = [(name, block) for name in REQUESTS for block in blocks(guide_section(name).text, "json")]
SOURCES = {"README.md": "media/match.mp4", "docs/guide/process-video.md": "clipmill-data/team-7/raw/match.mp4"}
"""Where a page's program finds its source."""
SERVED = {"docs/guide/client.md"}
"""Pages whose programs `tests/docs/test_service_page.py` runs, against a service."""
OUTPUTS = {"README.md": "media/goal.mp4", "docs/guide/process-video.md": "clipmill-data/team-7/out/goal.mp4"}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_that_a_page_shows_is_understood(line):
    verb, *arguments = shlex.split(line.partition(" > ")[0])[1:]
    with click.Context(clipmill, obj=App()) as context:
        command = clipmill.get_command(context, verb)
        if isinstance(command, click.Group) and arguments:
            verb, *arguments = arguments
            command = command.get_command(context, verb)
        assert command is not None
        command.make_context(verb, arguments, parent=context)


@pytest.mark.parametrize(("name", "block"), SHOWN_REQUESTS, ids=[name for name, _ in SHOWN_REQUESTS])
def test_every_request_that_a_page_shows_is_accepted(name, block):
    REQUESTS[name].parse(json.loads(block))


def test_every_page_with_a_program_is_run():
    pages = {str(page.relative_to(ROOT)) for page in PAGES if blocks(page.read_text(), "python")}
    assert pages == {*SOURCES, *SERVED}


@pytest.mark.parametrize("page", SOURCES)
def test_every_program_that_a_page_shows_makes_its_video(page, tmp_path):
    source = tmp_path / SOURCES[page]
    source.parent.mkdir(parents=True)
    draw_match(source, seconds=Fraction(8, 5), size=(128, 72))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CLIPMILL_")}
    (program,) = blocks((ROOT / page).read_text(), "python")
    told = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT / "src")},
        text=True,
        capture_output=True,
    )
    assert told.returncode == 0, told.stderr
    assert require_video(probe(tmp_path / OUTPUTS[page])).frames


def test_the_guide_shows_at_least_one_request_of_every_function_but_the_steps():
    assert {name for name, _ in SHOWN_REQUESTS} == set(REQUESTS) - {"plan_multi_clip", "process_multi_clip_item"}
