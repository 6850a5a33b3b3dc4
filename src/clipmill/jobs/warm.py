"""The warm process of a nursery: ``python -m clipmill.jobs.warm DESCRIPTOR MODULE...``.

It holds no secret, decodes nothing and runs one thread, so that a fork of it is as good as a fresh process. It imports
what an order asks for, and the other modules only where it is left in peace: a command that runs one function must not
wait for all of them. It ends when its parent does, and its children with it.
"""

import gc
import importlib
import json
import os
import select
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Never

from clipmill.jobs import child
from clipmill.jobs.death import peak_bytes
from clipmill.jobs.nursery import LONGEST_MESSAGE

_PEACE_S = 1.0
"""Who waits no longer than this for the first order has a single job to do."""


def main(arguments: Sequence[str]) -> None:
    """Import while nobody asks for anything, then answer until nobody asks any more."""
    wire = socket.socket(fileno=int(arguments[0]))
    peace_s = _PEACE_S
    for module in arguments[1:]:
        if select.select([wire], [], [], peace_s)[0]:
            break
        _import(module)
        peace_s = 0
    while True:
        message, descriptors, _, _ = socket.recv_fds(wire, LONGEST_MESSAGE, 2)
        if not message:
            return
        wire.send(json.dumps(_answer(json.loads(message), descriptors, wire)).encode())


def _import(module: str) -> None:
    # A child that needs a module that is broken meets the same fault and can tell it.
    with suppress(Exception):
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def _answer(question: dict[str, Any], descriptors: list[int], wire: socket.socket) -> dict[str, Any]:
    if "collect" in question:
        _, status, usage = os.wait4(question["collect"], 0)
        return {"exit_code": os.waitstatus_to_exitcode(status), "peak_bytes": peak_bytes(usage)}
    if question["module"] not in sys.modules:
        _import(question["module"])
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads > 1:
        return {"refused": f"{threads} threads run in the warm process, a fork of it could hang"}
    warm = os.getpid()
    pid = os.fork()
    if pid == 0:
        _become_child(question, descriptors, wire, warm)
    for descriptor in descriptors:
        os.close(descriptor)
    return {"pid": pid}


def _become_child(order: dict[str, Any], descriptors: Sequence[int], wire: socket.socket, warm: int) -> Never:
    """Go on as a child of the process ``warm``, and never come back."""
    try:
        os.setsid()
        wire.close()
        channel, printing = descriptors
        os.dup2(printing, 1)
        os.dup2(printing, 2)
        os.close(printing)
        os.chdir(order["start"])
        os.environ.clear()
        os.environ.update(order["environment"])
        tempfile.tempdir = None
        child.main([str(channel), str(warm)])
    finally:
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
