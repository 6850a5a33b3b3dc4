from pathlib import Path

from clipmill.api.app import ROUTERS, routes_only
from clipmill.api.document import text

CHECKED_IN = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def test_the_document_that_is_checked_in_is_that_of_the_routes():
    assert CHECKED_IN.read_text() == text(routes_only()), "run: python -m clipmill.api > docs/openapi.json"


def test_every_error_is_told_as_a_problem():
    document = routes_only().openapi()
    for methods in document["paths"].values():
        for told in methods.values():
            kinds = [set(each["content"]) for status, each in told["responses"].items() if int(status) >= 400]
            assert all(kind == {"application/problem+json"} for kind in kinds)


def test_the_document_tells_of_every_route_but_sockets():
    told = routes_only().openapi()["paths"]
    paths = {route.path_format for router in ROUTERS for route in router.routes if hasattr(route, "methods")}
    assert set(told) == paths
