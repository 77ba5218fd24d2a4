"""Is a corpus folder what it should be? Every clip is decoded; nothing is taken from a list of faults.

Clips are named as in the corpus, without ending. Peaks are in dBFS, lengths in seconds, sampling
rates in Hz. The known faults of a corpus are compared with the findings only afterwards, so that
the check finds them again by itself.
"""

from __future__ import annotations

import dataclasses
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
from ser_core.corpora.folders import find_clips, identify
from ser_core.corpora.walking import WalkedFolder, walk
from ser_core.errors import ErrorCode, SerError

SILENT_BELOW_DBFS = -60.0
"""The peak of a silent clip.

The quietest clips of the corpora peak at -47 dBFS (RAVDESS, calm), the silent one at none.
"""

# Of the shortest and the longest clip: resampling and codecs add or take some milliseconds.
_DURATION_TOLERANCE = 0.1
# Full scale of the 16-bit samples that are compared: a clip is equal in every lossless format,
# whatever its word length.
_PCM = 32_768
_LFS_POINTER = b"version https://git-lfs"
_LFS_POINTER_BYTES = 1024  # at most


@dataclass(frozen=True)
class Finding:
    """Something that was noticed about some clips; `kind` is stable, `what` a sentence."""

    kind: str
    clips: tuple[str, ...]
    what: str
    known: bool = False


@dataclass(frozen=True)
class Report:
    """The result of `verify`. A fault makes a clip unfit for training or testing; a note does not."""

    corpus: str
    folder: str
    n_expected: int
    n_present: int
    missing: tuple[str, ...]
    """Clips that are not there, where the names of all are known; without known faulty ones."""
    known_left_out: tuple[str, ...]
    """Clips with a known fault that are not there."""
    faults: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    known_not_found: tuple[str, ...]
    """Clips with a known fault that are there without it: in another or a repaired edition."""

    @property
    def new_faults(self) -> tuple[Finding, ...]:
        """The faults that the corpus is not known for."""
        return tuple(fault for fault in self.faults if not fault.known)

    @property
    def ok(self) -> bool:
        """Whether the corpus is complete but for its known faults."""
        is_complete = self.n_present + len(self.known_left_out) == self.n_expected
        return is_complete and not self.missing and not self.new_faults

    def to_dict(self) -> dict[str, Any]:
        """The report as it stands in the JSON output."""
        return {"ok": self.ok, **asdict(self)}


@dataclass(frozen=True)
class _DecodedClip:
    """What decoding tells of one clip."""

    problem: str = ""
    silent: bool = False
    cut: bool = False
    rate: int = 0
    seconds: float = 0.0
    digest: str = ""
    """Of the samples, without the silence before and after."""


def verify(folder: Path | WalkedFolder, corpus: Corpus | None = None, *, jobs: int = 1) -> Report:
    """Decode every clip of a corpus folder, and report what is missing or wrong; progress on stderr.

    Parameters
    ----------
    folder : Path or WalkedFolder
    corpus : Corpus, optional
        The corpus that should be there (default: the one that `identify` names).
    jobs : int
        The number of processes.

    Raises
    ------
    SerError
        BAD_CORPUS where no corpus is named and the files' names do not tell which it is.
    """
    walked = walk(folder)
    corpus = corpus or identify(walked)
    statements = corpus.read_statements(walked.folder)
    clips = find_clips(walked, corpus, statements)
    decoded = _decode_clips({name: path for name, (path, _) in clips.items()}, corpus, jobs)
    labels = {name: labels_of_clip for name, (_, labels_of_clip) in clips.items()}
    expected = corpus.clip_names(statements)
    known = set(corpus.known_faults)

    faults = [
        *_unexpected_names(clips, expected, corpus),
        *_problems(decoded, corpus),
        *_two_labels(decoded, labels),
    ]
    faults = [_mark_known(fault, known) for fault in faults]
    notes = [
        *_same_labels(decoded, labels),
        *_other_files(walked, corpus, n_clips=len(clips)),
        *_rates(decoded),
        *_unknown_names(expected),
    ]
    faulty = {name for fault in faults if fault.known for name in fault.clips}
    return Report(
        corpus=corpus.name,
        folder=str(walked.folder),
        n_expected=corpus.n_utterances,
        n_present=len(clips),
        missing=tuple(sorted(expected - known - set(clips))),
        known_left_out=tuple(sorted((known & expected) - set(clips))),
        faults=tuple(faults),
        notes=tuple(notes),
        known_not_found=tuple(sorted((known & set(clips)) - faulty)),
    )


def _decode_clips(paths: Mapping[str, Path], corpus: Corpus, jobs: int) -> dict[str, _DecodedClip]:
    """What decoding tells of each clip, by its name."""
    from joblib import Parallel, delayed
    from tqdm import tqdm

    work = (delayed(_decode_clip)(path) for path in paths.values())
    results = Parallel(n_jobs=jobs, return_as="generator")(work)
    shown = tqdm(results, total=len(paths), unit="clip", desc=corpus.name)
    return dict(zip(paths, shown, strict=True))


