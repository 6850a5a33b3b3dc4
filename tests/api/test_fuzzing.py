"""What the OpenAPI document promises, held against a service by generated calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, checks
from tests.api.serving import served
from tests.api.worlds import Worker, World

from clipmill.api.app import routes_only

NOT_MEANT = [checks.positive_data_acceptance, checks.ignored_auth, checks.negative_data_rejection]
"""Whether a request fits its function is told by the function's schema, not by the document; and every call here gets
a good key and often a good id in place of what was generated, wrong ones too. What is refused has tests of its own."""
OPERATIONS = [
    found.ok()
    for found in schemathesis.openapi.from_dict(routes_only().openapi()).get_all_operations()
    if found.ok().path != "/readyz"  # a service that is not started says 503, and means it
]
CALLS = [(operation, GenerationMode.POSITIVE) for operation in OPERATIONS] + [
    (operation, GenerationMode.NEGATIVE)
    for operation in OPERATIONS
    if operation.definition.raw.get("parameters") or operation.definition.raw.get("requestBody")
]


@dataclass(frozen=True)
class Promised:
    url: str
    headers: dict[str, str]
    ended: str


@pytest.fixture(scope="module")
def promised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promised]:
    folder = tmp_path_factory.mktemp("promised")
    world = World(folder)
    world.submit()
    ended, headers = Worker(world.ledger).succeed(output_key="out.mp4").id, world.headers()
    world.ledger.close()
    with served(folder) as service:
        yield Promised(service.url, headers, ended)


@pytest.mark.parametrize(("operation", "mode"), CALLS, ids=lambda each: getattr(each, "label", each))
def test_every_call_is_answered_as_the_document_says(operation: Any, mode: GenerationMode, promised: Promised):
    @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
    @settings(max_examples=8, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
    def call(case: Case, there: bool) -> None:
        if there and "job_id" in case.path_parameters:
            case.path_parameters["job_id"] = promised.ended
        case.headers.update(promised.headers)
        case.call_and_validate(promised.url, excluded_checks=NOT_MEANT, timeout=30)

    call()
