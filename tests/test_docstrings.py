import doctest
import importlib
import pkgutil
from pathlib import Path

import pytest

import clipmill

MODULES = [module.name for module in pkgutil.walk_packages(clipmill.__path__, "clipmill.") if not module.ispkg]
OPTIONS = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_are_true(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=OPTIONS).failed == 0


def test_docstrings_do_hold_examples():
    parse = doctest.DocTestParser().get_examples
    assert sum(len(parse(path.read_text())) for path in Path(clipmill.__path__[0]).rglob("*.py")) > 30
