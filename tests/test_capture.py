"""Real video files, written here frame by frame, and a real camera over HTTP."""

import time

import av
import films
import numpy as np
import pytest

from facegui import image
from facegui.capture import Stream, VideoFile, VideoSink, is_live
from facegui.capture.live import shown_source
from facegui.types import VideoError

TIMES = [0.0, 0.1, 0.12, 0.4, 0.42, 0.44, 1.0, 1.2, 2.0, 2.04]  # a variable frame rate
LEVELS = [20 * number for number in range(len(TIMES))]


def levels(frames):
    return [float(frame.pixels.mean()) for frame in frames if frame.pixels is not None]


@pytest.fixture
def uneven(tmp_path):
    return films.write(tmp_path / "uneven.mp4", [films.grey(level) for level in LEVELS], TIMES)


def test_every_frame_comes_in_order_with_its_own_time(uneven):
    with VideoFile(uneven) as video:
        frames = list(video.frames())
    assert [frame.number for frame in frames] == list(range(len(TIMES)))
    np.testing.assert_allclose([frame.time_s for frame in frames], TIMES, atol=2e-3)
    np.testing.assert_allclose(levels(frames), LEVELS, atol=6)
    assert films.readers() == []


def test_a_rate_chooses_frames_by_time_and_tells_of_the_others(uneven):
    with VideoFile(uneven) as video:
        frames = list(video.frames(rate=5))
    wanted, due = [], 0.0
    for number, time_s in enumerate(TIMES):  # at least half a step apart, and one as soon as a step is over
        if time_s >= due - 1e-6:
            wanted.append(number)
            due = max(due + 0.2, time_s + 0.1)
    assert [frame.number for frame in frames if frame.pixels is not None] == wanted
    assert len(frames) == len(TIMES)
    with VideoFile(uneven) as video:
        assert [frame.number for frame in video.frames(rate=5, only=True)] == wanted


def test_a_film_held_upright_is_upright(tmp_path):
    pixels = films.grey(0, (160, 120))
    pixels[:30] = 255  # a bar along the top of the sensor
    path = tmp_path / "turned.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.set_display_rotation(90)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())
    with VideoFile(path) as video:
        (frame,) = video.frames()
        assert (video.width, video.height) == (120, 160) == frame.pixels.shape[1::-1]
    left, right = frame.pixels[:, :30].mean(), frame.pixels[:, -30:].mean()
    assert {round(left / 255), round(right / 255)} == {0, 1} and frame.pixels[:30, 40:80].mean() < 20


def test_stopping_early_ends_the_decoder(uneven):
    with VideoFile(uneven) as video:
        for frame in video.frames():
            if frame.number == 1:
                break
        del frame
    assert films.readers() == []


