"""From the bytes of an audio file to blocks of samples, whatever the container.

libsndfile decodes wav, flac and ogg; PyAV, which carries FFmpeg inside its wheel, decodes mp3, m4a, webm and
all other formats. No header is trusted: what it claims is checked, or compared with what really decodes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np

from ser_core.audio.recording import Samples
from ser_core.errors import ErrorCode, SerError

MAX_CHANNELS = 6  # up to 5.1 surround; more is a microphone array or a damaged header
MIN_RATE, MAX_RATE = 4_000, 384_000  # Hz; below there is no speech band, above no recorder

_BLOCK_FRAMES = 65_536
# How the files begin that libsndfile reads here. It reads mp3 too, but stops at its guess of the length where
# a file does not state it.
_SNDFILE_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"fLaC", b"OggS")
_FORMATS = "wav, flac, ogg (Vorbis or Opus), mp3, m4a or webm"


def check_shape(rate: int, channels: int) -> None:
    """Refuse a sampling rate or a number of channels that no speech recording has.

    Parameters
    ----------
    rate : int
        In Hz.
    channels : int

    Raises
    ------
    SerError
        NOT_AUDIO, BAD_RATE or TOO_MANY_CHANNELS.
    """
    if rate == 0 or channels == 0:
        raise _not_audio(
            f"The header names {channels} channels at {rate} Hz: it is damaged, or this is no audio."
        )
    if not MIN_RATE <= rate <= MAX_RATE:
        raise SerError(
            ErrorCode.BAD_RATE,
            f"The sampling rate is {rate:,} Hz; {MIN_RATE:,} to {MAX_RATE:,} Hz are expected.",
            "The file's header is damaged, or it is no speech recording: "
            "export it again at 16,000 to 48,000 Hz.",
        )
    if channels > MAX_CHANNELS:
        raise SerError(
            ErrorCode.TOO_MANY_CHANNELS,
            f"The file has {channels:,} channels; 1 to {MAX_CHANNELS} are expected.",
            "Mix it down to mono and try again.",
        )


class Source:
    """Decodes an audio file block by block; afterwards `is_cut` tells whether the file claimed more.

    Iterating gives the sampling rate in Hz and a block, float32 [n, channels], one after the other.

    Raises
    ------
    SerError
        While iterating: NOT_AUDIO, BAD_RATE or TOO_MANY_CHANNELS where nothing can be decoded.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._claimed_s: float | None = None
        self._broke = False

    def is_cut(self, decoded_s: float) -> bool:
        """Tell whether decoding broke off, or gave less than the container claims (within 0.1 s and 1%)."""
        missing = (self._claimed_s or 0.0) - decoded_s
        return self._broke or missing > max(0.1, 0.01 * decoded_s)

    def __iter__(self) -> Iterator[tuple[int, Samples]]:
        if self._data[:4] == b"RIFF" and self._data[8:12] == b"WAVE":
            self._read_wav_header()
        elif self._data[:4] == b"OggS":
            self._broke = not _ogg_ends(self._data)
        has_blocks = False
        for blocks in (self._sndfile_blocks(), self._av_blocks()):
            for block in blocks:
                has_blocks = True
                yield block
            if has_blocks:
                return

    def _read_wav_header(self) -> None:
        """Refuse headers that libsndfile would believe or silently mend; note whether data is missing."""
        data, at = self._data, 12
        has_format = False
        while at + 8 <= len(data):
            name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
            if name == b"fmt " and at + 24 <= len(data):
                check_shape(
                    int.from_bytes(data[at + 12 : at + 16], "little"),
                    int.from_bytes(data[at + 10 : at + 12], "little"),
                )
                has_format = True
            if name == b"data" and has_format:
                self._broke = size > len(data) - (at + 8)
                return
            at += 8 + size + size % 2
        raise _not_audio("The WAV file is cut inside its header: it ends before any sound.")

    def _sndfile_blocks(self) -> Iterator[tuple[int, Samples]]:
        import soundfile

        if not self._data.startswith(_SNDFILE_MAGIC):
            return
        try:
            file = soundfile.SoundFile(io.BytesIO(self._data))
        except (soundfile.LibsndfileError, TypeError, RuntimeError):
            return
        with file:
            check_shape(file.samplerate, file.channels)
            if file.format == "FLAC" and 0 < file.frames < 2**40:
                self._claimed_s = file.frames / file.samplerate
            left = file.frames  # there may be less; libsndfile never gives more
            while left > 0:
                try:
                    block = file.read(min(_BLOCK_FRAMES, left), dtype="float32", always_2d=True)
                except (soundfile.LibsndfileError, RuntimeError):
                    self._broke = True
                    return
                if not len(block):
                    return
                left -= len(block)
                yield file.samplerate, block

    def _av_blocks(self) -> Iterator[tuple[int, Samples]]:
        import av

        av.logging.set_level(
            av.logging.PANIC
        )  # FFmpeg would write to stderr; here errors are raised
        has_blocks = False
        try:
            # FFmpeg knows playlists and scripts, which could open other files or the network: none of these.
            options = {"format_whitelist": "matroska,webm,mov,mp4,m4a,ogg,mp3,wav,flac,aac"}
            with av.open(
                io.BytesIO(self._data), options=options, metadata_errors="replace"
            ) as container:
                if not container.streams.audio:
                    raise _not_audio("The file holds no audio track.")
                stream = container.streams.audio[0]
                check_shape(stream.rate or 0, stream.channels)
                self._claimed_s = _claimed_seconds(container, stream, self._data)
                for frame in container.decode(stream):
                    has_blocks = True
                    yield frame.sample_rate, frame_block(frame)
        except SerError:
            raise
        # FFmpeg's errors, and whatever PyAV raises for a stream without a decoder: all mean the same here.
        except Exception as error:
            if not has_blocks:
                raise _not_audio(self._reason()) from error
            self._broke = True

    def _reason(self) -> str:
        if self._data[4:8] == b"ftyp" and b"moov" not in self._data:
            return "The m4a file is cut short: its index, which stands at the end, is missing."
        return "This is no sound file, or it is damaged beyond reading."


def _claimed_seconds(container: Any, stream: Any, data: bytes) -> float | None:
    """The duration of the audio track, where the container states it rather than guesses it."""
    import av

    if container.format.name == "mp3":
        start = data[: len(data) // 4 + 8192]
        if b"Xing" not in start and b"Info" not in start:
            return None  # the duration would be FFmpeg's guess from the first frame's bit rate
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def frame_block(frame: Any) -> Samples:
    """Return the samples of a PyAV audio frame: float32 [n, channels] in [-1, 1]."""
    array = frame.to_ndarray()
    block = array.T if frame.format.is_planar else array.reshape(-1, frame.layout.nb_channels)
    if np.issubdtype(block.dtype, np.unsignedinteger):
        return ((block.astype(np.float32) - 128) / 128).astype(np.float32)
    if np.issubdtype(block.dtype, np.integer):
        full_scale = -float(np.iinfo(block.dtype).min)
        return (block.astype(np.float32) / full_scale).astype(np.float32)
    return block.astype(np.float32, copy=False)


def _ogg_ends(data: bytes) -> bool:
    """Whether the last Ogg page is whole and carries the end-of-stream flag (RFC 3533)."""
    at = data.rfind(b"OggS")
    if at + 27 > len(data) or not data[at + 5] & 4:
        return False
    segments = data[at + 26]
    lengths = data[at + 27 : at + 27 + segments]
    return len(lengths) == segments and at + 27 + segments + sum(lengths) <= len(data)


def _not_audio(message: str) -> SerError:
    return SerError(ErrorCode.NOT_AUDIO, message, f"Choose a {_FORMATS} file, or record a clip.")
