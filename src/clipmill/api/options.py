"""What a deployment decides about its HTTP face."""

from dataclasses import dataclass, field

from clipmill.jobs.webhooks.policy import Policy


@dataclass(frozen=True)
class ApiOptions:
    """``tenant`` is whose jobs a service has that has no keys and serves this machine only.

    ``origins`` are the pages that browsers let in, such as ``https://editor.example.com``. Watchers are connections
    that wait for what happens to jobs.
    """

    tenant: str = "local"
    metrics: bool = False
    origins: tuple[str, ...] = ()
    watchers: int = 2000
    watchers_per_tenant: int = 200
    tick_s: float = 0.1
    heartbeat_s: float = 15.0
    links_last_s: int = 3600
    webhooks: Policy = field(default_factory=Policy)
