import doctest
import importlib
import pkgutil

import pytest

import clipmill.media

MODULES = [f"clipmill.media.{module.name}" for module in pkgutil.iter_modules(clipmill.media.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0
