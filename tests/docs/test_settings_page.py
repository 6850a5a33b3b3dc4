import re

from tests.docs.pages import GUIDE, rows, section, sections

import clipmill.settings
from clipmill.storage import credentials

PAGE = GUIDE / "settings.md"
TABLE = {row[0].strip("`"): row[2] for row in rows(clipmill.settings.__doc__ or "", "| Variable | Meaning | Default |")}


def test_every_setting_has_a_heading_and_every_heading_is_a_setting():
    assert [each.title for each in sections(PAGE) if each.level == 2] == list(TABLE)


def test_every_setting_says_its_default():
    told = {name: re.search(r"Default: (.+?)\.(?=\s|$)", section(PAGE, name).text) for name in TABLE}
    assert {name: found and found[1] for name, found in told.items()} == TABLE


def test_every_name_that_opens_a_store_is_told():
    services = [
        name for each in credentials.SERVICES for name in (each.access_key, each.secret_key, each.session_token)
    ]
    more = [name for each in credentials.SERVICES for name in (*each.endpoints, *each.buckets, *each.regions)]
    asked = re.findall(r'"((?:GOOGLE|AZURE)_\w+)"', credentials.__loader__.get_source(credentials.__name__))
    told = set(re.findall(r"[A-Z][A-Z0-9_]+", section(GUIDE / "storage.md", "Credentials").text))
    assert {name for name in (*services, *more, *asked) if name} - told == set()
