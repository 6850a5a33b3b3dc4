"""What makes a Python function one of clipmill's: a name, typed request and result, needs, and a plan."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from clipmill.function.context import Context
from clipmill.function.needs import Needs
from clipmill.function.results import AnyResult
from clipmill.function.wire import WireModel

RequestT = TypeVar("RequestT", bound=WireModel)


@dataclass(frozen=True)
class Function(Generic[RequestT]):
    """One video function, ready for every runner and every face.

    ``plan`` tells, without rendering, what ``run`` will do with the same request: plain JSON that people and
    tests can read. ``version`` goes into the cache key of every result: raise it when the pixels change.
    """

    name: str
    version: str
    request: type[RequestT]
    run: Callable[[RequestT, Context], AnyResult]
    plan: Callable[[RequestT, Context], dict[str, Any]]
    needs: Needs = field(default_factory=Needs)

    @property
    def summary(self) -> str:
        """The first line of the docstring of ``run``."""
        return (inspect.getdoc(self.run) or self.name).splitlines()[0]

    def parse(self, request: Mapping[str, Any]) -> RequestT:
        """The typed request of a JSON object; every fault is a typed error that names the field."""
        return self.request.parse(request)

    def __call__(self, request: Mapping[str, Any] | RequestT, context: Context) -> AnyResult:
        """Run with a JSON object or an already typed request."""
        typed = request if isinstance(request, self.request) else self.parse(dict(request))  # pyright: ignore[reportArgumentType]
        return self.run(typed, context)
