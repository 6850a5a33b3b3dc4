from fractions import Fraction

import pytest
from tests.functions.truth import RATES, Truth, framed
from tests.media_factory import VARIANTS, frame_numbers


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("name", VARIANTS)
def test_every_output_frame_shows_the_source_frame_on_screen_at_its_time(world, videos, name, fps):
    truth = Truth(VARIANTS[name])
    output = framed(world, videos(name), fps=fps)
    assert frame_numbers(output, truth.recipe.displayed, truth.centre) == truth.numbers(RATES[fps] or truth.rate)
