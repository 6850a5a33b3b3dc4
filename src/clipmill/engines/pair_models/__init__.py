"""What tells whether a caption starts, stays, changes or ends between two neighbouring frames."""

from clipmill.engines.pair_models.choice import TEXTCHANGE, pair_model
from clipmill.engines.pair_models.model import PairContext, PairModel, PairSequence, both_ways, sequence_of

__all__ = ["TEXTCHANGE", "PairContext", "PairModel", "PairSequence", "both_ways", "pair_model", "sequence_of"]
