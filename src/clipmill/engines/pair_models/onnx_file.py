"""Networks of other people, as ONNX files.

A file has the inputs ``first`` and ``second``, uint8 of shape (pairs, height, width, 3) with all but the last free, and
one output of shape (pairs, 5): probabilities in the order same, different, empty_empty, empty_valid, valid_empty.
"""

from pathlib import Path
from typing import Any

from clipmill.engines.pair_models.model import Frames, PairContext, Rows, check_frames, checked_rows
from clipmill.engines.pair_models.network_file import checked_file, session
from clipmill.errors import InvalidParameterError

INPUTS = ("first", "second")


class OnnxFile:
    """A network that gets the pairs at full size and resizes them itself."""

    version = "1"

    def __init__(self, name: str, path: Path, sha256: str, threads: int) -> None:
        self.name, self.sha256 = name, sha256.casefold()
        self._session: Any = session(checked_file(path, sha256, "Send the digest of the file that is meant."), threads)
        inputs = tuple(sorted(one.name for one in self._session.get_inputs()))
        if inputs != INPUTS or len(self._session.get_outputs()) != 1:
            raise InvalidParameterError(
                f"{name}: expected a network with the inputs first and second and one output, got inputs {inputs} "
                f"and {len(self._session.get_outputs())} outputs."
            )

    def predict(self, first: Frames, second: Frames, context: PairContext) -> Rows:
        """One row for each pair."""
        del context
        check_frames(first, second)
        return checked_rows(self._session.run(None, {"first": first, "second": second})[0], len(first), self.name)
