"""Files made to break, or to break out: each is opened in a process apart, so that a native crash fails its own case only."""

import ctypes
import os
import selectors
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from tests.engines.footage import MEDIA, needs_footage
from tests.media_factory import Recipe, make_video

SLOWEST_S = 20
IN_OPEN = 0x20

PROBING = """
import json, sys
from pathlib import Path
from clipmill.engines.probe import check_limits, probe, require_video
from clipmill.errors import ClipmillError
for line in sys.stdin:
    try:
        info = probe(Path(line.rstrip("\\n")))
        check_limits(info)
        require_video(info)
        verdict = "accepted"
    except ClipmillError as error:
        verdict = error.code
    except BaseException as error:
        verdict = f"leaked {error!r}"
    print(verdict, flush=True)
"""


class Prober:
    """A child process that answers for one file at a time, and is replaced when it dies or hangs."""

    def __init__(self) -> None:
        self._child = self._started()

    def verdict(self, path: Path) -> str:
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{path}\n")
        child.stdin.flush()
        with selectors.DefaultSelector() as waiting:
            waiting.register(child.stdout, selectors.EVENT_READ)
            answer = child.stdout.readline().strip() if waiting.select(SLOWEST_S) else "hung"
        if answer in ("", "hung"):
            self.close()
            self._child = self._started()
        return answer or f"crashed with code {child.returncode}"

    def close(self) -> None:
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()

    @staticmethod
    def _started() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROBING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )


@pytest.fixture(scope="module")
def prober():
    child = Prober()
    yield child
    child.close()


REFUSED = {
    "unsupported_codec": [
        "encrypted_unsupported/prog_8s_enc_dashinit.mp4",
        "encrypted_unsupported/sample_fragmented_clearkey.mp4",
        "fuzzed/crash-54c1f951.mp4",
        "fuzzed/crash-6f90f77a.mp4",
        "fuzzed/crash-bace90b3.mp4",
    ],
    "invalid_media": [
        "fuzzed/crash-167ecb9d.mp4",
        "fuzzed/crash-33e8554f.wav",
        "fuzzed/crash-a957fbea.avi",
        "fuzzed/crash-ecc981a6.avi",
        "image_bombs/decompression_bomb.gif",
        "image_bombs/decompression_bomb.ico",
        "image_bombs/oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif",
        "image_bombs/png_decompression_dos.png",
        "image_bombs/truncated_jpeg.jpg",
        "image_bombs/zero_width.gif",
        "lfi_ssrf/SSRF_url.svg",
        "lfi_ssrf/billion_laughs.xml",
        "lfi_ssrf/concat-list.txt",
        "lfi_ssrf/convert_local_etc_passwd.svg",
        "lfi_ssrf/etc_passwd.zip",
        "lfi_ssrf/imagemagick_CVE-2022-44268_convert_etc_passwd.png",
        "lfi_ssrf/read_passwd.avi",
        "lfi_ssrf/read_passwd_bypass.mp4",
        "lfi_ssrf/sd-hls.m3u8",
        "lfi_ssrf/ssrf_ffmpeg.avi",
        "lfi_ssrf/ssrf_svg_image.svg",
        "not_media/no_track_258b.mp4",
        "not_media/result.webm",
        "truncated_corrupt/bug-1655846.avif",
        "truncated_corrupt/sample_with_fake_auxiliary_tracks.mp4",
    ],
    "corrupt_media": [
        "fuzzed/crash-1b70cda1.mp4",
        "fuzzed/crash-2a6f2277.avi",
        "fuzzed/crash-a13e9c74.mp4",
        "fuzzed/crash-a4bbe8e0.mp4",
        "fuzzed/crash-c85bfb39.mp4",
        "not_media/WrongFile.mp4",
        "not_media/broken.mp4",
        "truncated_corrupt/invalid_userdata.mp4",
        "truncated_corrupt/sample_fragmented_uuid.mp4",
        "truncated_corrupt/sample_malformed_free_box.mp4",
        "truncated_corrupt/test_case_1185230.mp4",
        "truncated_corrupt/truncated-64bit.mp4",
        "truncated_corrupt/zero_empty_stsc.mp4",
    ],
}
PLAYABLE = [
    "encrypted_unsupported/vvc_400kbps_2s.mp4",
    "fuzzed/crash-cf60fec4.mp4",
    "truncated_corrupt/annex-b.mp4",
    "truncated_corrupt/corrupted.mp4",
    "truncated_corrupt/no-initial-keyframe.ts",
    "truncated_corrupt/no_timescale.mp4",
    "truncated_corrupt/sample_empty_track.mp4",
    "truncated_corrupt/sample_with_invalid_nalu.mp4",
    "truncated_corrupt/video_colr_nclx_hlg.mp4",
]
"""Files in which at least a picture can be decoded; what is damaged further on is the decoder's to find."""


@needs_footage
@pytest.mark.parametrize(("name", "code"), [(name, code) for code, names in REFUSED.items() for name in names])
def test_a_broken_file_is_refused_with_its_code(prober, name, code):
    assert prober.verdict(MEDIA / "bad" / name) == code


@needs_footage
@pytest.mark.parametrize("name", PLAYABLE)
def test_a_damaged_file_with_pictures_is_accepted(prober, name):
    assert prober.verdict(MEDIA / "bad" / name) == "accepted"


