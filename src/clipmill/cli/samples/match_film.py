"""The film of the drawn match, made once for each folder."""

from fractions import Fraction
from pathlib import Path

from clipmill.cli.paths import key_of
from clipmill.cli.workplace import Workplace
from clipmill.engines.probe import probe
from clipmill.engines.sample_match import MatchTruth, draw_match, match_truth
from clipmill.errors import ClipmillError
from clipmill.function.stages import Stage
from clipmill.jobs.outcome import Outcome
from clipmill.jobs.progress import ProgressMeter
from clipmill.jobs.scratch import Scratch
from clipmill.storage.store import publish

LENGTH = Fraction(21)


def match_at(place: Workplace, path: Path) -> MatchTruth:
    """The truth of the match at ``path``; draws it unless it is there already."""
    truth = match_truth(LENGTH)
    if not _is_there(path, truth):
        _draw(place, path)
    return truth


def _is_there(path: Path, truth: MatchTruth) -> bool:
    try:
        video = probe(path).video
    except ClipmillError:
        return False
    return video is not None and (video.displayed, video.rate, video.frames) == (truth.size, truth.rate, truth.frames)


def _draw(place: Workplace, path: Path) -> None:
    scratch = Scratch.make(place.settings.scratch_root)
    try:
        with place.output.watching(path.name) as on_event:
            meter = ProgressMeter("demo", on_event, {Stage.PROCESSING: (0, 100)})
            with meter.beating():
                drawn = scratch.folder / path.name
                draw_match(drawn, seconds=LENGTH, on_progress=lambda done, total: _advance(place, meter, done, total))
                publish(place.machine.store, drawn, key_of(path), "video/mp4")
            meter.finish(Outcome(result={}))
    finally:
        scratch.remove()


def _advance(place: Workplace, meter: ProgressMeter, done: int, total: int) -> None:
    place.stop.check()
    meter.report(done, total, Stage.PROCESSING)
