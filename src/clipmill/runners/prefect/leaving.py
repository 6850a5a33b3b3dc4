"""How a flow tells Prefect that it ends without having done its work."""

import signal
from typing import Any

from prefect.client.schemas.objects import State
from prefect.exceptions import Pause, TerminationSignal
from prefect.states import Cancelled

from clipmill.runners.prefect.telling import Stop


def left(why: Stop) -> State[Any]:
    """The state of a flow that was cancelled; what others are to begin again is a signal."""
    match why:
        case Stop.CANCELLED:
            return Cancelled(message="cancelled")
        case Stop.TAKEN_AWAY:
            # Prefect calls this a crash: the work was neither done nor refused.
            raise TerminationSignal(signal.SIGTERM)
        case Stop.NO_PLACE:
            # The server has it in its queue again; the state of a run that pauses is left as it is.
            raise Pause
