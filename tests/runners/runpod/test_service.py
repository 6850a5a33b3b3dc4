"""The service with its jobs on a platform: a ledger here, the work in RunPod's own worker loop, as a process of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.jobs.machines import lives, pid_in, wait_until
from tests.jobs.sample_functions import CATALOGUE
from tests.jobs.shop import TENANT, Shop
from tests.runners.runpod.platform import ENDPOINT, KEY, Platform
from tests.workflows.clips import REEL, numbered

from clipmill.client import Client, JobState, on_runner
from clipmill.errors import InvalidRequestError
from clipmill.functions.catalog import CATALOG
from clipmill.jobs.ledger.kinds import EventKind
from clipmill.jobs.ledger.states import State
from clipmill.runners.embedded import open_service
from clipmill.settings import Settings

Open = Callable[[], Shop]


def account(platform: Platform, folder: Path) -> dict[str, str]:
    """The environment of whoever sends jobs there."""
    return {
        "CLIPMILL_STORE": str(platform.folder / "store"),
        "CLIPMILL_SCRATCH": str(folder / "scratch"),
        "CLIPMILL_RUNNER": "runpod",
        "RUNPOD_API_KEY": KEY,
        "RUNPOD_ENDPOINT_ID": ENDPOINT,
        "RUNPOD_ENDPOINT_BASE_URL": platform.url,
    }


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("runpod")) as platform:
        yield platform


@pytest.fixture
def opened(platform: Platform, tmp_path: Path) -> Iterator[Open]:
    """Opens services on one ledger; those that are left run until the end of the test."""
    given = account(platform, tmp_path)
    with ExitStack() as stack:

        def make() -> Shop:
            service = open_service(
                Settings.from_environment(given),
                ledger_url=f"sqlite:///{tmp_path}/ledger.db",
                catalogue={**CATALOG, **CATALOGUE},
            )
            service.start()
            stack.callback(service.stop)
            return Shop(service)

        yield make


def test_a_job_runs_there_and_the_ledger_says_where_how_far_and_what_it_cost(
    opened: Open, platform: Platform, tmp_path: Path
):
    platform.store.upload(numbered(tmp_path / "in.mp4", frames=8), f"{TENANT}/in.mp4")
    shop = opened()
    job = shop.ended(shop.send("process_framing", input_key="in.mp4", output_key="out.mp4"))
    assert (job.state, job.runner, job.attempt, job.percent) == (State.SUCCEEDED, "runpod", 1, 100.0)
    assert platform.store.exists(f"{TENANT}/out.mp4")
    assert "process_framing" in [each["body"]["input"]["function"] for each in platform.state["jobs"].values()]
    assert job.cost_microusd > 0
    used = shop.ledger.usage(TENANT, job.created_at, job.created_at.replace(year=9999))
    assert used.cost_microusd == job.cost_microusd


def test_a_service_that_starts_again_follows_the_job_and_a_cancel_stops_it_there(
    opened: Open, platform: Platform, tmp_path: Path
):
    first = opened()
    job = first.send("render_for_ever", path=str(tmp_path / "pid"))
    pid = pid_in(tmp_path / "pid")
    wait_until(lambda: first.get(job).frames_done)
    told = first.get(job).frames_done
    handle = first.get(job).handle
    first.service.stop()
    assert lives(pid)

    second = opened()
    wait_until(lambda: (second.get(job).frames_done or 0) > (told or 0))
    found = second.get(job)
    assert (found.handle, found.attempt, found.state) == (handle, 1, State.RUNNING)
    second.service.cancel(TENANT, job)
    assert second.ended(job).state is State.CANCELLED
    wait_until(lambda: not lives(pid))
    sent = [each for each in platform.state["jobs"].values() if each["body"]["input"].get("job_id") == job]
    assert len(sent) == 1
    assert [event.kind for event in second.ledger.events(TENANT, job)].count(EventKind.DONE) == 1


def test_a_workflow_is_walked_here_with_its_steps_there(opened: Open, platform: Platform, tmp_path: Path):
    platform.store.upload(numbered(tmp_path / "in.mp4"), f"{TENANT}/reel-in.mp4")
    clips = [
        {"name": name, "source_key": "reel-in.mp4", "source_start_time": start, "source_end_time": start + 0.5}
        for name, start in (("one", 0.0), ("two", 0.5))
    ]
    shop = opened()
    job = shop.ended(shop.send("export_multi_clip", clips=clips, output_key="reel.mp4", **REEL))
    assert (job.failure, job.state, job.runner) == (None, State.SUCCEEDED, "runpod")
    assert platform.store.exists(f"{TENANT}/reel.mp4")
    functions = [each["body"]["input"]["function"] for each in platform.state["jobs"].values()]
    assert [functions.count(name) for name in ("plan_multi_clip", "process_multi_clip_item", "concatenate_clips")] == [
        1,
        2,
        1,
    ]
    assert job.cost_microusd > 0


def test_a_client_needs_no_service_and_another_one_comes_back_by_the_handle(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(on_runner, "CATALOG", CATALOGUE)
    for name, value in account(platform, tmp_path).items():
        monkeypatch.setenv(name, value)
    with Client(runner="runpod") as first:
        sent = first.submit("render_for_ever", {"path": str(tmp_path / "pid")})
        pid = pid_in(tmp_path / "pid")
    with Client(runner="runpod") as second:
        handle = sent.data["handle"]
        assert next(event for event in second.watch(handle) if event.data.get("frames_done"))
        second.cancel(handle)
        assert second.wait(handle).state is JobState.CANCELLED
    wait_until(lambda: not lives(pid))
    with Client(runner="runpod") as third, pytest.raises(InvalidRequestError, match="no handle"):
        third.job("nonsense")
