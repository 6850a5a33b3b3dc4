from tests.api.callers import Caller
from tests.jobs.sample_functions import CATALOGUE


def test_the_catalogue_tells_every_function_and_workflow(client: Caller):
    listed = client.get("/v1/functions").json()["functions"]
    assert [each["name"] for each in listed] == [*CATALOGUE, "echo_twice"]


def test_a_function_tells_its_needs_and_the_schemas_of_both_sides(client: Caller):
    told = client.get("/v1/functions/echo").json()
    assert (told["summary"], told["version"]) == ("Say what was asked.", "1")
    assert told["needs"] == {"gpu": "none", "memory_gb": 4, "timeout_s": 600, "retries": 2}
    assert "text" in told["request"]["properties"]
    assert told["result"]["type"] == "object"


def test_an_unknown_function_is_not_there_and_the_nearest_is_named(client: Caller):
    told = client.get("/v1/functions/ecko")
    assert told.status_code == 404
    assert "Did you mean echo?" in told.json()["detail"]
