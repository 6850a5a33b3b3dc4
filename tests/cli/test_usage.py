from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.shell import clipmill, request_file
from tests.media_factory import Recipe, make_video
from tests.served import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    prices = {"CLIPMILL_GPU": "small", "CLIPMILL_PRICES": "local.small=100"}
    with Served(tmp_path_factory.mktemp("served"), **prices) as service:
        yield service


def test_a_job_and_its_tenant_are_told_what_it_cost(served: Served, tmp_path: Path):
    (served.data / "local").mkdir(parents=True)
    make_video(served.data / "local/in.mp4", Recipe(size=(64, 64), frames=3))
    request = request_file(tmp_path, {"input_key": "in.mp4", "output_key": "out.mp4"})
    said = clipmill("jobs", "submit", "process_framing", "--request", request, "--watch", "--url", served.url, "--json")
    job = clipmill("jobs", "show", said.json["id"], "--url", served.url)
    spent = said.json["result"]["timings"]["gpu_s"]
    assert f"{100 * spent:.2f} USD" in job.stdout
    used = clipmill("usage", "--url", served.url, "--json").json
    assert (used["jobs"], used["gpu_s"]) == (1, spent)
    assert used["cost_usd"] == pytest.approx(100 * spent)
    assert f"{100 * spent:.2f} USD" in clipmill("usage", "--url", served.url).stdout
    assert (
        clipmill("usage", "--until", "2020-01-02", "--since", "2020-01-01", "--url", served.url, "--json").json["jobs"]
        == 0
    )
