import pytest
from tests.api.worlds import World

from clipmill.api.listening import Listening
from clipmill.api.server import serve
from clipmill.errors import AccessDeniedError


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "service.example"])  # noqa: S104 - it is refused
def test_without_any_key_nothing_but_this_machine_is_served(there: World, host: str):
    with pytest.raises(AccessDeniedError, match="no API key is configured"):
        serve(there.app, Listening(host, []), lambda *_: None)
