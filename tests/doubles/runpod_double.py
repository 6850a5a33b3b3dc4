"""A RunPod serverless platform on loopback: the API that callers use and the one that workers use.

Workers are real processes that run the platform's own SDK. What it proves is our caller, our handler and the SDK's loop;
it proves nothing about the platform's scheduler, its start-up times or its cards. As a program it prints one JSON line
with its address.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, web

FINAL = {"COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"}
MOST_BYTES = {"run": 10_000_000, "runsync": 20_000_000}
GPU = "gpu=NVIDIA+DOUBLE"


@dataclass(eq=False)
class Job:
    """A job as the platform keeps it; ``kept_s`` is how long its end is told."""

    body: dict[str, Any]
    kept_s: float
    id: str = field(default_factory=lambda: f"{uuid.uuid4()}-u1")
    status: str = "IN_QUEUE"
    output: Any = None
    error: str | None = None
    worker: str | None = None
    created: float = field(default_factory=time.time)
    started: float | None = None
    ended: float | None = None
    retries: int = 0

    def policy_s(self, name: str, default: float) -> float:
        return (self.body.get("policy") or {}).get(name, default * 1000) / 1000

    @property
    def is_forgotten(self) -> bool:
        now = time.time()
        return (self.ended or now) + self.kept_s < now or self.created + self.policy_s("ttl", 86400) < now

    def view(self) -> dict[str, Any]:
        told = {"id": self.id, "status": self.status}
        if self.started:
            told |= {"delayTime": int((self.started - self.created) * 1000), "workerId": self.worker}
        if self.ended and self.started:
            told["executionTime"] = int((self.ended - self.started) * 1000)
        more = {"output": self.output, "error": self.error, "retries": self.retries or None}
        return told | {name: value for name, value in more.items() if value is not None}


@dataclass(eq=False)
class Worker:
    """A process, and the jobs it has."""

    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    process: asyncio.subprocess.Process | None = None
    jobs: set[str] = field(default_factory=set)
    stops: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    @property
    def lives(self) -> bool:
        return self.process is None or self.process.returncode is None


class Double:
    """One endpoint. ``outage`` makes callers' calls fail with 503, ``lossy`` keeps cancels from the workers."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.base = ""
        self.jobs: dict[str, Job] = {}
        self.queue: deque[Job] = deque()
        self.workers: dict[str, Worker] = {}
        self.calls: Counter[str] = Counter()
        self.changed = asyncio.Condition()
        self.outage = False
        self.lossy = False
        self.tasks: set[asyncio.Task[None]] = set()

    # What callers use.

    async def run(self, request: web.Request) -> web.Response:
        job = await self._submitted(request, "run", self.options.kept)
        return web.json_response({"id": job.id, "status": job.status})

    async def runsync(self, request: web.Request) -> web.Response:
        job = await self._submitted(request, "runsync", 60)
        async with self.changed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait_for(lambda: job.status in FINAL), 90)
        return web.json_response(job.view())

    async def status(self, request: web.Request) -> web.Response:
        return web.json_response(self._job(request).view())

    async def stream(self, request: web.Request) -> web.Response:
        return web.json_response({"status": self._job(request).status, "stream": []})

    async def cancel(self, request: web.Request) -> web.Response:
        job = self._job(request)
        if job.status not in FINAL:
            await self._end(job, "CANCELLED")
        elif job.worker in self.workers and job.id in self.workers[job.worker].jobs and not self.lossy:
            self.workers[job.worker].stops.put_nowait(job.id)
        return web.json_response({"id": job.id, "status": job.status})

    async def health(self, request: web.Request) -> web.Response:
        self._check(request)
        busy = sum(bool(worker.jobs) for worker in self.workers.values())
        count = Counter(job.status for job in self.jobs.values())
        jobs = {"inQueue": count["IN_QUEUE"], "inProgress": count["IN_PROGRESS"], "completed": count["COMPLETED"]}
        workers = {"idle": len(self.workers) - busy, "running": busy, "initializing": 0, "throttled": 0}
        return web.json_response({"jobs": jobs, "workers": workers})

    # What tests use.

    async def behave(self, request: web.Request) -> web.Response:
        for name, value in (await request.json()).items():
            setattr(self, name, value)
        return web.json_response({})

    async def state(self, request: web.Request) -> web.Response:
        del request
        workers = {worker.id: worker.process and worker.process.pid for worker in self.workers.values()}
        jobs = {job.id: {"body": job.body, **job.view()} for job in self.jobs.values()}
        return web.json_response({"workers": workers, "jobs": jobs, "calls": self.calls})

    async def forget(self, request: web.Request) -> web.Response:
        del self.jobs[request.match_info["job"]]
        return web.json_response({})

    # What workers use.

    async def take(self, request: web.Request) -> web.Response:
        worker = self._worker(request)
        async with self.changed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.changed.wait_for(lambda: self.queue or not worker.lives), 20)
        if not (self.queue and worker.lives):
            return web.Response(status=204)
        job = self.queue.popleft()
        job.worker, job.started, job.status = worker.id, time.time(), "IN_PROGRESS"
        worker.jobs.add(job.id)
        self._later(self._limit(job, job.started, job.policy_s("executionTimeout", 600)))
        return web.json_response({"id": job.id, "input": job.body["input"]})

    async def stop(self, request: web.Request) -> web.Response:
        worker = self._worker(request)
        try:
            return web.json_response({"jobsToStop": [await asyncio.wait_for(worker.stops.get(), 15)]})
        except TimeoutError:
            return web.Response(status=204)

    async def done(self, request: web.Request) -> web.Response:
        worker, told = self._worker(request), json.loads(await request.text())
        job = self.jobs.get(request.match_info["job"])
        if job is None:
            return web.json_response({})
        if told.get("status") == "IN_PROGRESS":
            if job.status == "IN_PROGRESS":
                job.output = told.get("output")
            return web.json_response({})
        worker.jobs.discard(job.id)
        if job.status == "IN_PROGRESS" and job.worker == worker.id:
            job.output = told.get("output")
            await self._end(job, "FAILED" if told.get("error") else "COMPLETED", told.get("error"))
        return web.json_response({})

    async def ping(self, request: web.Request) -> web.Response:
        self._worker(request)
        return web.json_response({})

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 << 20, middlewares=[self._counted])
        app.add_routes(
            [
                web.post("/v2/{ep}/run", self.run),
                web.post("/v2/{ep}/runsync", self.runsync),
                web.get("/v2/{ep}/status/{job}", self.status),
                web.get("/v2/{ep}/stream/{job}", self.stream),
                web.post("/v2/{ep}/cancel/{job}", self.cancel),
                web.get("/v2/{ep}/health", self.health),
                web.post("/test/behave", self.behave),
                web.get("/test/state", self.state),
                web.post("/test/forget/{job}", self.forget),
                web.get("/worker/job-take/{worker}", self.take),
                web.get("/worker/job-stop/{worker}", self.stop),
                web.post("/worker/job-done/{worker}/{job}", self.done),
                web.get("/worker/ping/{worker}", self.ping),
            ]
        )
        return app

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        route = request.path.split("/")
        if route[1] == "v2":
            self.calls[route[3]] += 1
            if self.outage:
                return web.Response(status=503)
        return await handler(request)

    def _check(self, request: web.Request) -> None:
        if request.headers.get("authorization", "").removeprefix("Bearer ") != self.options.key:
            raise web.HTTPUnauthorized
        if request.match_info["ep"] != self.options.endpoint:
            raise web.HTTPNotFound

    def _job(self, request: web.Request) -> Job:
        self._check(request)
        job = self.jobs.get(request.match_info["job"])
        if job is None or job.is_forgotten:
            raise web.HTTPNotFound
        return job

    def _worker(self, request: web.Request) -> Worker:
        worker = self.workers.get(request.match_info["worker"])
        if worker is None:
            raise web.HTTPGone
        return worker

    async def _submitted(self, request: web.Request, way: str, kept_s: float) -> Job:
        self._check(request)
        body = await request.read()
        if len(body) > MOST_BYTES[way]:
            raise web.HTTPRequestEntityTooLarge(max_size=MOST_BYTES[way], actual_size=len(body))
        given = json.loads(body)
        if not isinstance(given.get("input"), dict):
            raise web.HTTPBadRequest(text="input is required")
        job = Job(given, kept_s)
        self.jobs[job.id] = job
        await self._queued(job)
        return job

    async def _queued(self, job: Job) -> None:
        job.status, job.worker, job.started = "IN_QUEUE", None, None
        self.queue.append(job)
        idle = sum(not worker.jobs for worker in self.workers.values())
        if len(self.queue) > idle and len(self.workers) < self.options.max_workers:
            self._later(self._worked(Worker()))
        async with self.changed:
            self.changed.notify_all()

    async def _end(self, job: Job, status: str, error: str | None = None) -> None:
        job.status, job.error, job.ended = status, error, time.time()
        with contextlib.suppress(ValueError):
            self.queue.remove(job)
        worker = self.workers.get(job.worker or "")
        if worker is not None and job.id in worker.jobs and not self.lossy:
            worker.stops.put_nowait(job.id)
        if address := job.body.get("webhook"):
            self._later(self._hook(address, job.view()))
        async with self.changed:
            self.changed.notify_all()

    async def _limit(self, job: Job, started: float, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if job.status == "IN_PROGRESS" and job.started == started:
            await self._end(job, "TIMED_OUT", "job timed out")

    async def _hook(self, address: str, told: dict[str, Any]) -> None:
        with contextlib.suppress(ClientError):
            async with ClientSession() as session, session.post(address, json=told):
                pass

    async def _worked(self, worker: Worker) -> None:
        """A worker from its start to its end; a job that it dies under goes back to the queue, twice at most."""
        self.workers[worker.id] = worker
        worker.process = await asyncio.create_subprocess_exec(
            *self.options.command, env=self._environment(worker), stdout=sys.stderr, start_new_session=True
        )
        await worker.process.wait()
        # The SDK's heartbeat is a child process that outlives a killed worker.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.process.pid, signal.SIGKILL)
        del self.workers[worker.id]
        for job in [self.jobs[each] for each in worker.jobs if each in self.jobs]:
            if job.status != "IN_PROGRESS":
                continue
            job.retries += 1
            if job.retries > 2:
                await self._end(job, "FAILED", "job failed: worker exited")
            else:
                await self._queued(job)

    def _environment(self, worker: Worker) -> dict[str, str]:
        base = f"{self.base}/worker"
        return {
            **os.environ,
            "RUNPOD_POD_ID": worker.id,
            "RUNPOD_AI_API_KEY": f"worker-{worker.id}",
            "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/{worker.id}?{GPU}",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/{worker.id}/$ID?{GPU}",
            "RUNPOD_WEBHOOK_POST_STREAM": f"{base}/job-stream/{worker.id}/$ID?{GPU}",
            "RUNPOD_WEBHOOK_PING": f"{base}/ping/{worker.id}",
            "RUNPOD_PING_INTERVAL": "5000",
            "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
            "RUNPOD_SKIP_GPU_CHECK": "true",
        }

    def _later(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def main(options: argparse.Namespace) -> None:
    """Serve until a signal comes, then end every worker with all it started."""
    double = Double(options)
    runner = web.AppRunner(double.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    double.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
    print(json.dumps({"url": f"{double.base}/v2", "tests": f"{double.base}/test"}), flush=True)
    over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    for worker in double.workers.values():
        if worker.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.process.pid, signal.SIGKILL)
    os._exit(0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoint", default="ep1")
    parser.add_argument("--key", default="rpa_test")
    parser.add_argument("--max-workers", type=int, default=1)
    parser.add_argument("--kept", type=float, default=1800, help="seconds for which the end of a job is told")
    parser.add_argument("command", nargs="+", help="what runs a worker")
    asyncio.run(main(parser.parse_args(sys.argv[1:])))
