"""Whether this machine can do the work: libraries, codecs, scratch space, limits, and a render that really runs."""

import os
import platform
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from clipmill.cli.examination.card import card_checks
from clipmill.cli.examination.checks import Check
from clipmill.cli.wording import size_text
from clipmill.errors import DiskFullError, EngineError, LimitExceededError, UnsupportedCodecError
from clipmill.jobs.job import Job, new_job_id
from clipmill.jobs.limits import GIB
from clipmill.jobs.perform import perform
from clipmill.jobs.scratch import Scratch
from clipmill.settings import Settings, cores
from clipmill.storage.open import open_store

FORMATS = {
    "H.264": ("264",),
    "HEVC": ("hevc", "265"),
    "VP9": ("vp9",),
    "AV1": ("av1",),
    "ProRes": ("prores",),
    "AAC": ("aac",),
    "MP3": ("mp3",),
    "Opus": ("opus",),
}
"""What cameras and editors write, and parts of the names by which PyAV lists it: the decoder's or the encoder's."""
SCRATCH_NEEDED = 2 * GIB
FILES_NEEDED = 256
_PATIENCE_S = 60


def machine_checks(settings: Settings, catalogue: Mapping[str, str]) -> Iterator[Check]:
    """Everything to try out on this machine, cheap things first."""
    yield Check("python", lambda: f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield Check("machine", _hardware)
    yield Check("libav", _libav)
    yield Check("decoders", _decoders, needed=False)
    yield Check("scratch", lambda: _scratch(settings.scratch_root))
    yield Check("limits", _limits)
    yield Check("render", lambda: _render(settings, catalogue))
    yield from card_checks(settings)
    yield Check("nvenc", _nvenc, needed=False)


def _hardware() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{cores()} cores, {size_text(memory)} of memory"


def _libav() -> str:
    words = _av("--version").splitlines()
    versions = [line.split(maxsplit=1) for line in words if line.startswith(("PyAV", "libavcodec", "libavformat"))]
    return ", ".join(f"{name} {number.replace(' ', '').removeprefix('v')}" for name, number in versions)


def _decoders() -> str:
    rows = [line.split() for line in _av("--codecs").splitlines()]
    decoded = [row[1] for row in rows if len(row) > 1 and row[0].startswith("D")]
    found = {title for title, parts in FORMATS.items() if any(part in name for part in parts for name in decoded)}
    missing = [title for title in FORMATS if title not in found]
    if missing:
        raise UnsupportedCodecError(f"this build of PyAV cannot read {', '.join(missing)}. Install the wheel of PyAV.")
    return ", ".join(FORMATS)


def _av(option: str) -> str:
    """What PyAV says of itself, in a process of its own: a library that cannot load is a finding, not our end."""
    asked = subprocess.run(
        [sys.executable, "-m", "av", option], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    if asked.returncode:
        raise EngineError(f"PyAV does not load: {(asked.stderr.strip() or 'no message').splitlines()[-1]}")
    return asked.stdout


def _scratch(root: Path) -> str:
    scratch = Scratch.make(root)
    try:
        (scratch.folder / "trial").write_bytes(bytes(1024 * 1024))
        free = shutil.disk_usage(scratch.folder).free
    finally:
        scratch.remove()
    if free < SCRATCH_NEEDED:
        raise DiskFullError(
            f"{root} has {size_text(free)} free, expected {size_text(SCRATCH_NEEDED)}. Free some, or set CLIPMILL_SCRATCH."
        )
    return f"{root} can be written, {size_text(free)} free"


def _limits() -> str:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < FILES_NEEDED:
        raise LimitExceededError(
            f"at most {files} open files, expected {FILES_NEEDED}. Raise it: ulimit -n {FILES_NEEDED}."
        )
    kinds = {"memory": resource.RLIMIT_DATA, "address space": resource.RLIMIT_AS, "file size": resource.RLIMIT_FSIZE}
    bounds = {name: resource.getrlimit(kind)[0] for name, kind in kinds.items()}
    bounded = [f"{name} {size_text(value)}" for name, value in bounds.items() if value != resource.RLIM_INFINITY]
    return f"{files} open files, " + (", ".join(bounded) or "no other limit")


def _render(settings: Settings, catalogue: Mapping[str, str]) -> str:
    """Draw a second of a match, frame it in a child process, as every job is carried out."""
    from clipmill.engines.sample_match import draw_match

    started = time.monotonic()
    store = open_store("memory://", {})
    scratch = Scratch.make(settings.scratch_root)
    try:
        drawn = scratch.folder / "trial.mp4"
        draw_match(drawn, seconds=Fraction(1), size=(640, 360))
        store.upload(drawn, "trial.mp4")
    finally:
        scratch.remove()
    request = {
        "input_key": "trial.mp4",
        "output_key": "framed.mp4",
        "output_width": 360,
        "output_height": 640,
        "quality": "draft",
        "encoder": "x264",
    }
    machine = replace(settings.machine(store, catalogue), shared_prefixes=())
    result = perform(Job(new_job_id(), "process_framing", request, kept=False), machine).value()
    return f"{result['frames']} frames framed by {result['encoder']} in a child process, {time.monotonic() - started:.1f} s"


def _nvenc() -> str:
    from clipmill.engines.encoders import available_codec
    from clipmill.media.choices import EncoderChoice

    return f"{available_codec(EncoderChoice.NVENC).value} encoded a trial frame"
