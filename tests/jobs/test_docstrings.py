import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["cache", "catalogue", "environment", "faults", "job", "outcome", "windows"])
def test_the_examples_in_docstrings_hold(name: str):
    result = doctest.testmod(importlib.import_module(f"clipmill.jobs.{name}"), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed
