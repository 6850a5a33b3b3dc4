"""What the double of Modal knows: functions, calls with their inputs and outputs, containers, named things."""

import asyncio
import dataclasses
from collections import Counter, defaultdict, deque

from modal_proto import api_pb2 as pb


def message(kind, **fields):
    """A message without the fields that this release of the client does not have."""
    return kind(**{name: value for name, value in fields.items() if name in kind.DESCRIPTOR.fields_by_name})


@dataclasses.dataclass(eq=False)
class Deployed:
    """A function; ``gpus`` are the cards it may get, in order of preference."""

    id: str
    app_id: str
    definition: pb.Function
    data: pb.FunctionData | None = None
    gpus: list[str] = dataclasses.field(default_factory=list)
    queue: deque[str] = dataclasses.field(default_factory=deque)
    wake: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    containers: set["Container"] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(eq=False)
class Input:
    id: str
    call: str
    index: int
    given: pb.FunctionInput
    state: str = "queued"
    container: str = ""
    retries: int = 0
    losses: int = 0
    timer: asyncio.TimerHandle | None = None
    timed_out: bool = False


@dataclasses.dataclass(eq=False)
class Call:
    id: str
    function: str
    kind: int
    inputs: dict[int, str] = dataclasses.field(default_factory=dict)
    outputs: dict[int, pb.FunctionGetOutputsItem] = dataclasses.field(default_factory=dict)
    chunks: list[pb.DataChunk] = dataclasses.field(default_factory=list)
    news: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    forgotten: bool = False

    def notify(self) -> None:
        self.news.set()
        self.news = asyncio.Event()


@dataclasses.dataclass(eq=False)
class Container:
    id: str
    function: str
    process: asyncio.subprocess.Process | None = None
    inputs: set[str] = dataclasses.field(default_factory=set)
    cancels: asyncio.Queue[str] = dataclasses.field(default_factory=asyncio.Queue)
    stopping: bool = False
    failed_to_start: pb.GenericResult | None = None


class State:
    """Everything by its id."""

    def __init__(self, folder: str, python: str) -> None:
        self.folder = folder
        self.python = python
        self.apps: dict[str, str] = {}
        self.published: dict[str, dict[str, str]] = {}
        self.functions: dict[str, Deployed] = {}
        self.calls: dict[str, Call] = {}
        self.inputs: dict[str, Input] = {}
        self.containers: dict[str, Container] = {}
        self.images: dict[bytes, str] = {}
        self.mounts: dict[str, dict[str, str]] = {}
        self.files: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.blob_url = ""
        self.secrets: dict[str, dict[str, str]] = {}
        self.named: dict[tuple[str, str], str] = {}
        self.dicts: defaultdict[str, dict[bytes, bytes]] = defaultdict(dict)
        self.refusing = False
        self._numbers: Counter[str] = Counter()

    def new(self, kind: str) -> str:
        self._numbers[kind] += 1
        return f"{kind}-{self._numbers[kind]}"

    def metadata(self, function: str) -> pb.FunctionHandleMetadata:
        """What a client learns of a function when it looks it up."""
        found = self.functions[function]
        return message(
            pb.FunctionHandleMetadata,
            function_name=found.definition.function_name,
            function_type=found.definition.function_type,
            definition_id=f"de-{function}",
            function_schema=found.definition.function_schema,
            app_id=found.app_id,
            supported_input_formats=found.definition.supported_input_formats,
            supported_output_formats=found.definition.supported_output_formats,
        )

    def layout(self, app: str) -> pb.AppLayout:
        functions = self.published[app]
        objects = [
            pb.Object(object_id=each, function_handle_metadata=self.metadata(each)) for each in functions.values()
        ]
        return pb.AppLayout(objects=objects, function_ids=functions)
