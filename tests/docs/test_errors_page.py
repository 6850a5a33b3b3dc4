import re

import pytest
from tests.docs.pages import GUIDE, ROOT, section, sections

from clipmill.cli.exit_codes import BY_CODE
from clipmill.errors import every_error
from clipmill.media.captions.layout.analysis import LOW_CONFIDENCE_LAYOUT, NO_TEXT_FOUND

PAGE = GUIDE / "errors.md"
WARNINGS = section(PAGE, "Warnings").text
KINDS = {kind.code: kind for kind in every_error()}
WARNING_CODE = re.compile(r'(?:code=|"code": )"([a-z_]+)"')


def test_every_error_code_has_a_heading_and_every_heading_is_an_error_code():
    titles = {each.title for each in sections(PAGE) if each.level == 3 and each.text not in WARNINGS}
    assert titles == set(KINDS)


@pytest.mark.parametrize("code", KINDS)
def test_an_error_says_its_exit_code_whether_it_is_retried_and_what_next(code):
    text = section(PAGE, code).text
    assert f"Exit code {int(BY_CODE[code])}, {'retried' if KINDS[code].retryable else 'not retried'}" in text
    assert "*Next:*" in text or code == "cancelled"


def test_every_warning_of_the_functions_and_of_jobs_has_a_heading():
    layers = ("functions", "jobs", "workflows")
    modules = [module for layer in layers for module in (ROOT / "src" / "clipmill" / layer).rglob("*.py")]
    given = {code for module in modules for code in WARNING_CODE.findall(module.read_text())}
    given |= {NO_TEXT_FOUND, LOW_CONFIDENCE_LAYOUT}
    told = {title.split()[0] for title in re.findall(r"^### (.+)$", WARNINGS, re.MULTILINE)}
    assert told == given
