"""A caption book whose time stands still until a test moves it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import Double, Engine, literal, text

from clipmill.jobs.caption_book import CaptionBook

Made = TypeVar("Made")


class World:
    def __init__(self, engine: Engine) -> None:
        self.now = 1_800_000_000.0
        self.engine = engine
        self.book = CaptionBook(engine, lambda: literal(self.now, Double()))

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def rows(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(query)))

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))


def at_once(times: int, act: Callable[[int], Made]) -> list[Made]:
    """What an act gives to so many threads that do it together."""
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(act, range(times)))
