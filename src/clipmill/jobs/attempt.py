"""One attempt at a job: a scratch folder, a child, a watch over it, and the outputs moved to their keys."""

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from clipmill.errors import (
    CancelledError,
    ClipmillError,
    EngineError,
    InternalError,
    RunnerError,
    StalledError,
    TimeoutError,  # noqa: A004 - the job's time limit
    WorkerLostError,
    error_from_json,
)
from clipmill.functions.catalog import entry_of
from clipmill.jobs.broker import Broker, Moved
from clipmill.jobs.channel import Garbled
from clipmill.jobs.conversation import Conversation
from clipmill.jobs.death import Death
from clipmill.jobs.environment import asked_for, started_in
from clipmill.jobs.faults import typed
from clipmill.jobs.gate import Passing, Reins
from clipmill.jobs.job import Job
from clipmill.jobs.limits import GIB
from clipmill.jobs.machine import Machine
from clipmill.jobs.nursery import Closed
from clipmill.jobs.outcome import without_secrets
from clipmill.jobs.process import ChildProcess, spawn
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.scratch import Scratch
from clipmill.storage.store import ObjectInfo

_TICK_S = 0.05
_LAST_MESSAGE_S = 1.0


class Verb(StrEnum):
    """What a child does with the request."""

    RUN = "run"
    PLAN = "plan"


@dataclass
class Done:
    """What an attempt achieved: the function's result, the outputs now in the store, the time bytes took."""

    result: dict[str, Any]
    outputs: list[ObjectInfo]
    moved: Moved


class Attempt:
    """Runs a function once. ``retries`` is what the function allows, known once it has been imported."""

    def __init__(self, job: Job, verb: Verb, machine: Machine, meter: ProgressMeter, reins: Reins) -> None:
        self.retries = 0
        self._job = job
        self._verb = verb
        self._machine = machine
        self._meter = meter
        self._reins = reins
        self._until: float | None = None

    def run(self) -> Done:
        """The function's result with its outputs in the store, or the typed error of whatever went wrong."""
        self._check()
        entry = entry_of(self._job.function, self._machine.catalogue)
        scratch = Scratch.make(self._machine.scratch_root)
        try:
            done = self._run_in(scratch, entry)
        except OSError as fault:
            raise typed(fault) from fault
        finally:
            left = scratch.remove()
        if left:
            warning = {"code": "scratch_not_removed", "message": f"a scratch folder could not be deleted: {left}"}
            done.result["warnings"] = [*done.result.get("warnings", []), warning]
        return done

    def _run_in(self, scratch: Scratch, entry: str) -> Done:
        broker = Broker(self._machine, self._job.tenant, scratch.folder, self._meter, self._check)
        child = self._child(scratch, entry)
        conversation = Conversation(child.channel, self._order(entry), broker, self._meter)
        conversation.start()
        verdict: ClipmillError | None = None
        try:
            verdict = self._watch(child, conversation)
        finally:
            death = child.end()
            conversation.join(_LAST_MESSAGE_S)
            self.retries = int((conversation.needs or {}).get("retries", 0))
        result = self._settled(conversation, verdict, death, child.log())
        outputs = broker.publish(Passing(self._reins.gate)) if self._verb is Verb.RUN else []
        return Done(result, outputs, broker.moved)

    def _child(self, scratch: Scratch, entry: str) -> ChildProcess:
        whole, job = self._machine.environment, self._job
        environment = started_in(scratch.folder, whole, self._machine.threads)
        environment |= asked_for(whole, job.function, job.request)
        if self._machine.nursery is not None:
            try:
                return self._machine.nursery.start(scratch.folder, environment, entry.partition(":")[0])
            except Closed:
                pass
        return spawn(scratch.folder, environment)

    def _order(self, entry: str) -> dict[str, Any]:
        limits = self._machine.limits
        return {
            "verb": self._verb.value,
            "function": self._job.function,
            "entry": entry,
            "request": dict(self._job.request),
            "threads": self._machine.threads,
            "time_s": limits.time_s,
            "memory_bytes": limits.memory_bytes,
            "file_bytes": limits.file_bytes,
            "niceness": limits.niceness,
        }

    def _watch(self, child: ChildProcess, conversation: Conversation) -> ClipmillError | None:
        """Wait for the end, and give up on a child that may not go on; the reason is returned."""
        started = time.monotonic()
        verdict: ClipmillError | None = None
        kill_at = started
        while not conversation.ended.wait(_TICK_S):
            if child.has_ended():
                conversation.ended.wait(_LAST_MESSAGE_S)
                break
            if verdict is None:
                self._until = self._deadline(started, conversation)
                verdict = self._reason_to_stop(conversation)
                if verdict:
                    child.ask_to_stop()
                    kill_at = time.monotonic() + self._machine.limits.grace_s
            elif time.monotonic() >= kill_at:
                break
        return verdict

    def _deadline(self, started: float, conversation: Conversation) -> float | None:
        time_s = self._machine.limits.time_s or (conversation.needs or {}).get("timeout_s")
        return None if time_s is None else started + time_s

    def _reason_to_stop(self, conversation: Conversation) -> ClipmillError | None:
        try:
            self._check()
        except ClipmillError as reason:
            return reason
        stall_s = self._machine.limits.stall_s
        if conversation.quiet_s() < stall_s:
            return None
        return StalledError(f"{self._job.function} made no progress for {stall_s:g} s and was stopped.")

    def _check(self) -> None:
        if self._reins.cancel.is_set():
            raise CancelledError(f"job {self._job.id} was cancelled.")
        if self._until is not None and time.monotonic() >= self._until:
            raise TimeoutError(
                f"{self._job.function} reached its time limit and was stopped. Ask for less, or raise CLIPMILL_TIMEOUT_S."
            )

    def _settled(
        self, conversation: Conversation, verdict: ClipmillError | None, death: Death, log: str
    ) -> dict[str, Any]:
        """The result if the child finished in time, even while it was being stopped; else the error that fits best."""
        said = conversation.outcome or {}
        if "result" in said:
            return said["result"]
        error = verdict or self._error(conversation, said, death)
        if log and isinstance(error, EngineError | InternalError | RunnerError | StalledError):
            error.details.setdefault("log", log)
        raise error

    def _error(self, conversation: Conversation, said: dict[str, Any], death: Death) -> ClipmillError:
        if "failure" in said:
            return error_from_json(without_secrets(said["failure"]))
        if isinstance(conversation.fault, Garbled):
            return WorkerLostError(f"the child process said what it can't mean: {conversation.fault}.")
        if conversation.fault is not None:
            return typed(conversation.fault)
        needs_gb = (conversation.needs or {}).get("memory_gb", 0)
        return death.error(self._machine.limits.memory_bytes or int(needs_gb * GIB))
