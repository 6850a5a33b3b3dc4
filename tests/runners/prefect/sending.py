"""A service that sends its jobs to Prefect."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.jobs.machines import machine
from tests.jobs.shop import Shop
from tests.runners.prefect.platform import Platform
from tests.runners.prefect.waiting_functions import KNOWN

from clipmill.jobs.dispatch import Service
from clipmill.jobs.ledger import Ledger
from clipmill.runners.prefect.client import PrefectRunner


@contextmanager
def shop_of(platform: Platform, folder: Path) -> Generator[Shop]:
    here = machine(folder, platform.store, catalogue=KNOWN)
    ledger = Ledger.open(f"sqlite:///{folder}/ledger.db")
    service = Service(ledger, here, PrefectRunner(platform.settings, here))
    service.start()
    try:
        yield Shop(service)
    finally:
        service.stop()
