"""The sound of a video, carried into another one as Opus, little by little so that it stays beside the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
from av.error import FFmpegError

RATE_HZ, BITS_PER_S, SAMPLES = 48_000, 96_000, 960  # Opus' own rate and frame


class Sound:
    """Does nothing where the video has no sound, or one that cannot be decoded; `there` tells."""

    def __init__(self, source: Path, out: av.container.OutputContainer) -> None:
        self._in = self._packets = None
        self._out, self._reached_s, self._start_s = out, -1.0, 0.0
        try:
            self._in = av.open(str(source), metadata_errors="replace")
            if self._in.streams.audio and self._in.streams.video:
                pictures = self._in.streams.video[0]
                self._start_s = float((pictures.start_time or 0) * pictures.time_base)  # the copy begins at its first frame
                self._stream = out.add_stream("libopus", rate=RATE_HZ, bit_rate=BITS_PER_S, layout="stereo")
                self._packets = self._encoded()
        except (FFmpegError, OSError, ValueError):
            self._packets = None

    @property
    def there(self) -> bool:
        return self._packets is not None

    def write(self, until_s: float) -> None:
        """Write the sound up to this time of the video."""
        while self._packets is not None and self._reached_s < until_s:
            packet = next(self._packets, None)
            if packet is None:
                break
            if packet.pts is not None:
                self._reached_s = float(packet.pts * packet.time_base)
            self._out.mux(packet)

    def close(self) -> None:
        if self._in is not None:
            self._in.close()
            self._in = None

    def _encoded(self) -> Iterator[av.Packet]:
        even = av.AudioResampler(format="flt", layout="stereo", rate=RATE_HZ, frame_size=SAMPLES)
        shift = round(self._start_s * RATE_HZ)
        try:
            for frame in self._in.decode(self._in.streams.audio[0]):
                for part in even.resample(frame):
                    yield from self._one(part, shift)
        except FFmpegError:  # damaged from here on: what came so far is kept
            pass
        for part in even.resample(None):
            yield from self._one(part, shift)
        yield from self._stream.encode(None)

    def _one(self, part: av.AudioFrame, shift: int) -> Iterator[av.Packet]:
        if part.pts is not None:
            part.pts -= shift
            if part.pts < 0:
                return
        yield from self._stream.encode(part)
