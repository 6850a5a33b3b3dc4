"""The entry point: one place where every error becomes a line for people and an exit code."""

import errno
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

import click

from clipmill.cli.app import App, clipmill
from clipmill.cli.exit_codes import ExitCode, exit_code
from clipmill.cli.output import Output, UnwrittenError
from clipmill.errors import CancelledError, ClipmillError, DiskFullError, InternalError, StorageWriteFailedError


def main(arguments: Sequence[str] | None = None, catalogue: Mapping[str, str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code; ``catalogue`` replaces the functions on offer."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal may not know every letter; a result is written all the same.
        stream.reconfigure(errors="backslashreplace")  # pyright: ignore[reportAttributeAccessIssue] - both are text files
    code = run(sys.argv[1:] if arguments is None else arguments, catalogue)
    try:
        sys.stdout.flush()
    except OSError:
        # What could not be written has been told; the interpreter need not try it once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(arguments: Sequence[str], catalogue: Mapping[str, str] | None = None) -> int:
    """Run the command line and return its exit code."""
    app = App(catalogue, Output(as_json="--json" in arguments, debug="--debug" in arguments))
    try:
        return _run(app, arguments)
    except UnwrittenError as fault:
        return _unwritten(app.output, fault.__cause__)
    except KeyboardInterrupt:
        # It came while an error was being told.
        return ExitCode.INTERRUPTED


def _run(app: App, arguments: Sequence[str]) -> int:
    try:
        with clipmill.make_context("clipmill", list(arguments), obj=app) as context:
            return clipmill.invoke(context) or ExitCode.OK
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as fault:
        return _misused(app, fault)
    except KeyboardInterrupt as fault:
        error = CancelledError("interrupted by Ctrl-C. What was finished is kept: run the same command to go on.")
        return _failed(app, error, fault, ExitCode.INTERRUPTED)
    except UnwrittenError:
        raise
    except BrokenPipeError:
        return ExitCode.NO_READER
    except Exception as fault:  # noqa: BLE001 - the end of the line for every error
        return _failed(app, _typed(fault), fault)


def _typed(fault: Exception) -> ClipmillError:
    from clipmill.jobs.faults import typed

    return typed(fault)


def _misused(app: App, fault: click.ClickException) -> int:
    if isinstance(fault, click.exceptions.NoArgsIsHelpError):
        fault.show()
        return ExitCode.USAGE
    context = fault.ctx if isinstance(fault, click.UsageError) else None
    message = fault.format_message() + (f" Try {context.command_path} --help." if context else "")
    failure = {"status": "error", "error": f"UsageError: {message}", "code": "usage", "retryable": False}
    app.output.fail(failure, f"usage: {message}")
    return ExitCode.USAGE


def _failed(app: App, error: ClipmillError, fault: BaseException, code: ExitCode | None = None) -> int:
    from clipmill.jobs.outcome import Outcome
    from clipmill.storage.redact import redact

    text = f"{error.code}: {redact(error.message)}"
    if isinstance(error, InternalError) and not app.output.debug:
        text += "\nRun it again with --debug to see the traceback."
    app.output.fail(Outcome(error=error).wire(), text, fault)
    return exit_code(error) if code is None else code


def _unwritten(output: Output, cause: BaseException | None) -> int:
    """Whoever reads our result went away, or its disk is full: the rest of it is lost."""
    if isinstance(cause, BrokenPipeError):
        return ExitCode.NO_READER
    kind = DiskFullError if isinstance(cause, OSError) and cause.errno == errno.ENOSPC else StorageWriteFailedError
    error = kind(f"the result could not be written to stdout: {cause}. Free some space, or send it elsewhere.")
    replace(output, as_json=False).fail(error.to_json(), f"{error.code}: {error.message}")
    return exit_code(error)
