"""``clipmill functions``: the catalogue."""

from typing import Any

import click

from clipmill.cli.app import App
from clipmill.cli.options import speaking
from clipmill.cli.wording import columns
from clipmill.workflows.catalog import WORKFLOWS


@click.command()
@speaking
def functions(app: App) -> None:
    """List the functions on offer.

    Each takes a JSON request (`clipmill schema NAME`) and runs by `clipmill run NAME`.
    """
    from clipmill.functions.catalog import load_function

    listed: list[dict[str, Any]] = []
    for name in app.catalogue:
        function = load_function(name, app.catalogue)
        needs = function.needs
        listed.append(
            {
                "name": name,
                "kind": "function",
                "summary": function.summary,
                "needs": {
                    "gpu": needs.gpu.value,
                    "memory_gb": needs.memory_gb,
                    "timeout_s": needs.timeout_s,
                    "retries": needs.retries,
                },
            }
        )
    for name, workflow in WORKFLOWS.items():
        listed.append({"name": name, "kind": "workflow", "summary": workflow.summary, "needs": None})
    app.output.result({"functions": listed}, columns(_row(entry) for entry in listed))


def _row(entry: dict[str, Any]) -> tuple[str, str, str]:
    needs = entry["needs"]
    if needs is None:
        return entry["name"], "as its steps", entry["summary"]
    gpu = "no GPU" if needs["gpu"] == "none" else f"{needs['gpu']} GPU helps"
    return entry["name"], f"{gpu}, {needs['memory_gb']} GB, {needs['timeout_s']} s", entry["summary"]
