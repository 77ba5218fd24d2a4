"""Audio made from formulas, so that tests need no recording: tones, voices, files of every format."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import soundfile
import soxr

RATE = 16_000
FORMANTS = ((700, 90), (1220, 110), (2600, 160))  # Hz and bandwidth of an open vowel


def tone(hertz: float, seconds: float = 1.0, amplitude: float = 0.3) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(
        np.float32
    )


def voice(f0: float = 120.0, seconds: float = 3.0, seed: int = 0, glide: float = 0.0) -> np.ndarray:
    """A buzzing voice in syllables with pauses.

    All harmonics of `f0` Hz (moving by `glide` octaves) pass through three formants.

    Two syllables a second, each a quarter of a second long and followed by as long a pause with faint noise.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    pitch = f0 * 2.0 ** (glide * time / seconds)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    out = np.zeros(len(time))
    for harmonic in range(1, int(7000 / pitch.max()) + 1):
        out += _vowel_gain(harmonic * pitch) / harmonic * np.cos(harmonic * phase)
    out += 0.003 * np.abs(out).max() * rng.standard_normal(len(time))
    syllables = np.sqrt(np.clip(np.sin(2 * np.pi * 2.0 * time), 0, 1))
    out = out * syllables + 1e-4 * np.abs(out).max() * rng.standard_normal(len(time))
    return (0.5 * out / np.abs(out).max()).astype(np.float32)


def _vowel_gain(hertz: np.ndarray) -> np.ndarray:
    """The gain of three formants at some frequencies: resonances of second order."""
    return sum(
        1 / np.hypot(1 - (hertz / centre) ** 2, hertz * width / centre**2)
        for centre, width in FORMANTS
    )


def wav(samples: np.ndarray, rate: int = RATE, subtype: str = "PCM_16") -> bytes:
    return _soundfile(samples, rate, "WAV", subtype)


def _soundfile(samples: np.ndarray, rate: int, container: str, subtype: str | None = None) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=container, subtype=subtype)
    return buffer.getvalue()


def _pyav(
    samples: np.ndarray, container: str, codec: str, title: str = "", rate: int = 48_000
) -> bytes:
    pcm = np.clip(soxr.resample(samples, RATE, rate) * 32767, -32768, 32767).astype(np.int16)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        if title:
            out.metadata["title"] = title
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


FORMATS = {
    "wav": wav,
    "flac": lambda samples: _soundfile(samples, RATE, "FLAC"),
    "ogg-vorbis": lambda samples: _soundfile(samples, RATE, "OGG", "VORBIS"),
    "ogg-opus": lambda samples: _soundfile(samples, RATE, "OGG", "OPUS"),
    "mp3": lambda samples: _soundfile(samples, RATE, "MP3"),
    "m4a": lambda samples, title="": _pyav(samples, "mp4", "aac", title),
    "webm": lambda samples, title="": _pyav(samples, "webm", "libopus", title),
}


def _with_header(field: slice, value: bytes) -> bytes:
    data = bytearray(wav(voice(seconds=1.0)))
    data[field] = value
    return bytes(data)


def bad_inputs() -> dict[str, tuple[bytes, str]]:
    """Name: (bytes, the code they must end in)."""
    whole = wav(voice(seconds=1.0))
    return {
        "empty": (b"", "EMPTY"),
        "text": (b"This is a shopping list: milk, bread, apples.\n" * 200, "NOT_AUDIO"),
        "cut_inside_the_header": (whole[:30], "NOT_AUDIO"),
        "no_samples": (whole[:44], "EMPTY"),
        "silent": (wav(np.zeros(RATE, np.float32)), "SILENT"),
        "constant": (wav(np.full(RATE, 0.3, np.float32)), "SILENT"),
        "a_tenth_of_a_second": (wav(voice(seconds=0.1)), "TOO_SHORT"),
        "thousand_channels": (
            _with_header(slice(22, 24), struct.pack("<H", 1000)),
            "TOO_MANY_CHANNELS",
        ),
        "eight_channels": (wav(np.zeros((RATE, 8), np.float32)), "TOO_MANY_CHANNELS"),
        "rate_of_2_to_the_31": (_with_header(slice(24, 28), struct.pack("<I", 2**31)), "BAD_RATE"),
        "rate_of_one": (_with_header(slice(24, 28), struct.pack("<I", 1)), "BAD_RATE"),
        "a_million_times_too_loud": (
            wav(np.float32(1e7) * voice(seconds=1.0), subtype="FLOAT"),
            "NOT_FINITE",
        ),
        "not_a_number": (wav(np.full(RATE, np.nan, np.float32), subtype="FLOAT"), "NOT_FINITE"),
    }


def odd_inputs() -> dict[str, bytes]:
    """Inputs that are analysed with a TRUNCATED note."""
    whole = wav(voice(seconds=3.0))
    claims = bytearray(whole)
    claims[40:44] = struct.pack("<I", 2**32 - 1)
    return {"cut_inside_the_data": whole[: len(whole) * 2 // 3], "claims_4_gb": bytes(claims)}
