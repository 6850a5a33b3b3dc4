from typing import Any

import pytest

from clipmill.errors import InvalidKeyError, InvalidRequestError
from clipmill.functions.catalog import load_function
from clipmill.media.spots import Effect
from clipmill.runners.runpod.calls import MOST_ATTEMPTS, read_call

EDITOR = {"job_id": "export_1", "type": "framing", "input_video_key": "raw/match.mp4", "params": {"rotation": 2}}


def test_the_input_of_an_editor_is_a_call_of_process_video():
    call = read_call(EDITOR, "")
    assert (call.job.id, call.job.function, call.job.tenant) == ("export_1", "process_video", "")
    assert call.job.request == {
        "job_type": "framing",
        "input_key": "raw/match.mp4",
        "output_key": "output/export_1/video.mp4",
        "params": {"rotation": 2},
    }
    assert (call.callback_url, call.attempts, call.names_video) == (None, MOST_ATTEMPTS, True)


def test_a_user_owns_the_objects_else_the_tenant_of_the_worker_does():
    assert read_call(EDITOR, "studio").job.tenant == "studio"
    assert read_call(EDITOR | {"user_id": "team/7"}, "studio").job.tenant == "team/7"


def overlay(**params: Any) -> tuple[Effect, float]:
    """Effect and stroke width of an editor's overlay, as the function will read them."""
    call = read_call(EDITOR | {"type": "overlay", "params": params}, "")
    keys = {"input_key": "raw/match.mp4", "output_key": "out.mp4"}
    looks = load_function("render_overlay").parse({**call.job.request["params"], **keys})
    return looks.effect_type, looks.overlay_settings.stroke_width


def test_an_overlay_blurs_without_a_stroke_unless_it_is_told_otherwise():
    assert overlay() == (Effect.BLUR, 0)
    assert overlay(effect_type="spotlight") == (Effect.SPOTLIGHT, 0)


def test_a_parameter_under_its_other_name_goes_before_the_default():
    assert overlay(effectType="original", overlaySettings={"strokeWidth": 3}) == (Effect.ORIGINAL, 3)


def test_any_function_of_the_catalogue_can_be_called():
    call = read_call({"function": "probe", "request": {"input_key": "a.mp4"}, "user_id": "me", "attempts": 1}, "")
    assert (call.job.function, call.job.request, call.job.tenant, call.attempts) == (
        "probe", {"input_key": "a.mp4"}, "me", 1,
    )  # fmt: skip
    assert call.job.id.startswith("job_")
    assert not call.names_video


@pytest.mark.parametrize("given", [None, "text", {}, EDITOR | {"speed": 2}, EDITOR | {"job_id": 7}])
def test_what_cannot_be_meant_is_refused(given: Any):
    with pytest.raises(InvalidRequestError):
        read_call(given, "")


def test_an_id_that_would_leave_its_folder_is_refused():
    with pytest.raises(InvalidKeyError):
        read_call(EDITOR | {"job_id": "../x"}, "")
