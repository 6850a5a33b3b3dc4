import pytest
from tests.engines.pair_models.bands import CONTEXT, bands

from clipmill.engines.pair_models import both_ways, pair_model
from clipmill.engines.pair_models.strokes import product_rule
from clipmill.media.captions.boundaries import derive_captions


@pytest.mark.parametrize(
    ("first", "second", "similarity", "row"),
    [
        (0.9, 0.8, 0.5, (0.36, 0.36, 0.02, 0.08, 0.18)),
        (1.0, 1.0, 1.0, (1, 0, 0, 0, 0)),
        (1.0, 1.0, 0.25, (0.25, 0.75, 0, 0, 0)),
        (0.0, 1.0, 0.5, (0, 0, 0, 1, 0)),
        (1.0, 0.0, 0.5, (0, 0, 0, 0, 1)),
        (0.0, 0.0, 0.9, (0, 0, 1, 0, 0)),
    ],
)
def test_presence_and_similarity_give_the_five_classes(first, second, similarity, row):
    assert product_rule(first, second, similarity) == pytest.approx(row)


def test_captions_over_a_still_background_are_found_without_weights():
    frames = bands("", "Good morning", "Good morning", "Who is there?", "")
    model = pair_model("strokes", 1)
    assert model.sha256 == ""
    assert [(one.start_frame, one.end_frame) for one in derive_captions(*both_ways(model, frames, CONTEXT))] == [
        (1, 3),
        (3, 4),
    ]
