import json

from clipmill.function.results import ChapterEntry, Result, Warn


def result(**more) -> Result:
    told = {"output_key": "o.mp4", "duration": 2.0, "frames": 60, "width": 1080, "height": 1920}
    return Result(**told | {"fps": "30/1", "audio": "encoded", "encoder": "x264"} | more)


def test_a_result_has_every_field_of_the_specification():
    assert set(result().to_json()) == {
        "status",
        "output_key",
        "duration",
        "frames",
        "width",
        "height",
        "fps",
        "audio",
        "encoder",
        "warnings",
        "timings",
        "copied_ranges",
        "chapters",
        "upscale",
        "cache",
    }
    timings = result().to_json()["timings"]
    stages = ("queue", "download", "prepare", "process", "encode", "upload", "publish", "total", "gpu")
    assert set(timings) == {f"{stage}_s" for stage in stages}
    assert result().to_json()["upscale"] == {"requested": "never", "used": "none", "scale": 1}
    assert result().to_json()["cache"] == {"hits": 0, "misses": 0}


def test_a_result_reads_back_from_its_json():
    told = result(
        warnings=[Warn.model_validate({"code": "frames_concealed", "message": "3 frames", "count": 3})],
        chapters=[ChapterEntry(index=0, title="a=b;c#d 🎉", start=0, end=1.5)],
        copied_ranges=[(0.0, 1.5)],
    )
    assert Result.model_validate(json.loads(json.dumps(told.to_json()))) == told


def test_a_warning_carries_what_belongs_to_its_code():
    warning = Warn.model_validate({"code": "frames_concealed", "message": "3 frames", "count": 3})
    assert warning.model_dump() == {"code": "frames_concealed", "message": "3 frames", "count": 3}
