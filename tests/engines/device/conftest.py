"""Without PyTorch there is nothing to draw with; what chooses a device has to work all the same."""

from importlib.util import find_spec

if find_spec("torch") is None:
    collect_ignore_glob = ["test_[!c]*.py", "test_colour.py"]
