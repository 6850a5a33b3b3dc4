"""What a service counts about itself, told in Prometheus' text form."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from clipmill.jobs.ledger import Ledger

_BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class _Jobs(Collector):
    """Asks the ledger each time that somebody asks."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("clipmill_jobs", "Jobs in each state.", labels=["state"])
        for state, count in self._ledger.watching.counts().items():
            jobs.add_metric([state.value], count)
        yield jobs

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Asked as the collector is registered, when the ledger need not answer."""
        return iter(())


class Meters:
    """The counts of one app; two in a process do not mix."""

    def __init__(self, ledger: Ledger) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Jobs(ledger))
        self._answers = Counter(
            "clipmill_http_requests_total", "Calls answered.", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "clipmill_http_request_seconds", "Time to the end of an answer.", ["route"],
            buckets=_BOUNDS_S, registry=self._registry,
        )  # fmt: skip
        self.events = Counter("clipmill_events_sent_total", "Events sent to watchers.", registry=self._registry)
        self.watchers = Gauge("clipmill_watchers", "Connections that watch jobs.", registry=self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a call; ``route`` is a template, never what a caller put into it."""
        self._answers.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        return generate_latest(self._registry)
