"""Files made to do harm, from a seed: cut, flipped, false headers, bombs, extremes, false names.

`cases(seed, n)` gives the same n files for the same seed everywhere, all kinds in turn.
Nothing in them is taken from anywhere: they are made from
formulas and from what encoders make of a synthetic voice.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from ser_core import audio
from tests.support.synthesis import FORMATS, RATE, voice, wav

_SPOKEN = Path(__file__).resolve().parents[2] / "data" / "samples" / "steady-low-voice.flac"

Rng = np.random.Generator


@dataclass(frozen=True)
class Case:
    """One file: which kind of harm, in what container, its bytes, and the name that it would come under."""

    kind: str
    container: str
    data: bytes
    name: str


@cache
def whole(container: str) -> bytes:
    """A good file of a container, two seconds of a synthetic voice that the models answer."""
    samples = audio.load(_SPOKEN).samples[: 2 * RATE]
    if container in FORMATS:
        return FORMATS[container](samples)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=container.upper())
    return buffer.getvalue()


CONTAINERS = (*FORMATS, "aiff", "au", "caf", "rf64")
_SUFFIX = {
    "ogg-vorbis": "ogg",
    "ogg-opus": "opus",
    "rf64": "wav",
    "aiff": "wav",
    "au": "wav",
    "caf": "wav",
}


def _cut(rng: Rng, container: str) -> bytes:
    """Cut anywhere, often within the first bytes, where headers are."""
    data = whole(container)
    limit = len(data) if rng.random() < 0.5 else min(300, len(data))
    return data[: rng.integers(0, limit)]


def _flipped(rng: Rng, container: str) -> bytes:
    """Some bits turned over, often in the header."""
    data = bytearray(whole(container))
    limit = len(data) if rng.random() < 0.5 else min(512, len(data))
    for _ in range(int(rng.choice([1, 2, 8, 64, 500]))):
        data[rng.integers(0, limit)] ^= 1 << int(rng.integers(0, 8))
    return bytes(data)


def _lying(rng: Rng, container: str) -> bytes:
    """Sizes, counts and rates in the header replaced by extreme ones."""
    data = bytearray(whole(container))
    for _ in range(int(rng.integers(1, 4))):
        extreme = int(
            rng.choice(
                [0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF]
            )
        )
        form = str(rng.choice(["<I", ">I", "<H", ">H"]))
        packed = struct.pack(form, extreme & (0xFFFF if form[1] == "H" else 0xFFFFFFFF))
        at = int(rng.integers(0, min(400, len(data) - 4)))
        if (
            container == "m4a" and rng.random() < 0.7
        ):  # its index stands at the end: sizes and counts of its boxes
            names = [
                b"stsz",
                b"stts",
                b"stsc",
                b"stco",
                b"mdhd",
                b"mvhd",
                b"esds",
                b"mp4a",
                b"trak",
                b"moov",
                b"elst",
            ]
            at = max(data.find(names[rng.integers(0, len(names))]), 4) + int(rng.integers(-4, 24))
        data[at : at + len(packed)] = packed
    return bytes(data)


def _wav_header(rng: Rng, container: str) -> bytes:
    """A WAV header of every coding and shape that the format can name, before random bytes."""
    coding = int(
        rng.choice(
            [
                0,
                1,
                2,
                3,
                6,
                7,
                0x11,
                0x31,
                0x50,
                0x55,
                0x61,
                0x92,
                0xFF,
                0x160,
                0x674F,
                0xFFFE,
                int(rng.integers(0, 65536)),
            ]
        )
    )
    channels = int(rng.choice([0, 1, 2, 6, 7, 255, 1024, 65535]))
    rate = int(
        rng.choice([0, 1, 3999, 4000, 8000, 16000, 48000, 384000, 384001, 2**31 - 1, 2**32 - 1])
    )
    bits, align = (
        int(rng.choice([0, 1, 4, 8, 12, 16, 24, 32, 64, 65535])),
        int(rng.choice([0, 1, 2, 4, 4096, 65535])),
    )
    body = rng.bytes(int(rng.choice([0, 1, 7, 1000, 40_000])))
    extra = rng.bytes(int(rng.choice([0, 2, 22, 40])))
    form = (
        struct.pack("<HHIIHH", coding, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
        + extra
    )
    claimed = int(rng.choice([len(body), 0, 2**31, 2**32 - 1]))
    head = (
        b"WAVEfmt "
        + struct.pack("<I", len(form))
        + form
        + b"data"
        + struct.pack("<I", claimed)
        + body
    )
    return b"RIFF" + struct.pack("<I", len(head)) + head


def _numbers(rng: Rng, container: str) -> bytes:
    """Samples that are no numbers, infinite, huge, or far too small."""
    samples = voice(seconds=1.0).astype(np.float64)
    odd = [np.nan, np.inf, -np.inf, 1e308, 3.4e38, -3.4e38, 1e-308, 1e30]
    share = rng.random(len(samples)) < rng.choice([1e-4, 0.1, 1.0])
    samples[share] = rng.choice(odd, int(share.sum()))
    buffer = io.BytesIO()
    with np.errstate(over="ignore", invalid="ignore"):
        soundfile.write(
            buffer,
            samples,
            RATE,
            format=str(rng.choice(["WAV", "AIFF", "CAF", "AU"])),
            subtype=str(rng.choice(["FLOAT", "DOUBLE"])),
        )
    return buffer.getvalue()


def _shape(rng: Rng, container: str) -> bytes:
    """Extreme rates, many channels, no frames or nearly none, in whole files."""
    channels, rate = (
        int(rng.choice([1, 2, 3, 6, 7, 8, 32, 255])),
        int(rng.choice([1, 100, 3999, 4000, 5512, 192_000, 384_000, 384_001, 655_350])),
    )
    frames = int(rng.choice([0, 1, 2, 50, rate // 2, rate]))
    samples = 0.3 * rng.standard_normal((min(frames, 400_000 // channels), channels))
    buffer = io.BytesIO()
    try:
        soundfile.write(
            buffer, samples, rate, format=str(rng.choice(["WAV", "FLAC", "CAF", "AIFF", "RF64"]))
        )
    except (soundfile.LibsndfileError, ValueError):  # this container cannot have that shape
        buffer = io.BytesIO(wav(samples.astype(np.float32), rate))
    return buffer.getvalue()


@cache
def _hours(container: str) -> bytes:
    """A small file that holds hours: silence and a little noise, repeated where the container lets one."""
    second = np.zeros(RATE, np.float32)
    second[::1000] = 0.01
    if container in ("mp3", "ogg-vorbis", "ogg-opus"):  # both may simply go on
        return FORMATS[container](np.tile(second, 20)) * 400
    if container in ("m4a", "webm"):
        return FORMATS[container](np.tile(second, 1800))
    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        np.zeros(8_000 * 5400, np.int16),
        8_000,
        format="FLAC" if container == "flac" else "WAV",
        subtype="PCM_16",
    )
    return buffer.getvalue()


def _bomb(rng: Rng, container: str) -> bytes:
    """Hours of sound in a small file; or a header over hours that are not there."""
    data = _hours(container if container in FORMATS else "flac")
    return data if rng.random() < 0.5 else _with_lies(rng, data)


def _with_lies(rng: Rng, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(3):
        changed[rng.integers(0, 200)] = int(rng.integers(0, 256))
    return bytes(changed)


def _mislabelled(rng: Rng, container: str) -> bytes:
    """Other things under the name of audio."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("../../evil.wav", bytes(1_000_000))
    kinds: list[bytes] = [
        b"#!EXTM3U\nfile:///etc/passwd\n",
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n",
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
        b"\x89PNG\r\n\x1a\n" + rng.bytes(500),
        b"%PDF-1.7\n" + rng.bytes(500),
        b"MZ" + rng.bytes(500),
        b"\x7fELF" + rng.bytes(500),
        b"\x80\x04cos\nsystem\n(S'true'\ntR.",  # a pickle
        archive.getvalue(),
        gzip.compress(bytes(1_000_000)),
        bytes(int(rng.integers(1, 5000))),
        b"\xff" * int(rng.integers(1, 5000)),
        rng.bytes(int(rng.integers(1, 5000))),
        b"RIFF" + rng.bytes(200),
        b"OggS" + rng.bytes(400),
        b"fLaC" + rng.bytes(400),
        b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + rng.bytes(400),
        b"\x1a\x45\xdf\xa3" + rng.bytes(400),
        struct.pack(">I", 32) + b"ftypM4A " + rng.bytes(400),
        whole(container)[:100] + whole(str(rng.choice(CONTAINERS)))[20:],
        whole(str(rng.choice(CONTAINERS))) + rng.bytes(1000),
        rng.bytes(20) + whole(container),
    ]
    return kinds[rng.integers(0, len(kinds))]


