"""A small football match to try everything on: drawn by a seeded program in seconds, with its truth beside it."""

from clipmill.engines.sample_match.film import draw_match
from clipmill.engines.sample_match.story import Player, Team
from clipmill.engines.sample_match.truth import MatchTruth, Moment, match_truth

__all__ = ["MatchTruth", "Moment", "Player", "Team", "draw_match", "match_truth"]
