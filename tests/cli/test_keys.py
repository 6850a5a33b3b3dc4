import re
from pathlib import Path

import pytest
from tests.cli.shell import Said, clipmill

from clipmill.cli.verbs.keys import SCOPES
from clipmill.jobs.ledger import Ledger
from clipmill.jobs.scopes import Scope


def keys(tmp_path: Path, *arguments: object) -> Said:
    return clipmill("keys", *arguments, "--data", tmp_path / "data")


def test_a_key_is_made_and_shown_once(tmp_path: Path):
    said = keys(tmp_path, "create", "--tenant", "red", "--name", "editor")
    key = said.stdout.strip()
    assert re.fullmatch(r"cm_[0-9a-f]{60}", key)
    assert "shown once" in said.stderr
    ledger = Ledger.open(f"sqlite:///{tmp_path}/data/ledger.db")
    found = ledger.keys.verify(key)
    ledger.close()
    assert found is not None
    assert (found.tenant, found.name, found.expires_at) == ("red", "editor", None)
    assert key not in keys(tmp_path, "ls", "--tenant", "red").stdout
    assert key.encode() not in b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())


def test_keys_are_listed_with_what_they_are_good_for(tmp_path: Path):
    made = keys(tmp_path, "create", "--scope", "jobs:read", "--days", "2", "--json").json
    (listed,) = keys(tmp_path, "ls", "--json").json["keys"]
    assert listed == {name: value for name, value in made.items() if name not in {"status", "key"}}
    assert (listed["scopes"], listed["tenant"]) == (["jobs:read"], "local")
    assert listed["expires_at"] is not None
    assert "jobs:read" in keys(tmp_path, "ls").stdout


def test_a_revoked_key_stays_in_the_list_and_opens_nothing(tmp_path: Path):
    made = keys(tmp_path, "create", "--json").json
    assert keys(tmp_path, "revoke", made["id"]).code == 0
    assert "revoked" in keys(tmp_path, "ls").stdout
    ledger = Ledger.open(f"sqlite:///{tmp_path}/data/ledger.db")
    assert ledger.keys.verify(made["key"]) is None
    ledger.close()


def test_the_key_of_another_tenant_is_not_there(tmp_path: Path):
    made = keys(tmp_path, "create", "--tenant", "red", "--json").json
    assert keys(tmp_path, "revoke", made["id"], "--tenant", "blue").code == 4
    assert keys(tmp_path, "ls", "--tenant", "blue").stdout == "blue has no key\n"


def test_the_deployments_tenant_counts_unless_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_TENANT", "team-7")
    assert keys(tmp_path, "create", "--json").json["tenant"] == "team-7"


def test_the_database_of_the_settings_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLIPMILL_DATABASE", f"sqlite:///{tmp_path}/elsewhere/jobs.db")
    assert clipmill("keys", "create").code == 0
    assert len(clipmill("keys", "ls", "--json").json["keys"]) == 1
    assert (tmp_path / "elsewhere" / "jobs.db").exists()


def test_a_name_that_can_be_no_tenant_is_refused(tmp_path: Path):
    assert keys(tmp_path, "create", "--tenant", "../red").code == 3


def test_an_unknown_scope_is_a_usage_error(tmp_path: Path):
    assert keys(tmp_path, "create", "--scope", "everything").code == 2


def test_every_scope_can_be_given():
    assert {*SCOPES, "metrics"} == {scope.value for scope in Scope}
