# ruff: noqa: N802 - methods have the names of the questions they answer
"""A control plane of Modal for loopback, written from the public message definitions only.

The real client talks to it by `MODAL_SERVER_URL`, and every input is run by the real container entrypoint in a
process. It proves the client, the wrapper, serialisation, progress and cancel; it is no proof of the scheduler, of
images, or of cards. `python -m tests.doubles.modal_double --state FOLDER [--secret NAME={"KEY":"value"}]` prints one
JSON line with its ``url``, and its ``control`` to which tests post what goes wrong:

* ``/forget/CALL``: a call's output has expired;
* ``/refuse/on`` and ``/refuse/off``: nobody is told of outputs;
* ``/functions``: what was deployed, in the platform's words.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import json
import signal
import sys
import time

import aiohttp.web
import grpclib.server
from google.protobuf.empty_pb2 import Empty
from grpclib import GRPCError, Status
from modal_proto import api_grpc
from modal_proto import api_pb2 as pb
from tests.doubles.modal_containers import Floor, Result
from tests.doubles.modal_state import Call, Container, Deployed, Input, State, message

BUILDER = "2025.06"
NO_CONTENT = "0" * 64


def token_of(**fields) -> str:
    """An unsigned token: the client reads the index of an input back out of it."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in ({}, fields)]
    return ".".join([*parts, ""])


