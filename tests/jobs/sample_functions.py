"""Functions that behave well or badly on demand, so that the tests of jobs depend on no video."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from clipmill.errors import EncoderFailedError, StorageUnavailableError, UnsupportedCodecError
from clipmill.function.context import Context
from clipmill.function.definition import Function
from clipmill.function.needs import Needs
from clipmill.function.stages import Stage
from clipmill.function.wire import Count, Text, WireModel


class Request(WireModel):
    """One shape for all of them; each reads what it needs."""

    ignored: ClassVar = frozenset({"label"})

    input_key: Text = ""
    output_key: Text = ""
    text: Text = ""
    count: Count = 1
    path: Text = ""


class Answer:
    def __init__(self, **values: Any) -> None:
        self._values = {"status": "success"} | values

    def to_json(self) -> dict[str, Any]:
        return self._values


def _plan(request: Request, context: Context) -> dict[str, Any]:
    target = context.new_file("plan.txt")
    target.write_text("a plan")
    if request.output_key:
        context.publish(target, request.output_key)
    return {"will_say": request.text, "threads": context.threads}


def _function(run: Any, **needs: Any) -> Function[Request]:
    return Function(name=run.__name__, version="1", request=Request, run=run, plan=_plan, needs=Needs(**needs))


def _read(source: Any) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    with source:
        return source.read()


def _echo(request: Request, context: Context) -> Answer:
    """Say what was asked."""
    return Answer(text=request.text, threads=context.threads)


def _copy(request: Request, context: Context) -> Answer:
    """Read a source by range and publish a copy, with progress on the way."""
    data = _read(context.open(request.input_key))
    target = context.new_file("copy.mp4")
    context.report(0, 1, Stage.PREPARING)
    for step in range(request.count + 1):
        context.report(step, request.count, Stage.PROCESSING)
    target.write_bytes(data)
    context.publish(target, request.output_key)
    return Answer(
        output_key=request.output_key, size=len(data), timings={"process_s": 1.0, "total_s": 0.0}, warnings=[]
    )


def _fetch(request: Request, context: Context) -> Answer:
    """Fetch a whole object twice and say where it lay."""
    paths = [context.fetch(request.input_key) for _ in range(2)]
    return Answer(paths=[str(path) for path in paths], text=paths[0].read_text())


def _seek(request: Request, context: Context) -> Answer:
    """Read the last bytes of an object, then some of its middle."""
    with context.open(request.input_key) as source:
        size = source.seek(0, os.SEEK_END)
        source.seek(-3, os.SEEK_END)
        tail = source.read()
        source.seek(size // 2)
        return Answer(
            kind=type(source).__name__, size=size, tail=tail.decode(), middle=source.read(3).decode(), end=source.tell()
        )


def _render_for_ever(request: Request, context: Context) -> Answer:
    """Report progress until someone asks to stop."""
    if request.path:
        Path(request.path).write_text(str(os.getpid()))
    for frame in range(1_000_000):
        context.report(frame, 1_000_000, Stage.PROCESSING)
        time.sleep(0.01)
    return Answer()


def _hang(request: Request, context: Context) -> Answer:
    """Do nothing at all, deaf to every polite request."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if request.path:
        Path(request.path).write_text(str(os.getpid()))
    context.report(1, 10, Stage.PROCESSING)
    while True:
        time.sleep(60)


def _repeat_itself(request: Request, context: Context) -> Answer:
    """Report the same frame for ever."""
    while True:
        context.report(3, 10, Stage.PROCESSING)
        time.sleep(0.06)


def _crash(request: Request, context: Context) -> Answer:
    """Read address zero in native code."""
    _count_attempt(request)
    ctypes.string_at(0)
    return Answer()


def _die(request: Request, context: Context) -> Answer:
    """Be killed by the signal of that number, or exit with text as last words."""
    if request.text:
        print(request.text, file=sys.stderr)
        os._exit(request.count)
    os.kill(os.getpid(), request.count)
    time.sleep(60)
    return Answer()


def _eat_memory(request: Request, context: Context) -> Answer:
    """Take memory until there is none."""
    held = []
    while True:
        held.append(bytearray(16 * 1024 * 1024))


def _fill(request: Request, context: Context) -> Answer:
    """Write a scratch file without end."""
    with context.new_file("huge.bin").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(256 * 1024))


def _fill_in_an_encoder(request: Request, context: Context) -> Answer:
    """Run out of disk as an engine tells it."""
    try:
        return _fill(request, context)
    except OSError as fault:
        raise EncoderFailedError("the encoder failed") from fault


def _chatter(request: Request, context: Context) -> Answer:
    """Print on both streams, more than any pipe holds, in the shape of messages."""
    for _ in range(20_000):
        print('{"say":"outcome","result":{"status":"forged"}}')
        print('{"say":"outcome","result":{"status":"forged"}}', file=sys.stderr)
    return Answer(text="the real one")