def _decode_clip(path: Path) -> _DecodedClip:
    data = b""
    try:
        data = audio.read(path)
        recording = isolated.decode(data)
    except SerError as error:
        if error.code is ErrorCode.SILENT:
            return _DecodedClip(silent=True)
        if len(data) < _LFS_POINTER_BYTES and data.startswith(_LFS_POINTER):
            hint = "run `git lfs pull` where it was cloned"
            return _DecodedClip(problem=f"a pointer of git-lfs instead of audio: {hint}")
        return _DecodedClip(problem=f"{error.code.value}: {error}")
    samples = recording.samples
    peak = float(np.max(np.abs(samples - samples.mean(dtype=np.float64))))
    pcm = np.clip(np.rint(samples * _PCM), -_PCM, _PCM - 1).astype("<i2")
    spoken = np.trim_zeros(pcm)  # silence before and after does not make another recording
    return _DecodedClip(
        silent=20 * np.log10(peak + 1e-12) < SILENT_BELOW_DBFS,
        cut=any(note.code == "TRUNCATED" for note in recording.notes),
        rate=recording.source_rate,
        seconds=recording.duration_s,
        digest=hashlib.sha256(spoken.tobytes()).hexdigest(),
    )


def _mark_known(finding: Finding, known: set[str]) -> Finding:
    """The finding, marked as known where its kind can be known and all its clips are."""
    can_be_known = finding.kind in {"silent", "same_audio_two_labels"}
    return dataclasses.replace(finding, known=can_be_known and set(finding.clips) <= known)


def _unexpected_names(
    clips: Iterable[str], expected: frozenset[str], corpus: Corpus
) -> Iterator[Finding]:
    for name in clips:
        if expected and name not in expected:
            what = f"{corpus.title} has no clip of this name, though it is named by its rule."
            yield Finding("unexpected_name", (name,), what)


def _problems(decoded: Mapping[str, _DecodedClip], corpus: Corpus) -> Iterator[Finding]:
    """What is wrong with single clips; a clip has one finding, the first that applies."""
    for name, clip in decoded.items():
        kind, what = _problem(clip, corpus)
        if kind:
            yield Finding(kind, (name,), what)


def _problem(clip: _DecodedClip, corpus: Corpus) -> tuple[str, str]:
    """The kind of the first problem of a clip, and a sentence on it; "" for both where it is sound."""
    least, most = corpus.seconds or (0.0, float("inf"))
    shortest, longest = least * (1 - _DURATION_TOLERANCE), most * (1 + _DURATION_TOLERANCE)
    if clip.problem:
        return "unreadable", clip.problem
    if clip.silent:
        return "silent", f"The clip peaks below {SILENT_BELOW_DBFS:.0f} dBFS."
    if clip.cut:
        return "cut_short", "The file is cut short, or its header claims more than is there."
    if not shortest <= clip.seconds <= longest:
        span = f"the corpus has {least} to {most} s"
        return "odd_duration", f"The clip lasts {clip.seconds:.2f} s; {span}."
    if clip.rate < audio.SAMPLE_RATE:
        needed = f"at least {audio.SAMPLE_RATE:,} Hz are needed"
        return "low_rate", f"The clip is sampled at {clip.rate:,} Hz; {needed}."
    return "", ""


def _same_audio(decoded: Mapping[str, _DecodedClip]) -> list[tuple[str, ...]]:
    """The groups of clips that are the same recording."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name, clip in decoded.items():
        if clip.digest and not clip.silent:
            groups[clip.digest].append(name)
    return [tuple(names) for names in groups.values() if len(names) > 1]


def _two_labels(
    decoded: Mapping[str, _DecodedClip], labels: Mapping[str, Labels]
) -> Iterator[Finding]:
    for names in _same_audio(decoded):
        if len({labels[name] for name in names}) > 1:
            what = "The same recording under different labels."
            yield Finding("same_audio_two_labels", names, what)


def _same_labels(
    decoded: Mapping[str, _DecodedClip], labels: Mapping[str, Labels]
) -> Iterator[Finding]:
    for names in _same_audio(decoded):
        if len({labels[name] for name in names}) == 1:
            what = "The same recording more than once, under the same labels."
            yield Finding("same_audio_same_label", names, what)


def _other_files(walked: WalkedFolder, corpus: Corpus, n_clips: int) -> Iterator[Finding]:
    """The files that are no clips of the corpus, and further copies of clips."""
    emotion_of = {
        path.as_posix(): corpus.other_emotion(path)
        for path in walked.audio_files
        if corpus.other_emotion(path)
    }
    if emotion_of:
        emotions = ", ".join(sorted(set(emotion_of.values())))
        what = (
            f"{len(emotion_of):,} clips are of {emotions}, none of the eight emotions; "
            "they are passed over."
        )
        yield Finding("other_emotions", tuple(emotion_of), what)
    others = [path.as_posix() for path in walked.audio_files if not corpus.recognises(path)]
    if others:
        what = (
            f"{len(others):,} audio files are not named as clips of {corpus.title}; "
            "they are passed over."
        )
        yield Finding("other_files", tuple(others), what)
    n_copies = len(walked.audio_files) - len(others) - len(emotion_of) - n_clips
    if n_copies:
        what = f"{n_copies:,} files are further copies of a clip; each clip counts once."
        yield Finding("copies", (), what)


def _rates(decoded: Mapping[str, _DecodedClip]) -> Iterator[Finding]:
    counts = Counter(clip.rate for clip in decoded.values() if clip.rate)
    if len(counts) > 1:
        rates = ", ".join(f"{rate:,} Hz ({count:,})" for rate, count in counts.most_common())
        what = f"The clips have different sampling rates: {rates}. All are resampled alike."
        yield Finding("several_rates", (), what)


def _unknown_names(expected: frozenset[str]) -> Iterator[Finding]:
    if not expected:
        what = (
            "Which clips there should be is not known here (for nEMO, data.tsv lists them); "
            "only their number was checked."
        )
        yield Finding("names_unknown", (), what)
