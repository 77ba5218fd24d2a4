"""Is a corpus folder what it should be? Every clip is decoded; nothing is taken from a list of faults.

The known faults of an entry are compared with what was found only afterwards, so that the check finds them again by itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ser_core import audio
from ser_core.audio import isolated
from ser_core.corpora.corpus import Corpus, Labels
from ser_core.corpora.folders import audio_files, identify, labelled_clips, named_as
from ser_core.errors import ErrorCode, SerError

SILENT_BELOW_DBFS = -60.0
"""The peak of a silent clip. The quietest clips of the corpora here peak at -47 dBFS (RAVDESS, calm), the silent one at none."""

_DURATION_TOLERANCE = (
    0.1  # of the shortest and longest clip: resampling and codecs add or take some milliseconds
)
_PCM = 32_768  # full scale of the 16-bit samples that are compared: a clip is equal in every lossless format, whatever its word length
_LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True)
class Finding:
    """Something that was noticed about some clips, named without ending; `kind` is stable, `what` a sentence."""

    kind: str
    clips: tuple[str, ...]
    what: str
    known: bool = False


@dataclass(frozen=True)
class Report:
    """What `verify` found. A fault makes a clip unfit for training or testing; a note does not."""

    corpus: str
    folder: str
    n_expected: int
    n_present: int
    missing: tuple[str, ...]
    """Names of clips that are not there, where the corpus's list of names is known; those with a known fault are not missed."""
    known_left_out: tuple[str, ...]
    """Clips with a known fault that are not there."""
    faults: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    known_not_found: tuple[str, ...]
    """Clips with a known fault that are there and have it not: another edition of the corpus, or a repaired one."""

    @property
    def new_faults(self) -> tuple[Finding, ...]:
        """The faults that the corpus is not known for."""
        return tuple(fault for fault in self.faults if not fault.known)

    @property
    def ok(self) -> bool:
        """Whether the corpus is complete but for its known faults."""
        return (
            self.n_present + len(self.known_left_out) == self.n_expected
            and not self.missing
            and not self.new_faults
        )

    def to_dict(self) -> dict[str, Any]:
        """The report as it stands in the JSON output."""
        return {"ok": self.ok, **asdict(self)}


@dataclass(frozen=True)
class _Sound:
    """What decoding told of one clip."""

    problem: str = ""
    silent: bool = False
    cut: bool = False
    rate: int = 0
    seconds: float = 0.0
    digest: str = ""


def verify(folder: Path, corpus: Corpus | None = None, *, jobs: int = 1) -> Report:
    """Decode every clip of a corpus folder and report what is missing or wrong; progress on stderr.

    Raises
    ------
    SerError
        BAD_CORPUS where no corpus is named and the folder's files do not tell which it is.
    """
    from joblib import Parallel, delayed
    from tqdm import tqdm

    corpus = corpus or identify(folder)
    clips = labelled_clips(folder, corpus)
    work = (delayed(_listen)(path) for path, _ in clips.values())
    heard = tqdm(
        Parallel(n_jobs=jobs, return_as="generator")(work),
        total=len(clips),
        unit="clip",
        desc=corpus.name,
    )
    sounds = dict(zip(clips, heard, strict=True))
    labels = {name: label for name, (_, label) in clips.items()}

    expected = corpus.clip_names(folder)
    found = [
        *_not_in_the_corpus(clips, expected, corpus),
        *_problems(sounds, corpus),
        *_same_audio(sounds, labels),
    ]
    known = set(corpus.known_faults)
    faults = tuple(
        _mark(finding, known) for finding in found if finding.kind != "same_audio_same_label"
    )
    notes = [finding for finding in found if finding.kind == "same_audio_same_label"]
    notes += _other_files(folder, corpus, clips)
    notes += _rates(sounds)
    if not expected:
        what = "Which clips there should be is not known here (for nEMO, data.tsv lists them); only their number was checked."
        notes.append(Finding("names_unknown", (), what))
    faulty = {name for fault in faults if fault.known for name in fault.clips}
    return Report(
        corpus=corpus.name,
        folder=str(folder),
        n_expected=corpus.n_utterances,
        n_present=len(clips),
        missing=tuple(sorted(expected - known - set(clips))),
        known_left_out=tuple(sorted((known & expected) - set(clips))),
        faults=faults,
        notes=tuple(notes),
        known_not_found=tuple(sorted((known & set(clips)) - faulty)),
    )


