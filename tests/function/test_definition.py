from pathlib import Path
from typing import Any

import pytest
from tests.contexts import FolderContext

from clipmill.errors import InvalidRequestError
from clipmill.function.definition import Function
from clipmill.function.needs import Gpu, Needs
from clipmill.function.results import AnyResult
from clipmill.function.wire import Text, WireModel


class Greeting(WireModel):
    first_name: Text


class Greeted(AnyResult):
    said: str


def greet(request: Greeting, context: FolderContext) -> Greeted:
    """Say hello to someone.

    And nothing else.
    """
    return Greeted(said=f"hello {request.first_name}")


def plan(request: Greeting, context: FolderContext) -> dict[str, Any]:
    return {"will_say": request.first_name}


FUNCTION = Function(name="greet", version="1", request=Greeting, run=greet, plan=plan)


def test_a_function_is_called_with_json_or_with_its_typed_request(tmp_path: Path):
    context = FolderContext(tmp_path)
    assert FUNCTION({"firstName": "Ada"}, context).to_json() == {"status": "success", "said": "hello Ada"}
    assert FUNCTION(Greeting(first_name="Ada"), context) == FUNCTION({"first_name": "Ada"}, context)


def test_a_fault_in_the_json_is_told_before_anything_runs(tmp_path: Path):
    with pytest.raises(InvalidRequestError, match="did you mean firstName"):
        FUNCTION({"firstNme": "Ada"}, FolderContext(tmp_path))


def test_the_summary_is_the_first_line_of_what_it_does():
    assert FUNCTION.summary == "Say hello to someone."


def test_a_function_needs_little_unless_it_says_so():
    assert FUNCTION.needs == Needs(gpu=Gpu.NONE, memory_gb=4, timeout_s=600, retries=2)
