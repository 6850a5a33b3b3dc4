"""What a deployment decides about messages to the outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from clipmill.jobs.webhooks.signing import key_of


@dataclass(frozen=True)
class Policy:
    """Public addresses over https, unless ``http`` or ``private`` allow more.

    ``secrets`` sign messages to the address of a single job, the newest first; without any they go unsigned.
    """

    http: bool = False
    private: bool = False
    secrets: Sequence[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for secret in self.secrets:
            key_of(secret)
