"""One queue for each class of graphics card: its limit is how many runs of that class there are at a time.

The server counts runs that are pending or running when it gives one away; `places` count again before the work begins.
"""

from collections.abc import Mapping

from clipmill.function.needs import Gpu
from clipmill.functions.catalog import load_function
from clipmill.jobs.estimate import PLANNED
from clipmill.workflows.catalog import WORKFLOWS


def gpu_of(function: str, catalogue: Mapping[str, str]) -> Gpu:
    """The card that a function needs, or most of a workflow's steps do."""
    if (workflow := WORKFLOWS.get(function)) is not None:
        function = PLANNED.get(workflow.planner, workflow.planner)
    return load_function(function, catalogue).needs.gpu


def served(gpu: Gpu) -> list[str]:
    """The queues that a machine with such a card can serve, those of the largest card first.

    >>> served(Gpu.MEDIUM)
    ['medium', 'small', 'none']
    """
    classes = list(Gpu)
    return [each.value for each in reversed(classes[: classes.index(gpu) + 1])]
