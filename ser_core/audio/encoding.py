"""From samples to the bytes of a file, and through a lossy codec and back."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ser_core.audio.containers import frame_block
from ser_core.audio.recording import Recording, Samples


@dataclass(frozen=True)
class _Codec:
    """A lossy codec that recordings go through: FFmpeg's names of encoder, decoder and sample format."""

    encoder: str
    decoder: str
    sample_format: str
    options: dict[str, str] = field(default_factory=dict)


_CODECS = {
    "opus": _Codec("libopus", "libopus", "flt", {"application": "voip", "compression_level": "5"}),
    "mp3": _Codec("libmp3lame", "mp3float", "fltp"),
}


def to_wav(recording: Recording) -> bytes:
    """Encode a recording as a 16-bit WAV file.

    Returns
    -------
    bytes
        The file.
    """
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(
        buffer, recording.samples, recording.sample_rate, format="WAV", subtype="PCM_16"
    )
    return buffer.getvalue()


def encode_lossy(samples: Samples, sample_rate: int, codec: str, bit_rate: int) -> Samples:
    """Encode mono samples with a lossy codec and decode them again, in memory.

    Parameters
    ----------
    samples : ndarray, float32 [n]
    sample_rate : int
        In Hz.
    codec : str
        "opus" or "mp3".
    bit_rate : int
        In bit/s.

    Returns
    -------
    ndarray, float32 [m]
        At the same rate; a little longer than before.

    Raises
    ------
    ValueError
        If the codec is another one.
    """
    import soxr

    if codec not in _CODECS:
        raise ValueError(f"The codec must be one of {', '.join(_CODECS)}. Got {codec!r}.")
    names = _CODECS[codec]
    packets, extradata = _encode(samples, sample_rate, names, bit_rate)
    frames = _decode(packets, sample_rate, names, extradata)
    decoded = np.concatenate([frame_block(frame)[:, 0] for frame in frames])
    rate = frames[0].sample_rate
    if rate == sample_rate:
        return decoded
    resampled = soxr.resample(decoded, rate, sample_rate, quality="HQ")
    return np.asarray(resampled, dtype=np.float32)


def _encode(
    samples: Samples, sample_rate: int, codec: _Codec, bit_rate: int
) -> tuple[list[Any], bytes | None]:
    """The packets of a codec, and what its decoder must know beforehand."""
    import av

    coder: Any = av.CodecContext.create(codec.encoder, "w")
    coder.sample_rate = sample_rate
    coder.layout = "mono"
    coder.format = codec.sample_format
    coder.bit_rate = bit_rate
    coder.options = dict(codec.options)
    coder.open()
    step = coder.frame_size
    padding = np.zeros(step * 5 - len(samples) % step, np.float32)
    padded = np.concatenate([samples, padding])[None]
    packets = []
    for start in range(0, padded.shape[1], step):
        frame = av.AudioFrame.from_ndarray(
            padded[:, start : start + step], format=codec.sample_format, layout="mono"
        )
        frame.sample_rate = sample_rate
        frame.pts = start
        packets += coder.encode(frame)
    packets += coder.encode(None)
    return packets, coder.extradata


def _decode(
    packets: list[Any], sample_rate: int, codec: _Codec, extradata: bytes | None
) -> list[Any]:
    import av

    decoder: Any = av.CodecContext.create(codec.decoder, "r")
    decoder.sample_rate = sample_rate
    decoder.layout = "mono"
    if extradata:
        decoder.extradata = extradata
    return [frame for packet in packets for frame in decoder.decode(packet)]