def _shuffled(rng: Rng, container: str) -> bytes:
    """Pieces left out, doubled, or in another order."""
    data = whole(container)
    cuts = np.sort(rng.integers(0, len(data), int(rng.integers(2, 8))))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    order = rng.integers(0, len(pieces), len(pieces) + int(rng.integers(0, 4)))
    return b"".join(pieces[number] for number in (order if rng.random() < 0.5 else [0, *order]))


KINDS: dict[str, Callable[[Rng, str], bytes]] = {
    "cut": _cut,
    "bits flipped": _flipped,
    "lying header": _lying,
    "WAV header": _wav_header,
    "no numbers": _numbers,
    "extreme shape": _shape,
    "false name": _mislabelled,
    "shuffled": _shuffled,
    "bomb": _bomb,
}
_RARE = {"bomb": 8}
"""Every how many rounds a kind comes that takes long."""

NAMES = (
    "../../../etc/passwd",
    "..\\..\\windows\\system.ini",
    "/etc/shadow",
    "C:\\con.wav",
    "line\nbreak.wav",
    "tab\tand\rreturn.wav",
    "\x1b[2J\x1b]0;title\x07escape.wav",
    "zero\x00byte.wav",
    "\u202ewav.exe",
    "e\u0301\u0301\u0301\u0301.wav",
    "\U0001f3a4" * 40 + ".wav",
    "a" * 300 + ".wav",
    "=cmd|' /C calc'!A0.wav",
    "<script>alert(1)</script>.wav",
    "'; DROP TABLE clips; --.wav",
    "$(touch harmed).wav",
    "-rf.wav",
    "--help",
    "%s%n%x.wav",
    "{0.__class__}.wav",
    " .wav",
    ".wav",
    "CLIP.WAV.exe",
    "na\udcffme.wav",
)
"""Names that a browser or a folder could give a file."""


def cases(seed: int, n: int) -> Iterator[Case]:
    """n hostile files."""
    rng = np.random.default_rng(seed)
    number = round_ = 0
    while number < n:
        round_ += 1
        for kind, make in KINDS.items():
            if round_ % _RARE.get(kind, 1) or number >= n:
                continue
            container = CONTAINERS[rng.integers(0, len(CONTAINERS))]
            name = (
                NAMES[rng.integers(0, len(NAMES))]
                if rng.random() < 0.2
                else f"clip.{_SUFFIX.get(container, container)}"
            )
            yield Case(kind, container, make(rng, container), name)
            number += 1
