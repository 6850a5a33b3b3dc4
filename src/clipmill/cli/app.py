"""The verbs of the command line, each loaded when it is used, and what every one of them gets."""

import difflib
from collections.abc import Mapping
from importlib import import_module

import click

from clipmill import __version__
from clipmill.cli.output import Output

VERBS: Mapping[str, str] = {
    "demo": "Render a vertical reel from a match that is drawn on the spot, or from a file of yours.",
    "reel": "Export the clips of a JSON file as one video.",
    "concat": "Join finished clips, with transitions and chapters.",
    "clips": "Cut the moments of a table out of a video.",
    "overlay": "Draw highlights and text onto a video.",
    "upscale": "Make a video larger by super-resolution.",
    "captions": "Read the captions burnt into a video, timed to the frame.",
    "frame": "Draw one frame as PNG, exactly as the export will show it.",
    "probe": "Tell what a media file is.",
    "plan": "Tell what would be rendered, without rendering it.",
    "run": "Run any function with a JSON request.",
    "serve": "Serve jobs over HTTP, and carry them out on this machine.",
    "keys": "Make, list and revoke the API keys of the service.",
    "jobs": "Send jobs to a service, watch them, and stop them.",
    "usage": "Tell what was used in a span of time, and what it cost.",
    "deploy": "Bring the functions to a platform, and look up every one of them.",
    "models": "Fetch, list and verify the weights of super-resolution.",
    "functions": "List the functions on offer.",
    "schema": "Print the JSON schema of a function's request and result.",
    "doctor": "Try out this machine and a store, and say what is missing.",
}
"""Every verb and its summary; `clipmill.cli.verbs` has a module of the same name."""


class App:
    """The functions on offer, and how to speak."""

    def __init__(self, catalogue: Mapping[str, str] | None = None, output: Output | None = None) -> None:
        self._catalogue = catalogue
        self.output = output or Output()

    @property
    def catalogue(self) -> Mapping[str, str]:
        if self._catalogue is None:
            from clipmill.functions.catalog import CATALOG

            self._catalogue = CATALOG
        return self._catalogue


class Verbs(click.Group):
    """Knows every verb by name and summary, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in VERBS:
            return None
        module = import_module(f"clipmill.cli.verbs.{cmd_name}")
        return getattr(module, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], VERBS, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Verbs: {', '.join(VERBS)}."
            raise click.UsageError(f"there is no verb {args[0]!r:.80}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(
    cls=Verbs,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="clipmill")
def clipmill() -> None:
    """Video functions for sports highlights, exact to the frame.

    Results go to stdout, everything else to stderr. Exit codes: 0 ok, 1 bug, 2 usage, 3 input rejected, 4 not found
    or not allowed, 5 part of a batch failed, 6 time or limit hit, 7 storage or network, 8 out of space or memory,
    9 cancelled, 130 interrupted.
    """
