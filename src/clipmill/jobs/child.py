"""The process in which one function runs once: ``python -m clipmill.jobs.child DESCRIPTOR PARENT``.

It starts without secrets in an empty folder, gets its order over a private descriptor and answers there, so that
what libraries print can't be taken for an answer. It ends without ceremony: the parent removes what it leaves.
"""

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clipmill.errors import InternalError
from clipmill.functions.catalog import load_function
from clipmill.jobs.channel import Channel
from clipmill.jobs.child_context import ChildContext
from clipmill.jobs.faults import typed
from clipmill.jobs.limits import GIB
from clipmill.jobs.walls import die_with, enclose, leave_room_for_last_words, stand_back


def main(arguments: Sequence[str]) -> None:
    """Carry out the one order that arrives."""
    die_with(parent=int(arguments[1]))
    os.set_inheritable(int(arguments[0]), False)
    channel = Channel(int(arguments[0]))
    order = channel.receive()
    if order is not None:
        _tell(_carried_out(order, channel), channel)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _tell(outcome: dict[str, Any], channel: Channel) -> None:
    try:
        channel.send({"say": "outcome"} | outcome)
    except (TypeError, ValueError) as fault:
        error = InternalError(f"the function answered with something that is not plain JSON: {fault}")
        channel.send({"say": "outcome", "failure": error.to_json()})


def _carried_out(order: dict[str, Any], channel: Channel) -> dict[str, Any]:
    try:
        return {"result": _result(order, channel)}
    except BaseException as fault:  # noqa: BLE001 - whatever ends a function is its outcome
        leave_room_for_last_words()
        error = typed(fault)
        if isinstance(error, InternalError):
            traceback.print_exception(fault)
        return {"failure": error.to_json()}


def _result(order: dict[str, Any], channel: Channel) -> dict[str, Any]:
    context = ChildContext(channel, Path.cwd(), order["threads"])
    signal.signal(signal.SIGTERM, lambda _number, _frame: context.stop())
    function = load_function(order["function"], {order["function"]: order["entry"]})
    needs = function.needs
    channel.send({"say": "needs", "timeout_s": needs.timeout_s, "memory_gb": needs.memory_gb, "retries": needs.retries})
    time_s = order["time_s"] or needs.timeout_s
    memory_bytes = order["memory_bytes"] or needs.memory_gb * GIB
    if order["niceness"]:
        stand_back(order["niceness"])
    enclose(memory_bytes, order["file_bytes"], cpu_s=int(time_s * (os.cpu_count() or 1)) + 1)
    request = function.parse(order["request"])
    if order["verb"] == "plan":
        return function.plan(request, context)
    return function.run(request, context).to_json()


if __name__ == "__main__":
    main(sys.argv[1:])
