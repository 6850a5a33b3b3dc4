"""The floor where containers run: each is the platform's own entrypoint in a process, and a desk of its own to talk to."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpclib.server
from modal_proto import api_pb2 as pb
from tests.doubles.modal_state import Container, Deployed, Input, State

Result = pb.GenericResult
MOST_CONTAINERS = 4
MOST_LOSSES = 8


class Floor:
    """Starts containers where inputs wait, and decides what becomes of an input."""

    def __init__(self, state: State, desk_for: Callable[["Floor", Container], Any]) -> None:
        self.state = state
        self._desk_for = desk_for
        self.tasks: set[asyncio.Task[None]] = set()
        self._log = os.open(Path(state.folder, "containers.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def enqueue(self, given: Input) -> None:
        given.state = "queued"
        function = self.state.functions[self.state.calls[given.call].function]
        function.queue.append(given.id)
        function.wake.set()
        self.scale(function)

    def scale(self, function: Deployed) -> None:
        most = function.definition.autoscaler_settings.max_containers or MOST_CONTAINERS
        ready = [each for each in function.containers if not each.stopping]
        free = sum(1 for each in ready if not each.inputs)
        for _ in range(min(len(function.queue) - free, most - len(ready))):
            container = Container(self.state.new("ta"), function.id)
            function.containers.add(container)
            self.state.containers[container.id] = container
            task = asyncio.get_running_loop().create_task(self._run(function, container))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _run(self, function: Deployed, container: Container) -> None:
        socket = str(Path(self.state.folder, f"{container.id}.sock"))
        server = grpclib.server.Server([self._desk_for(self, container)])
        await server.start(path=socket)
        container.process = await asyncio.create_subprocess_exec(
            self.state.python, "-m", "modal._container_entrypoint",
            cwd=self._root(function), env=self._environment(function, container, socket),
            stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        code = await container.process.wait()
        server.close()
        function.containers.discard(container)
        del self.state.containers[container.id]
        if container.failed_to_start is not None:
            while function.queue:
                self.finish(self.state.inputs[function.queue.popleft()], container.failed_to_start)
        for given in [self.state.inputs[each] for each in container.inputs]:
            self._lost(given, code)
        if function.queue:
            self.scale(function)

    def _lost(self, given: Input, code: int) -> None:
        """A container died under an input: another one gets it, unless its time was up."""
        if given.state != "running":
            return
        if given.timed_out:
            self.settle(given, Result(status=Result.GENERIC_STATUS_TIMEOUT, exception="the input hit its timeout"))
            return
        given.losses += 1
        if given.losses < MOST_LOSSES:
            self.enqueue(given)
        else:
            words = f"container exited with code {code}"
            self.finish(given, Result(status=Result.GENERIC_STATUS_INTERNAL_FAILURE, exception=words))

    def settle(self, given: Input, result: Result, **more) -> None:
        """The end of a try; spawned calls are tried again here, others by their callers."""
        call = self.state.calls[given.call]
        policy = self.state.functions[call.function].definition.retry_policy
        passes = result.status in (Result.GENERIC_STATUS_FAILURE, Result.GENERIC_STATUS_TIMEOUT)
        spawned = call.kind != pb.FUNCTION_CALL_INVOCATION_TYPE_SYNC
        if passes and spawned and given.retries < policy.retries:
            given.retries += 1
            given.state = "backoff"
            asyncio.get_running_loop().call_later(policy.initial_delay_ms / 1000, self.enqueue, given)
        else:
            self.finish(given, result, **more)

    def finish(self, given: Input, result: Result, **more) -> None:
        if given.timer:
            given.timer.cancel()
        given.state = "done"
        call = self.state.calls[given.call]
        call.outputs[given.index] = pb.FunctionGetOutputsItem(
            result=result,
            idx=given.index,
            input_id=given.id,
            task_id=given.container,
            retry_count=given.retries,
            **more,
        )
        call.notify()

    def time_out(self, given: Input) -> None:
        container = self.state.containers.get(given.container)
        if given.state == "running" and container and container.process:
            given.timed_out = True
            container.process.kill()

    def kill(self) -> None:
        for container in self.state.containers.values():
            if container.process and container.process.returncode is None:
                container.process.kill()

    def _root(self, function: Deployed) -> str:
        """The files that were sent along, as the container's home; one folder for each set of them."""
        root = Path(self.state.folder, "roots", "-".join(function.definition.mount_ids) or "empty")
        if not root.exists():
            (root / "root").mkdir(parents=True)
            for mount in function.definition.mount_ids:
                for name, digest in self.state.mounts.get(mount, {}).items():
                    if digest in self.state.files:
                        place = root / name.lstrip("/")
                        place.parent.mkdir(parents=True, exist_ok=True)
                        place.write_bytes(self.state.files[digest])
        return str(root / "root")

    def _environment(self, function: Deployed, container: Container, socket: str) -> dict[str, str]:
        arguments = Path(self.state.folder, f"{container.id}.pb")
        arguments.write_bytes(
            pb.ContainerArguments(
                task_id=container.id,
                function_id=function.id,
                app_id=function.app_id,
                function_def=function.definition,
                environment_name="main",
                app_layout=self.state.layout(function.app_id),
            ).SerializeToString()
        )
        own = {name: value for name, value in os.environ.items() if not name.startswith(("MODAL_", "CLIPMILL_"))}
        for secret in function.definition.secret_ids:
            own |= self.state.secrets.get(secret, {})
        places = [self._root(function), own.get("PYTHONPATH", "")]
        return own | {
            "MODAL_SERVER_URL": f"unix://{socket}",
            "MODAL_TASK_ID": container.id,
            "MODAL_IS_REMOTE": "1",
            "MODAL_CONTAINER_ARGUMENTS_PATH": str(arguments),
            "MODAL_CONFIG_PATH": "/nonexistent",
            "MODAL_FUNCTION_RUNTIME": "runc",
            "PYTHONPATH": os.pathsep.join(place for place in places if place),
            "PYTHONUNBUFFERED": "1",
        }