def fields_of(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def answered_with_nothing(self, stream):
    await stream.recv_message()
    await stream.send_message(Empty())


class Desk(api_grpc.ModalClientBase):
    """What callers may ask."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.state = floor.state

    AppHeartbeat = AppClientDisconnect = FunctionFinishInputs = DictHeartbeat = answered_with_nothing

    async def ClientHello(self, stream):
        await stream.recv_message()
        await stream.send_message(pb.ClientHelloResponse(image_builder_version=BUILDER))

    async def AuthTokenGet(self, stream):
        await stream.recv_message()
        await stream.send_message(pb.AuthTokenGetResponse(token=token_of()))

    async def EnvironmentGetOrCreate(self, stream):
        request = await stream.recv_message()
        settings = pb.EnvironmentSettings(image_builder_version=BUILDER, webhook_suffix="")
        metadata = pb.EnvironmentMetadata(name=request.deployment_name or "main", settings=settings)
        await stream.send_message(pb.EnvironmentGetOrCreateResponse(environment_id="en-1", metadata=metadata))

    async def AppGetByDeploymentName(self, stream):
        request = await stream.recv_message()
        app = self.state.apps.get(request.name, "")
        await stream.send_message(pb.AppGetByDeploymentNameResponse(app_id=app, environment_name="main"))

    async def AppCreate(self, stream):
        await stream.recv_message()
        app = self.state.new("ap")
        self.state.published[app] = {}
        await stream.send_message(pb.AppCreateResponse(app_id=app, app_page_url=f"http://127.0.0.1/apps/{app}"))

    async def AppGetLayout(self, stream):
        request = await stream.recv_message()
        await stream.send_message(pb.AppGetLayoutResponse(app_layout=self.state.layout(request.app_id)))

    async def AppPublish(self, stream):
        request = await stream.recv_message()
        self.state.published[request.app_id] = dict(request.function_ids)
        self.state.apps[request.name] = request.app_id
        for function in self.state.functions.values():
            if function.app_id == request.app_id:
                for container in function.containers:
                    container.stopping = True
                function.wake.set()
        url = f"http://127.0.0.1/apps/{request.app_id}"
        await stream.send_message(pb.AppPublishResponse(url=url, deployed_at=time.time()))

    async def MountBatchedCheckExistence(self, stream):
        request = await stream.recv_message()
        missing = [each for each in request.sha256_hex_hashes if each not in self.state.files]
        await stream.send_message(pb.MountBatchedCheckExistenceResponse(missing_sha256_hex_hashes=missing))

    async def MountPutFile(self, stream):
        request = await stream.recv_message()
        kind = request.WhichOneof("data_oneof")
        if kind:
            data = request.data if kind == "data" else self.state.blobs[request.data_blob_id]
            self.state.files[request.sha256_hex] = data
        await stream.send_message(pb.MountPutFileResponse(exists=request.sha256_hex in self.state.files))

    async def MountGetOrCreate(self, stream):
        request = await stream.recv_message()
        mount = self.state.new("mo")
        self.state.mounts[mount] = {each.filename: each.sha256_hex for each in request.files}
        metadata = pb.MountHandleMetadata(content_checksum_sha256_hex=NO_CONTENT)
        await stream.send_message(pb.MountGetOrCreateResponse(mount_id=mount, handle_metadata=metadata))

    async def ImageGetOrCreate(self, stream):
        request = await stream.recv_message()
        key = request.image.SerializeToString(deterministic=True)
        image = self.state.images.setdefault(key, f"im-{len(self.state.images) + 1}")
        built = Result(status=Result.GENERIC_STATUS_SUCCESS)
        metadata = pb.ImageMetadata(image_builder_version=BUILDER)
        await stream.send_message(pb.ImageGetOrCreateResponse(image_id=image, result=built, metadata=metadata))

    async def ImageJoinStreaming(self, stream):
        await stream.recv_message()
        built = Result(status=Result.GENERIC_STATUS_SUCCESS)
        await stream.send_message(pb.ImageJoinStreamingResponse(result=built, eof=True))

    async def SecretGetOrCreate(self, stream):
        request = await stream.recv_message()
        secret = self._named("Secret", "st", request)
        if request.env_dict:
            self.state.secrets[secret] = dict(request.env_dict)
        missing = [each for each in request.required_keys if each not in self.state.secrets.get(secret, {})]
        if missing:
            raise GRPCError(Status.FAILED_PRECONDITION, f"Secret is missing key(s): {missing}")
        metadata = pb.SecretMetadata(name=request.deployment_name)
        await stream.send_message(pb.SecretGetOrCreateResponse(secret_id=secret, metadata=metadata))

    async def BlobCreate(self, stream):
        await stream.recv_message()
        blob = self.state.new("bl")
        urls = pb.UploadUrlList(items=[f"{self.state.blob_url}/blobs/{blob}"])
        await stream.send_message(pb.BlobCreateResponse(blob_ids=[blob], upload_urls=urls))

    async def BlobGet(self, stream):
        request = await stream.recv_message()
        await stream.send_message(pb.BlobGetResponse(download_url=f"{self.state.blob_url}/blobs/{request.blob_id}"))

    async def FunctionPrecreate(self, stream):
        request = await stream.recv_message()
        function = request.existing_function_id or self.state.new("fu")
        if function not in self.state.functions:
            definition = pb.Function(
                function_name=request.function_name,
                function_type=request.function_type,
                function_schema=request.function_schema,
                supported_input_formats=request.supported_input_formats,
                supported_output_formats=request.supported_output_formats,
            )
            self.state.functions[function] = Deployed(function, request.app_id, definition)
        metadata = self.state.metadata(function)
        await stream.send_message(pb.FunctionPrecreateResponse(function_id=function, handle_metadata=metadata))

    async def FunctionCreate(self, stream):
        request = await stream.recv_message()
        function = self.state.functions[request.existing_function_id]
        ranked = sorted(request.function_data.ranked_functions, key=lambda each: each.rank)
        if ranked:
            function.definition = ranked[0].function
            function.gpus = [each.function.resources.gpu_config.gpu_type for each in ranked]
            function.data = request.function_data
        else:
            function.definition = request.function
            card = request.function.resources.gpu_config.gpu_type
            function.gpus = [card] if card else []
            only = pb.FunctionData.RankedFunction(rank=0, function=request.function)
            function.data = pb.FunctionData(ranked_functions=[only])
        answer = message(
            pb.FunctionCreateResponse,
            function_id=function.id,
            function=function.definition,
            function_data=function.data,
            handle_metadata=self.state.metadata(function.id),
        )
        await stream.send_message(answer)

    async def FunctionGet(self, stream):
        request = await stream.recv_message()
        app = self.state.apps.get(request.app_name)
        if app is None:
            raise GRPCError(Status.NOT_FOUND, f"App '{request.app_name}' not found in environment 'main'.")
        function = self.state.published[app].get(request.object_tag)
        if function is None:
            raise GRPCError(Status.NOT_FOUND, f"No function named '{request.object_tag}' in app '{request.app_name}'.")
        answer = message(
            pb.FunctionGetResponse,
            function_id=function,
            handle_metadata=self.state.metadata(function),
            function=self.state.functions[function].data,
        )
        await stream.send_message(answer)

    async def FunctionMap(self, stream):
        request = await stream.recv_message()
        call = Call(self.state.new("fc"), request.function_id, request.function_call_invocation_type)
        self.state.calls[call.id] = call
        answer = pb.FunctionMapResponse(
            function_call_id=call.id,
            function_call_jwt=call.id,
            retry_policy=self.state.functions[call.function].definition.retry_policy,
            pipelined_inputs=self._put(call, request.pipelined_inputs),
            max_inputs_outstanding=1000,
            sync_client_retries_enabled=True,
        )
        await stream.send_message(answer)

    async def FunctionPutInputs(self, stream):
        request = await stream.recv_message()
        put = self._put(self.state.calls[request.function_call_id], request.inputs)
        await stream.send_message(pb.FunctionPutInputsResponse(inputs=put))

    async def FunctionRetryInputs(self, stream):
        request = await stream.recv_message()
        for item in request.inputs:
            given = self.state.inputs[fields_of(item.input_jwt)["input_id"]]
            given.retries = item.retry_count or given.retries + 1
            given.given = item.input
            self.state.calls[given.call].outputs.pop(given.index, None)
            self.floor.enqueue(given)
        tokens = [item.input_jwt for item in request.inputs]
        await stream.send_message(pb.FunctionRetryInputsResponse(input_jwts=tokens))

    async def FunctionGetOutputs(self, stream):
        request = await stream.recv_message()
        if self.state.refusing:
            raise GRPCError(Status.RESOURCE_EXHAUSTED, "too many questions")
        call = self._call(request.function_call_id)
        until = time.monotonic() + request.timeout
        while not call.outputs and not call.forgotten and (left := until - time.monotonic()) > 0:
            await _news(call.news, left)
        found = [] if call.forgotten else [each for _, each in sorted(call.outputs.items())]
        open_inputs = 0 if call.forgotten else len(call.inputs) - len(call.outputs)
        answer = pb.FunctionGetOutputsResponse(
            outputs=found, last_entry_id=f"{len(found)}-0", num_unfinished_inputs=open_inputs
        )
        await stream.send_message(answer)

    async def FunctionCallGetDataOut(self, stream):
        request = await stream.recv_message()
        call = self._call(request.function_call_id)
        sent = 0
        while True:
            while sent < len(call.chunks):
                if call.chunks[sent].index > request.last_index:
                    await stream.send_message(call.chunks[sent])
                sent += 1
            if len(call.outputs) >= len(call.inputs):
                return
            await call.news.wait()

    async def FunctionCallCancel(self, stream):
        request = await stream.recv_message()
        call = self._call(request.function_call_id)
        for given in [self.state.inputs[each] for each in call.inputs.values()]:
            container = self.state.containers.get(given.container)
            if given.state == "queued":
                self.state.functions[call.function].queue.remove(given.id)
                self.floor.finish(given, Result(status=Result.GENERIC_STATUS_TERMINATED, exception="cancelled by user"))
            elif given.state == "running" and container:
                container.cancels.put_nowait(given.id)
        await stream.send_message(Empty())

    async def DictGetOrCreate(self, stream):
        request = await stream.recv_message()
        found = self._named("Dict", "di", request)
        metadata = pb.DictMetadata(name=request.deployment_name)
        await stream.send_message(pb.DictGetOrCreateResponse(dict_id=found, metadata=metadata))

    async def DictUpdate(self, stream):
        request = await stream.recv_message()
        held = self.state.dicts[request.dict_id]
        fresh = [each for each in request.updates if not (request.if_not_exists and each.key in held)]
        held.update({each.key: each.value for each in fresh})
        await stream.send_message(pb.DictUpdateResponse(created=bool(fresh)))

    async def DictGet(self, stream):
        request = await stream.recv_message()
        value = self.state.dicts[request.dict_id].get(request.key)
        await stream.send_message(pb.DictGetResponse(found=value is not None, value=value))

    async def DictPop(self, stream):
        request = await stream.recv_message()
        value = self.state.dicts[request.dict_id].pop(request.key, None)
        await stream.send_message(pb.DictPopResponse(found=value is not None, value=value))

    def _named(self, kind: str, prefix: str, request) -> str:
        key = (kind, request.deployment_name)
        wanted = request.object_creation_type
        if wanted in (pb.OBJECT_CREATION_TYPE_EPHEMERAL, pb.OBJECT_CREATION_TYPE_ANONYMOUS_OWNED_BY_APP):
            return self.state.new(prefix)
        if key not in self.state.named:
            if wanted != pb.OBJECT_CREATION_TYPE_CREATE_IF_MISSING:
                raise GRPCError(Status.NOT_FOUND, f"{kind} '{request.deployment_name}' not found in environment 'main'")
            self.state.named[key] = self.state.new(prefix)
        return self.state.named[key]

    def _put(self, call: Call, items) -> list[pb.FunctionPutInputsResponseItem]:
        put = []
        for item in items:
            given = Input(self.state.new("in"), call.id, item.idx, item.input)
            self.state.inputs[given.id] = given
            call.inputs[item.idx] = given.id
            token = token_of(idx=item.idx, input_id=given.id)
            put.append(pb.FunctionPutInputsResponseItem(idx=item.idx, input_id=given.id, input_jwt=token))
            self.floor.enqueue(given)
        return put

    def _call(self, name: str) -> Call:
        if name not in self.state.calls:
            raise GRPCError(Status.NOT_FOUND, f"function call {name} not found")
        return self.state.calls[name]


class ContainerDesk(Desk):
    """What one container may ask, beside all that callers may."""

    def __init__(self, floor: Floor, container: Container) -> None:
        super().__init__(floor)
        self.container = container

    async def ContainerHeartbeat(self, stream):
        await stream.recv_message()
        try:
            cancelled = await asyncio.wait_for(self.container.cancels.get(), 10)
        except TimeoutError:
            await stream.send_message(pb.ContainerHeartbeatResponse())
            return
        event = pb.CancelInputEvent(input_ids=[cancelled])
        await stream.send_message(pb.ContainerHeartbeatResponse(cancel_input_event=event))

    async def ContainerStop(self, stream):
        await stream.recv_message()
        self.container.stopping = True
        await stream.send_message(pb.ContainerStopResponse())

    async def FunctionGetInputs(self, stream):
        await stream.recv_message()
        function = self.state.functions[self.container.function]
        idle_s = function.definition.autoscaler_settings.scaledown_window or 60
        until = time.monotonic() + idle_s
        while not function.queue or self.container.stopping:
            if self.container.stopping or time.monotonic() > until:
                self.container.stopping = True
                last = pb.FunctionGetInputsItem(kill_switch=True)
                await stream.send_message(pb.FunctionGetInputsResponse(inputs=[last]))
                return
            function.wake.clear()
            await _news(function.wake, 1)
        given = self._begun(function)
        item = pb.FunctionGetInputsItem(
            input_id=given.id,
            input=given.given,
            function_call_id=given.call,
            retry_count=given.retries,
            function_call_invocation_type=self.state.calls[given.call].kind,
        )
        await stream.send_message(pb.FunctionGetInputsResponse(inputs=[item]))

    def _begun(self, function: Deployed) -> Input:
        given = self.state.inputs[function.queue.popleft()]
        given.state = "running"
        given.container = self.container.id
        self.container.inputs.add(given.id)
        if function.definition.timeout_secs:
            loop = asyncio.get_running_loop()
            given.timer = loop.call_later(function.definition.timeout_secs, self.floor.time_out, given)
        return given

    async def FunctionPutOutputs(self, stream):
        request = await stream.recv_message()
        for put in request.outputs:
            self.container.inputs.discard(put.input_id)
            times = {"input_started_at": put.input_started_at, "output_created_at": put.output_created_at}
            self.floor.settle(self.state.inputs[put.input_id], put.result, data_format=put.data_format, **times)
        await stream.send_message(Empty())

    async def FunctionCallPutDataOut(self, stream):
        request = await stream.recv_message()
        call: Call = self.state.calls[request.function_call_id]
        call.chunks.extend(request.data_chunks)
        call.notify()
        await stream.send_message(Empty())

    async def TaskResult(self, stream):
        request = await stream.recv_message()
        failures = (Result.GENERIC_STATUS_FAILURE, Result.GENERIC_STATUS_INIT_FAILURE)
        if request.result.status in failures:
            self.container.failed_to_start = request.result
        await stream.send_message(Empty())

    ContainerHello = answered_with_nothing


def unknown_question(name: str):
    """Whatever the client asks and this double has no answer to."""

    async def answer(self, stream):
        print("no answer to", name, file=sys.stderr, flush=True)
        raise GRPCError(Status.UNIMPLEMENTED, f"{name}: not in this double")

    return answer


for _kind in (Desk, ContainerDesk):
    for _name in _kind.__abstractmethods__:
        setattr(_kind, _name, unknown_question(_name))
    _kind.__abstractmethods__ = frozenset()


class Control:
    """The side door: blobs for the client, mischief for the tests."""

    def __init__(self, state: State) -> None:
        self.state = state

    async def start(self) -> str:
        app = aiohttp.web.Application(client_max_size=1 << 30)
        app.add_routes(
            [
                aiohttp.web.put("/blobs/{name}", self.put_blob),
                aiohttp.web.get("/blobs/{name}", self.get_blob),
                aiohttp.web.post("/forget/{name}", self.forget),
                aiohttp.web.post("/refuse/{name}", self.refuse),
                aiohttp.web.get("/functions", self.functions),
            ]
        )
        runner = aiohttp.web.AppRunner(app)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    async def put_blob(self, request):
        body = self.state.blobs[request.match_info["name"]] = await request.read()
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return aiohttp.web.Response(headers={"ETag": f'"{digest}"'})

    async def get_blob(self, request):
        return aiohttp.web.Response(body=self.state.blobs[request.match_info["name"]])

    async def forget(self, request):
        call = self.state.calls[request.match_info["name"]]
        call.forgotten = True
        call.notify()
        return aiohttp.web.Response()

    async def refuse(self, request):
        self.state.refusing = request.match_info["name"] == "on"
        return aiohttp.web.Response()

    async def functions(self, request):
        """Name to gpus, MiB of memory, seconds, retries, containers and secrets."""
        return aiohttp.web.json_response(
            {
                name: {
                    "gpus": found.gpus,
                    "memory_mib": found.definition.resources.memory_mb,
                    "cpu": found.definition.resources.milli_cpu / 1000,
                    "timeout_s": found.definition.timeout_secs,
                    "retries": found.definition.retry_policy.retries,
                    "max_containers": found.definition.autoscaler_settings.max_containers,
                    "scaledown_s": found.definition.autoscaler_settings.scaledown_window,
                    "secrets": [self._secret_name(each) for each in found.definition.secret_ids],
                }
                for app in self.state.apps.values()
                for name, found in (
                    (name, self.state.functions[each]) for name, each in self.state.published[app].items()
                )
            }
        )

    def _secret_name(self, secret: str) -> str:
        return next((name for (_, name), each in self.state.named.items() if each == secret), "")


async def _news(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def serve(folder: str, port: int, secrets: list[str]) -> None:
    state = State(folder, sys.executable)
    for given in secrets:
        name, _, values = given.partition("=")
        secret = state.named["Secret", name] = state.new("st")
        state.secrets[secret] = json.loads(values)
    floor = Floor(state, ContainerDesk)
    state.blob_url = await Control(state).start()
    server = grpclib.server.Server([Desk(floor)])
    await server.start("127.0.0.1", port)
    bound = server._server.sockets[0].getsockname()[1]
    print(json.dumps({"url": f"http://127.0.0.1:{bound}", "control": state.blob_url}), flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    floor.kill()
    await asyncio.gather(*floor.tasks)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", required=True)
    parser.add_argument("--secret", action="append", default=[])
    given = parser.parse_args()
    asyncio.run(serve(given.state, given.port, given.secret))
