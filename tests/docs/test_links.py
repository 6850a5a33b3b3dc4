import re
from urllib.parse import urlsplit

import pytest
from tests.docs.pages import PAGES, ROOT, anchors, links

KNOWN_HOSTS = {"semver.org", "host", "127.0.0.1", "api.runpod.ai"}
"""Where pages may lead outside of the project; ``host`` stands for anyone's, 127.0.0.1 is the reader's own machine."""
ADDRESS = re.compile(r"https?://([\w.-]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_heading_that_exist(page):
    inside = [urlsplit(link) for link in links(page) if not urlsplit(link).scheme]
    targets = [(link, (page.parent / link.path).resolve() if link.path else page) for link in inside]
    broken = [
        link.geturl()
        for link, target in targets
        if not target.exists() or (link.fragment and link.fragment not in anchors(target))
    ]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_names_a_host_that_is_not_expected(page):
    assert set(ADDRESS.findall(page.read_text())) - KNOWN_HOSTS == set()


def test_requirements_and_build_files_hold_no_address():
    files = [*(ROOT / "requirements").glob("*.txt"), ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / "pyproject.toml"]
    assert [file.name for file in files if re.search(r"://|--(extra-)?index-url|--find-links", file.read_text())] == []


def test_every_page_below_docs_can_be_reached_from_the_readme():
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in seen and page.suffix == ".md":
            seen.add(page)
            waiting += [(page.parent / urlsplit(link).path).resolve() for link in links(page) if urlsplit(link).path]
    assert set(PAGES) - seen == set()