@needs_footage
def test_every_bad_file_has_its_verdict_here():
    files = {str(path.relative_to(MEDIA / "bad")) for path in (MEDIA / "bad").rglob("*") if path.is_file()}
    assert files == {*PLAYABLE, *(name for names in REFUSED.values() for name in names)}


class OpenWatch:
    """Notices whether anyone opens a file."""

    def __init__(self, path: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self._descriptor, os.fsencode(path), IN_OPEN) >= 0

    def opened(self) -> bool:
        try:
            return bool(os.read(self._descriptor, 4096))
        except BlockingIOError:
            return False

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def secret(tmp_path):
    """A real video that nobody may open."""
    return make_video(tmp_path / "secret.mp4", Recipe(size=(320, 180), frames=5, sound=None))


@pytest.fixture
def watch(secret):
    if sys.platform != "linux":
        pytest.skip("watches files through inotify")
    watching = OpenWatch(secret)
    yield watching
    watching.close()


@pytest.fixture
def listener():
    """A socket on this machine that nobody may connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def connections(server):
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return 0
    return 1


def test_the_watch_sees_a_file_being_opened(secret, watch):
    assert not watch.opened()
    secret.read_bytes()
    assert watch.opened()


def hls(target: str) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"


def dash(target: str) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S">'
        f'<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL>'
        "</Representation></AdaptationSet></Period></MPD>"
    )


LISTS = {
    "hls": hls,
    "dash": dash,
    "concat": lambda target: f"ffconcat version 1.0\nfile {target}\n",
    "svg": lambda target: f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>',
    "sdp": lambda target: f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns={target}\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", ["goal.mp4", "list.m3u8", "list.mpd", "list.ffconcat", "list.svg"])
@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_other_files_is_refused_and_none_of_them_opened(prober, secret, watch, kind, name):
    playlist = secret.parent / name
    playlist.write_text(LISTS[kind](secret.name))
    assert prober.verdict(playlist) == "invalid_media"
    playlist.write_text(LISTS[kind](secret.as_uri()))
    assert prober.verdict(playlist) == "invalid_media"
    assert not watch.opened()


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_of_addresses_is_refused_and_none_of_them_called(prober, tmp_path, listener, kind):
    playlist = tmp_path / "goal.mp4"
    playlist.write_text(LISTS[kind](f"http://127.0.0.1:{listener.getsockname()[1]}/goal.ts"))
    assert prober.verdict(playlist) == "invalid_media"
    assert connections(listener) == 0


def test_a_video_whose_samples_lie_in_another_file_does_not_open_it(prober, tmp_path, secret, watch):
    referring = tmp_path / "referring.mov"
    own = make_video(tmp_path / "own.mp4", Recipe(size=(320, 180), frames=5, sound=None, moov_first=False))
    referring.write_bytes(with_external_samples(own.read_bytes(), secret))
    prober.verdict(referring)
    assert not watch.opened()


@needs_footage
@pytest.mark.parametrize("name", ["read_passwd.avi", "read_passwd_bypass.mp4"])
def test_a_playlist_hidden_in_subtitles_does_not_reach_the_file_it_names(prober, tmp_path, name):
    # The real attack, with a name of the same length in place of /etc/passwd.
    victim = Path("/tmp") / f"v{os.getpid() % 100000:05}"
    data = (MEDIA / "bad/lfi_ssrf" / name).read_bytes()
    assert b"/etc/passwd" in data
    hostile = tmp_path / "clip.avi"
    hostile.write_bytes(data.replace(b"/etc/passwd", os.fsencode(victim)))
    victim.write_text("secret\n")
    watching = OpenWatch(victim)
    try:
        assert prober.verdict(hostile) == "invalid_media"
        assert not watching.opened()
    finally:
        watching.close()
        victim.unlink()


def with_external_samples(data: bytes, target: Path) -> bytes:
    """The movie with a Macintosh alias to ``target`` in place of "the samples are in this file"; its index must be last."""
    chain = box_chain(data, [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"], 0, len(data))
    at = chain[-1]
    old = int.from_bytes(data[at : at + 4], "big")
    reference = alias(target)
    entry = struct.pack(">I4sI", 12 + len(reference), b"alis", 0) + reference
    grown = bytearray(data[: at + 16] + entry + data[at + old :])
    for box in chain:
        length = int.from_bytes(data[box : box + 4], "big") + 16 + len(entry) - old
        grown[box : box + 4] = length.to_bytes(4, "big")
    return bytes(grown)


def box_chain(data: bytes, kinds: list[bytes], start: int, end: int) -> list[int]:
    """Where the first box of each kind begins, each inside the one before."""
    while start < end:
        length = int.from_bytes(data[start : start + 4], "big")
        if data[start + 4 : start + 8] == kinds[0]:
            inner = box_chain(data, kinds[1:], start + 8, start + length) if kinds[1:] else []
            return [start, *inner]
        start += length
    raise AssertionError(f"no {kinds[0]!r} box")


def alias(target: Path) -> bytes:
    """A Macintosh alias record with the path as a volume, colons and all."""
    path = b"disk:" + os.fsencode(target)[1:].replace(b"/", b":")
    name = os.fsencode(target.name)
    record = struct.pack(">10x28p12x64p16xhh16x", b"disk", name, 3, 3) + struct.pack(">hh", 2, len(path)) + path
    return record + b"\0" * (len(path) % 2) + struct.pack(">hh", -1, 0)


def test_the_verdicts_are_those_of_the_product(prober, secret):
    assert prober.verdict(secret) == "accepted"
    assert prober.verdict(Path(__file__)) == "invalid_media"