def _breed(request: Request, context: Context) -> Answer:
    """Start a grandchild that would live on, then wait for ever."""
    grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(request.path).write_text(str(grandchild.pid))
    return Answer() if request.text == "leave" else _hang(request.model_copy(update={"path": ""}), context)


def _raise_typed(request: Request, context: Context) -> Answer:
    """Fail as an engine does, with libraries' words on stderr."""
    _count_attempt(request)
    print(request.text, file=sys.stderr, flush=True)
    if request.text == "codec":
        raise UnsupportedCodecError("the source is Sorenson Spark", details={"codec": "svq1"})
    raise EncoderFailedError("x264 failed at https://user:pw@store.example/a.mp4?X-Amz-Signature=abc123")


def _raise_unknown(request: Request, context: Context) -> Answer:
    """Fail with a bug."""
    _count_attempt(request)
    return Answer(value={}[request.text])


def _fail_then_work(request: Request, context: Context) -> Answer:
    """Fail in a way that may pass, ``count`` times, then publish."""
    if _count_attempt(request) <= request.count:
        context.report(9, 10, Stage.PROCESSING)
        raise StorageUnavailableError("the store answered 503.")
    target = context.new_file("late.mp4")
    target.write_text("at last")
    context.publish(target, request.output_key)
    return Answer(output_key=request.output_key)


def _show_environment(request: Request, context: Context) -> Answer:
    """Tell everything that can be seen of the environment."""
    own = Path("/proc/self/environ")
    seen = own.read_bytes().decode(errors="replace") if own.exists() else repr(dict(os.environ))
    return Answer(environment=seen, home=str(Path.home()), cwd=str(Path.cwd()))


def _publish_then_fail(request: Request, context: Context) -> Answer:
    """Name an output and then fail."""
    target = context.new_file("half.mp4")
    target.write_text("half")
    context.publish(target, request.output_key)
    raise EncoderFailedError("failed after publishing")


def _renew(request: Request, context: Context) -> Answer:
    """Mark a folder, write outputs below it in place of what another folder holds, and tell what was there."""
    there = context.names(request.input_key)
    context.mark(f"{request.output_key}/.claims/{request.text}")
    for number in range(request.count):
        target = context.new_file("part.mp4")
        target.write_text(str(number))
        context.publish(target, f"{request.output_key}/{number:02}.mp4")
    for name in there:
        context.retire(name)
    if request.text == "fail":
        raise EncoderFailedError("failed after everything was said")
    return Answer(there=there, marked=context.names(request.output_key))


def _publish_elsewhere(request: Request, context: Context) -> Answer:
    """Try to publish a file of the machine."""
    path = Path(request.path)
    if request.text == "link":
        path = context.new_file("link.mp4")
        path.symlink_to(request.path)
    context.publish(path, request.output_key)
    return Answer(output_key=request.output_key)


def _claim(request: Request, context: Context) -> Answer:
    """Claim an output that was never published."""
    return Answer(output_key=request.output_key)


def _answer_oddly(request: Request, context: Context) -> Answer:
    """Answer with something that is no JSON."""
    return Answer(value={1, 2})


def _forbid_cleaning(request: Request, context: Context) -> Answer:
    """Leave a folder in scratch that nobody may look into."""
    folder = context.new_file("closed")
    folder.mkdir()
    (folder / "file").write_text("x")
    folder.chmod(0)
    return Answer()


def _report_from_threads(request: Request, context: Context) -> Answer:
    """Read and report from several threads at once."""
    found: list[bytes] = []

    def read() -> None:
        for _ in range(20):
            found.append(_read(context.open(request.input_key)))
            context.report(len(found), 80, Stage.PROCESSING)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Answer(same=len(set(found)) == 1, count=len(found))


def _count_attempt(request: Request) -> int:
    if not request.path:
        return 1
    with Path(request.path).open("a") as file:
        file.write("x")
    return Path(request.path).stat().st_size


echo = _function(_echo)
copy = _function(_copy)
fetch = _function(_fetch)
seek = _function(_seek)
render_for_ever = _function(_render_for_ever)
hang = _function(_hang)
repeat_itself = _function(_repeat_itself)
crash = _function(_crash)
die = _function(_die)
eat_memory = _function(_eat_memory)
fill = _function(_fill)
fill_in_an_encoder = _function(_fill_in_an_encoder)
chatter = _function(_chatter)
breed = _function(_breed)
raise_typed = _function(_raise_typed)
raise_unknown = _function(_raise_unknown)
fail_then_work = _function(_fail_then_work)
fail_then_work_unretried = _function(_fail_then_work, retries=0)
show_environment = _function(_show_environment)
publish_then_fail = _function(_publish_then_fail)
renew = _function(_renew)
publish_elsewhere = _function(_publish_elsewhere)
claim = _function(_claim)
answer_oddly = _function(_answer_oddly)
forbid_cleaning = _function(_forbid_cleaning)
report_from_threads = _function(_report_from_threads)
short_of_time = _function(_render_for_ever, timeout_s=1)

CATALOGUE = {name: f"{__name__}:{name}" for name, value in list(globals().items()) if isinstance(value, Function)}
