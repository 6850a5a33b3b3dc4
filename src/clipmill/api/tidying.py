"""Deletes what nobody came back for: parts of uploads that were never completed, sources of exports that have ended."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import cast

from anyio import to_thread
from fastapi import FastAPI

from clipmill.api.desk import Desk
from clipmill.api.export_sources import ExportSources
from clipmill.api.journal import LOG
from clipmill.errors import ClipmillError
from clipmill.storage.uploads import Uploads

EVERY_S = 600.0


@asynccontextmanager
async def tidying(app: FastAPI) -> AsyncGenerator[None]:
    """Tidy up now and every few minutes, as long as the app lives."""
    task = asyncio.create_task(_forever(cast("Desk", app.state.desk)), name="clipmill-tidying")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def tidy(desk: Desk, now: datetime) -> None:
    """Delete what is over, tenant by tenant; a store that does not answer is asked again next time."""
    for tenant in {desk.options.tenant, *desk.service.ledger.keys.tenants()}:
        try:
            Uploads(desk.service.store).sweep(tenant, now)
            ExportSources(desk.service.store, desk.service.ledger).sweep(tenant, now)
        except ClipmillError as fault:
            LOG.warning("temporary objects were not deleted", extra={"fields": {"tenant": tenant, "code": fault.code}})


async def _forever(desk: Desk) -> None:
    while True:
        try:
            await to_thread.run_sync(tidy, desk, datetime.now(UTC))
        except Exception:  # noqa: BLE001 - the next round may go well
            LOG.exception("tidying up failed")
        await asyncio.sleep(EVERY_S)
