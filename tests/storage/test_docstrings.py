import doctest
import importlib
import pkgutil

import pytest

import clipmill.storage

MODULES = [f"clipmill.storage.{module.name}" for module in pkgutil.iter_modules(clipmill.storage.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    options = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    assert doctest.testmod(importlib.import_module(name), optionflags=options).failed == 0