def _listen(path: Path) -> _Sound:
    try:
        recording = isolated.load(path)
    except SerError as error:
        if error.code is ErrorCode.SILENT:
            return _Sound(silent=True)
        if path.stat().st_size < 1024 and path.read_bytes().startswith(_LFS_POINTER):
            return _Sound(
                problem="a pointer of git-lfs instead of audio: run `git lfs pull` where it was cloned"
            )
        return _Sound(problem=f"{error.code.value}: {error}")
    samples = recording.samples
    peak = float(np.max(np.abs(samples - samples.mean(dtype=np.float64))))
    # Silence before and after does not make another recording.
    pcm = np.trim_zeros(np.clip(np.rint(samples * _PCM), -_PCM, _PCM - 1).astype("<i2"))
    return _Sound(
        silent=20 * np.log10(peak + 1e-12) < SILENT_BELOW_DBFS,
        cut=any(note.code == "TRUNCATED" for note in recording.notes),
        rate=recording.source_rate,
        seconds=recording.duration_s,
        digest=hashlib.sha256(pcm.tobytes()).hexdigest(),
    )


def _mark(finding: Finding, known: set[str]) -> Finding:
    """The finding, marked as known where it is of the kind that faults are known of, and about such clips only."""
    is_known = finding.kind in {"silent", "same_audio_two_labels"} and set(finding.clips) <= known
    return Finding(finding.kind, finding.clips, finding.what, known=is_known)


def _not_in_the_corpus(
    clips: Iterable[str], expected: frozenset[str], corpus: Corpus
) -> Iterator[Finding]:
    for name in clips:
        if expected and name not in expected:
            yield Finding(
                "unexpected_name",
                (name,),
                f"{corpus.title} has no clip of this name, though it is named by its rule.",
            )


def _problems(sounds: Mapping[str, _Sound], corpus: Corpus) -> Iterator[Finding]:
    """What is wrong with single clips; a clip has one finding, the first that applies."""
    known = corpus.seconds or (0.0, float("inf"))
    shortest, longest = known[0] * (1 - _DURATION_TOLERANCE), known[1] * (1 + _DURATION_TOLERANCE)
    for name, sound in sounds.items():
        if sound.problem:
            yield Finding("unreadable", (name,), sound.problem)
        elif sound.silent:
            yield Finding("silent", (name,), f"The clip peaks below {SILENT_BELOW_DBFS:.0f} dBFS.")
        elif sound.cut:
            yield Finding(
                "cut_short",
                (name,),
                "The file is cut short, or its header claims more than is there.",
            )
        elif not shortest <= sound.seconds <= longest:
            span = f"the corpus has {known[0]} to {known[1]} s"
            yield Finding("odd_duration", (name,), f"The clip lasts {sound.seconds:.2f} s; {span}.")
        elif sound.rate < audio.SAMPLE_RATE:
            yield Finding(
                "low_rate",
                (name,),
                f"The clip is sampled at {sound.rate:,} Hz; at least {audio.SAMPLE_RATE:,} Hz are needed.",
            )


def _same_audio(sounds: Mapping[str, _Sound], labels: Mapping[str, Labels]) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name, sound in sounds.items():
        if sound.digest and not sound.silent:
            groups[sound.digest].append(name)
    for names in groups.values():
        if len({labels[name] for name in names}) > 1:
            yield Finding(
                "same_audio_two_labels", tuple(names), "The same recording under different labels."
            )
        elif len(names) > 1:
            yield Finding(
                "same_audio_same_label",
                tuple(names),
                "The same recording more than once, under the same labels.",
            )


def _other_files(folder: Path, corpus: Corpus, clips: Mapping[str, object]) -> Iterator[Finding]:
    files = audio_files(folder)
    relative = [path.relative_to(folder) for path in files]
    after = tuple(path.as_posix() for path in relative if corpus.other_emotion(path))
    if after:
        emotions = ", ".join(sorted({corpus.other_emotion(path) for path in relative} - {""}))
        yield Finding(
            "other_emotions",
            after,
            f"{len(after):,} clips are of {emotions}, none of the eight emotions; they are passed over.",
        )
    others = tuple(path.as_posix() for path in relative if not named_as(corpus, path))
    if others:
        yield Finding(
            "other_files",
            others,
            f"{len(others):,} audio files are not named as clips of {corpus.title}; they are passed over.",
        )
    if copies := len(files) - len(others) - len(after) - len(clips):
        yield Finding(
            "copies", (), f"{copies:,} files are further copies of a clip; each clip counts once."
        )


def _rates(sounds: Mapping[str, _Sound]) -> Iterator[Finding]:
    counts = Counter(sound.rate for sound in sounds.values() if sound.rate)
    if len(counts) > 1:
        rates = ", ".join(f"{rate:,} Hz ({count:,})" for rate, count in counts.most_common())
        yield Finding(
            "several_rates",
            (),
            f"The clips have different sampling rates: {rates}. All are resampled alike.",
        )
