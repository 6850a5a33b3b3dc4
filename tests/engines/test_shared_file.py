import io
import threading
from fractions import Fraction
from pathlib import Path

from tests.media_factory import Recipe, Sound, frame_numbers, make_video

from clipmill.engines.shared_file import SharedFile
from clipmill.engines.source import open_container


def test_readers_of_one_file_keep_their_own_places():
    file = io.BytesIO(bytes(range(100)))
    first, second = SharedFile(file), SharedFile(file)
    assert first.read(3) == bytes([0, 1, 2])
    second.seek(-2, io.SEEK_END)
    assert second.read(5) == bytes([98, 99])
    assert (first.read(2), first.tell(), second.tell()) == (bytes([3, 4]), 5, 100)


def test_the_file_stays_open_for_its_owner():
    file = io.BytesIO(b"bytes")
    SharedFile(file).close()
    assert file.read() == b"bytes"


def test_readers_in_several_threads_never_mix_their_bytes():
    file = io.BytesIO(bytes(range(256)) * 400)
    wrong: list[int] = []

    def read(start: int) -> None:
        mine = SharedFile(file)
        for step in range(300):
            place = (start * 37 + step * 101) % 100_000
            mine.seek(place)
            if mine.read(64) != bytes((place + n) % 256 for n in range(64)):
                wrong.append(place)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_picture_and_sound_of_one_reader_can_be_read_in_turn(tmp_path: Path):
    path = make_video(tmp_path / "v.mp4", Recipe(rate=Fraction(30), frames=60, sound=Sound()))
    file = io.BytesIO(path.read_bytes())
    with open_container(file) as picture, open_container(file) as sound:
        frames, heard = picture.decode(video=0), sound.decode(audio=0)
        times = []
        for frame in frames:
            times.append(frame.pts)
            next(heard, None)
    assert len(times) == len(set(times)) == len(frame_numbers(path)) == 60
