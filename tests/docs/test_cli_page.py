import re

import click
import pytest
from tests.docs.pages import GUIDE, section, sections

from clipmill.cli.app import VERBS, clipmill
from clipmill.cli.exit_codes import ExitCode

PAGE = GUIDE / "cli.md"
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def options(verb: str) -> set[str]:
    """Every way to write every option of a verb."""
    with click.Context(clipmill) as context:
        command = clipmill.get_command(context, verb)
    assert command is not None
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return {
        way
        for part in (command, *inner)
        for each in part.params
        if isinstance(each, click.Option)
        for way in (*each.opts, *each.secondary_opts)
    }


def shared() -> str:
    """What stands in front of the verbs."""
    return PAGE.read_text().partition("\n## ")[0]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_a_heading_and_tells_all_its_options(verb):
    told = set(OPTION.findall(section(PAGE, verb).text + shared()))
    assert options(verb) - told == set()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_tells_no_option_that_it_does_not_have(verb):
    told = set(OPTION.findall(section(PAGE, verb).text))
    assert told - options(verb) == set()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_of_a_group_is_shown(verb):
    with click.Context(clipmill) as context:
        command = clipmill.get_command(context, verb)
    inner = command.commands if isinstance(command, click.Group) else {}
    assert [name for name in inner if f"clipmill {verb} {name}" not in section(PAGE, verb).text] == []


def test_every_heading_but_the_last_is_a_verb():
    assert [each.title for each in sections(PAGE) if each.level == 2] == [*VERBS, "Exit codes"]


def test_every_exit_code_has_a_row():
    told = re.findall(r"^\| (\d+) \|", section(PAGE, "Exit codes").text, re.MULTILINE)
    assert [int(code) for code in told] == sorted(ExitCode)
