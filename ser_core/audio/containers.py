"""From the bytes of an audio file to blocks of samples, whatever the container.

libsndfile decodes wav, flac and ogg; PyAV, which carries FFmpeg inside its wheel, decodes mp3, m4a, webm and what else there is. Nothing here trusts
a header: what it claims is checked or compared with what really decodes.
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
# What libsndfile is asked to read. It reads mp3 too, but stops at its guess of the length where a file does not state it.
_SNDFILE_MAGIC = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b".snd", b"caff", b"fLaC", b"OggS")
_FORMATS = "wav, flac, ogg (Vorbis or Opus), mp3, m4a or webm"
_CODERS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "opus": ("libopus", "libopus", "flt", {"application": "voip", "compression_level": "5"}),
    "mp3": ("libmp3lame", "mp3float", "fltp", {}),
}
"""(encoder, decoder, sample format, options) of the lossy codecs that recordings go through."""


def check_shape(rate: int, channels: int) -> None:
    """Raise NOT_AUDIO, BAD_RATE or TOO_MANY_CHANNELS for what no speech recording has."""
    if rate == 0 or channels == 0:
        raise _not_audio(
            f"The header names {channels} channels at {rate} Hz: it is damaged, or this is no audio."
        )
    if not MIN_RATE <= rate <= MAX_RATE:
        raise SerError(
            ErrorCode.BAD_RATE,
            f"The sampling rate is {rate:,} Hz; {MIN_RATE:,} to {MAX_RATE:,} Hz are expected.",
            "The file's header is damaged, or it is no speech recording: export it again at 16,000 to 48,000 Hz.",
        )
    if channels > MAX_CHANNELS:
        raise SerError(
            ErrorCode.TOO_MANY_CHANNELS,
            f"The file has {channels:,} channels; 1 to {MAX_CHANNELS} are expected.",
            "Mix it down to mono and try again.",
        )


class Source:
    """The blocks of an audio file, and afterwards whether the file promised more than it held."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._claimed_s: float | None = None
        self._broke = False

    def is_cut(self, decoded_s: float) -> bool:
        """Whether decoding broke off, or less came out than the container claims (within 0.1 s and 1%)."""
        missing = (self._claimed_s or 0.0) - decoded_s
        return self._broke or missing > max(0.1, 0.01 * decoded_s)

    def __iter__(self) -> Iterator[tuple[int, Samples]]:
        """(sampling rate, block [n, channels]) one after the other; SerError where nothing can be decoded."""
        if self._data[:4] == b"RIFF" and self._data[8:12] == b"WAVE":
            self._read_wav_header()
        elif self._data[:4] == b"OggS":
            self._broke = not _ogg_ends(self._data)
        found = False
        for blocks in (self._sndfile_blocks(), self._av_blocks()):
            for block in blocks:
                found = True
                yield block
            if found:
                return

    def _read_wav_header(self) -> None:
        """Refuse what libsndfile would allocate for or silently mend, and note whether the header claims more than is there."""
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
        )  # FFmpeg would write its complaints to stderr; ours are raised
        found = False
        try:
            # The whitelist keeps FFmpeg from playlists and scripts, which could open other files or the network.
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
                    found = True
                    yield frame.sample_rate, _frame_block(frame)
        except SerError:
            raise
        # FFmpeg's errors, and whatever else PyAV raises for a stream that it has no decoder for: all mean the same here.
        except Exception as error:
            if not found:
                raise _not_audio(self._why_not()) from error
            self._broke = True

    def _why_not(self) -> str:
        if self._data[4:8] == b"ftyp" and b"moov" not in self._data:
            return "The m4a file is cut short: its index, which stands at the end, is missing."
        return "This is no sound file, or it is damaged beyond reading."


def _claimed_seconds(container: Any, stream: Any, data: bytes) -> float | None:
    """The duration of the audio track, where the container states it rather than guesses it."""
    import av

    if container.format.name == "mp3" and not any(
        tag in data[: len(data) // 4 + 8192] for tag in (b"Xing", b"Info")
    ):
        return None  # FFmpeg's guess from the first frame's bit rate
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def _frame_block(frame: Any) -> Samples:
    """The samples of a PyAV audio frame, shape [n, channels], float32 in [-1, 1]."""
    array = frame.to_ndarray()
    channels = frame.layout.nb_channels
    block = array.T if frame.format.is_planar else array.reshape(-1, channels)
    if np.issubdtype(block.dtype, np.unsignedinteger):
        return ((block.astype(np.float32) - 128) / 128).astype(np.float32)
    if np.issubdtype(block.dtype, np.integer):
        return (block.astype(np.float32) / -float(np.iinfo(block.dtype).min)).astype(np.float32)
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


def encode_lossy(samples: Samples, sample_rate: int, codec: str, bit_rate: int) -> Samples:
    """Encode mono samples with a lossy codec ("opus" or "mp3") and decode them again, in memory; a little longer than before.

    Raises
    ------
    ValueError
        If the codec is another one.
    """
    import av
    import soxr

    if codec not in _CODERS:
        raise ValueError(f"The codec must be one of {', '.join(_CODERS)}. Got {codec!r}.")
    encoder_name, decoder_name, sample_format, options = _CODERS[codec]
    coder: Any = av.CodecContext.create(encoder_name, "w")
    coder.sample_rate, coder.layout, coder.format, coder.bit_rate = (
        sample_rate,
        "mono",
        sample_format,
        bit_rate,
    )
    coder.options = dict(options)
    coder.open()
    step = coder.frame_size
    padded = np.concatenate([samples, np.zeros(step * 5 - len(samples) % step, np.float32)])
    packets = []
    for start in range(0, len(padded), step):
        frame = av.AudioFrame.from_ndarray(
            padded[None, start : start + step], format=sample_format, layout="mono"
        )
        frame.sample_rate, frame.pts = sample_rate, start
        packets += coder.encode(frame)
    packets += coder.encode(None)
    decoder: Any = av.CodecContext.create(decoder_name, "r")
    decoder.sample_rate, decoder.layout = sample_rate, "mono"
    if coder.extradata:
        decoder.extradata = coder.extradata
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    decoded = np.concatenate([_frame_block(frame)[:, 0] for frame in frames])
    rate = frames[0].sample_rate
    return (
        decoded
        if rate == sample_rate
        else np.asarray(soxr.resample(decoded, rate, sample_rate, quality="HQ"), dtype=np.float32)
    )