BAD = {"empty.mp4": (b"", "empty"), "letter.mp4": (b"Dear Ana, this is no film. " * 90, "not a video"),
        "list.m3u8": (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not a video"),
        "script.mp4": (b"ffconcat version 1.0\nfile x", "not a video"),
       "photo.mp4": (image.encode_jpeg(films.grey(9)), "picture"), "noise.mp4": (b"\x00\x00\x00\x20ftypisom" + bytes(3000), "damaged")}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_video_is_a_sentence(tmp_path, name):
    data, words = BAD[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(VideoError, match=words) as said, VideoFile(tmp_path / name) as video:
        list(video.frames())
    assert name.split(".")[0] in str(said.value) and ";" in str(said.value)


def test_folders_missing_files_and_cut_off_ones(tmp_path, uneven):
    for path, words in ((tmp_path, "folder"), (tmp_path / "nowhere.mp4", "does not exist")):
        with pytest.raises(VideoError, match=words):
            VideoFile(path)
    (tmp_path / "half.mp4").write_bytes(uneven.read_bytes()[:900])  # its table stands at the end
    with pytest.raises(VideoError, match="damaged"):
        VideoFile(tmp_path / "half.mp4")
    whole = films.write(tmp_path / "long.webm", [films.grey(n) for n in range(100)], [n / 5 for n in range(100)], "libvpx-vp9")
    (tmp_path / "cut.webm").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    for name, incomplete in (("long.webm", False), ("cut.webm", True)):
        with VideoFile(tmp_path / name) as video:
            *_, last = video.frames(1)
            assert ("incomplete" in video.missing(last.time_s)) == incomplete


def test_what_is_written_is_read_back_with_its_times(tmp_path):
    with VideoSink(tmp_path / "out.webm", 161, 121) as sink:
        for level, time_s in zip(LEVELS, TIMES, strict=True):
            sink.add(films.grey(level, (161, 121)), time_s)
    with VideoFile(tmp_path / "out.webm") as video:
        frames = list(video.frames())
        assert (video.width, video.height) == (160, 120)
    np.testing.assert_allclose([frame.time_s for frame in frames], TIMES, atol=2e-3)
    np.testing.assert_allclose(levels(frames), LEVELS, atol=6)


def test_a_video_is_complete_or_not_there(tmp_path):
    (tmp_path / "out.webm").write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), VideoSink(tmp_path / "out.webm", 160, 120) as sink:
        sink.add(films.grey(1), 0)
        raise KeyboardInterrupt
    assert [one.name for one in tmp_path.iterdir()] == ["out.webm"] and (tmp_path / "out.webm").read_bytes() == b"before"
    with pytest.raises(VideoError, match="webm"):
        VideoSink(tmp_path / "out.mp4", 160, 120)
    with pytest.raises(VideoError, match="cannot be written"):
        VideoSink(tmp_path / "nowhere" / "out.webm", 160, 120)


def test_the_sound_is_kept(tmp_path):
    source = films.write(tmp_path / "loud.mp4", [films.grey(n) for n in range(40)], [n / 20 for n in range(40)], tone=440)
    silent = films.write(tmp_path / "silent.mp4", [films.grey(n) for n in range(5)], [n / 20 for n in range(5)])
    for path, kept in ((source, True), (silent, False)):
        with VideoFile(path) as video, VideoSink(tmp_path / "out.webm", 160, 120, sound_of=path) as sink:
            for frame in video.frames():
                sink.add(frame.pixels, frame.time_s)
            assert sink.sound == kept
    with VideoFile(source) as video, VideoSink(tmp_path / "out.webm", 160, 120, sound_of=source) as sink:
        for frame in video.frames():
            sink.add(frame.pixels, frame.time_s)
    with av.open(str(tmp_path / "out.webm")) as made:
        wave = np.concatenate([frame.to_ndarray()[0] for frame in made.decode(audio=0)])
        rate = made.streams.audio[0].rate
    assert abs(len(wave[::2]) / rate - 1.95) < 0.15 or abs(len(wave) / rate - 1.95) < 0.15
    strongest = np.argmax(np.abs(np.fft.rfft(wave))) / len(wave)  # interleaved channels halve the frequency
    assert min(abs(strongest * rate - 440), abs(strongest * 2 * rate - 440)) < 5


def test_sources_are_told_apart_and_passwords_stay_out_of_messages():
    assert [is_live(one) for one in ("0", "rtsp://a/b", "HTTP://a", "film.mp4", "/dev/video0")] == [True, True, True, False, False]
    assert shown_source("rtsp://ana:bright-sky@10.0.0.5/1") == "rtsp://10.0.0.5/1" and shown_source("2") == "camera 2"
    with pytest.raises(VideoError, match="cannot be reached") as said:
        Stream("http://ana:bright-sky@127.0.0.1:9/x")
    assert "bright" not in str(said.value)
    with pytest.raises(VideoError, match="camera 63 cannot be opened"):
        Stream("63")


def test_a_slow_reader_gets_the_newest_frame_alone(tmp_path):
    with films.mjpeg([films.grey(level) for level in range(0, 250, 10)], fps=25) as (address, camera), Stream(address) as stream:
        first = stream.newest()
        before = camera.served
        while camera.served < before + 20:
            time.sleep(0.02)
        late = stream.newest()
        assert late.number >= first.number + 10, "frames in between are dropped"
        assert stream.newest().number > late.number, "no frame is given twice"
        assert late.time_s > first.time_s
    assert films.readers() == []


def test_a_lost_stream_is_reached_again_and_given_up_in_the_end():
    said = []
    with films.mjpeg([films.grey(50), films.grey(60)]) as (address, camera), Stream(address, said.append, patience_s=1.5) as stream:
        stream.newest()
        camera.drop()
        while camera.connections < 2:
            stream.newest()
        assert "again" in said[0] and "back" in said[1]
        camera.refuse = True
        camera.drop()
        with pytest.raises(VideoError, match="could not be reached again"):
            while True:
                stream.newest()
    assert films.readers() == []


def test_a_finished_video_behind_an_address_is_no_live_picture(tmp_path):
    import functools
    import http.server
    import threading

    films.write(tmp_path / "film.mp4", [films.grey(9)] * 20, [n / 10 for n in range(20)])
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(VideoError, match="download it"):
            Stream(f"http://127.0.0.1:{server.server_port}/film.mp4")
        server.shutdown()
