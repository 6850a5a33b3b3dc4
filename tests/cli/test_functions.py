import json

import pytest
from tests.cli.shell import clipmill
from tests.jobs.sample_functions import CATALOGUE

from clipmill.cli.schemas import schemas_of
from clipmill.functions.catalog import CATALOG, load_function
from clipmill.workflows.catalog import WORKFLOWS


def test_every_function_and_workflow_is_listed_with_what_it_does_and_needs():
    listed = {entry["name"]: entry for entry in clipmill("functions", "--json").json["functions"]}
    assert set(listed) == {*CATALOG, *WORKFLOWS}
    framing = load_function("process_framing")
    assert listed["process_framing"]["summary"] == framing.summary
    assert listed["process_framing"]["needs"]["timeout_s"] == framing.needs.timeout_s
    assert listed["export_multi_clip"]["kind"] == "workflow"


def test_people_read_a_line_for_each_function():
    lines = clipmill("functions").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [*CATALOG, *WORKFLOWS]


def test_the_list_follows_the_catalogue():
    listed = clipmill("functions", "--json", catalogue={"echo": CATALOGUE["echo"]}).json["functions"]
    assert [entry["name"] for entry in listed] == ["echo", *WORKFLOWS]


@pytest.mark.parametrize("name", [*CATALOG, *WORKFLOWS])
def test_every_function_has_a_schema_of_plain_json(name: str):
    value = schemas_of(name, CATALOG)
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["request"]["type"] == "object"
    assert value["request"]["additionalProperties"] is False
    assert "status" in value["result"]["properties"]


def test_times_are_numbers_with_their_defaults():
    request = schemas_of("process_framing", CATALOG)["request"]
    assert request["properties"]["source_start_time"]["type"] == "number"
    assert request["properties"]["source_start_time"]["default"] == 0
    assert request["required"] == ["input_key", "output_key"]


def test_the_schema_verb_prints_the_schema():
    assert clipmill("schema", "process_framing").json == schemas_of("process_framing", CATALOG)


def test_a_workflow_shows_the_request_that_its_planner_checks():
    request = clipmill("schema", "export_multi_clip", "--json").json["request"]
    assert {"clips", "transition", "output_key"} <= request["properties"].keys()


def test_a_function_without_a_result_model_answers_with_some_object():
    assert clipmill("schema", "echo", "--json", catalogue=CATALOGUE).json["result"] == {"type": "object"}


@pytest.mark.parametrize(
    ("given", "near"), [("proces_framing", "process_framing"), ("export_multi_clp", "export_multi_clip")]
)
def test_a_misspelt_function_is_answered_with_the_nearest_one(given: str, near: str):
    said = clipmill("schema", given)
    assert said.code == 3
    assert f"Did you mean {near}?" in said.stderr
