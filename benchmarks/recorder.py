"""Measure what the app's recorder costs a model. Run as: python -m benchmarks.recorder [--capture] [--score].

Forty clips of RAVDESS (below SER_CORPORA), of actors whom the models in `--models` should never have
heard, are played into the recorder of the running app: an installed Chromium, its real audio processing
and codec, and a fake microphone. What the recorder sends to the app is kept in the cache folder, where it
stays outside the repository as the clips themselves do: `--capture` takes about ten seconds a clip and
goes on where it stopped. Then every clip is predicted from its file and from its recording, and the
probabilities are written as a table: `--score`. Without either, both.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Playwright, sync_playwright

from ser_core import audio, models
from ser_core.corpora import CORPORA, Labels, find_clips, resolve
from ser_core.emotions import RAVDESS_CODES
from ser_core.errors import SerError
from ser_core.evaluation.robustness import RECORDER_TABLE, score_recorder
from ser_core.prediction import predict
from ser_core.storage import manifest
from ser_core.storage.cache_folder import cache_folder
from tests.support.server import ROOT, chromium, chromium_options, microphone_file, served

SOURCES = ("file", "recorder")
TRIES = 3
ENOUGH_CORRELATION = 0.9
"""Less may be a recording with gaps (on a busy machine Chromium drops audio), so it is made again."""

_HOP = audio.SAMPLE_RATE // 200  # the envelope has a value every 5 ms, each over 20 ms
_WINDOW = 4 * _HOP

# The recorder is a frame of the page and sends what it recorded, in base64, to the page around it.
_LISTEN = """
addEventListener("message", ({ data }) => {
  const isRecording = data?.type === "streamlit:setComponentValue" && typeof data.value === "string";
  if (isRecording && data.value) window.recorded = data.value;
});
"""


@dataclass(frozen=True)
class Clip:
    """A clip of the corpus: its name without ending, where it lies, and its labels."""

    name: str
    path: Path
    labels: Labels


@dataclass(frozen=True)
class Likeness:
    """How a recording compares with its source: correlation of the envelopes, and the change of level in
    dB.
    """

    correlation: float
    level_change_db: float


def chosen_names() -> list[str]:
    """The forty clips: five of each emotion, ten of each of the actors 1 to 4.

    Sentences and repetitions are met equally often, and so are the intensities (neutral has only the
    normal one), in nearly equal shares for each actor.
    """
    names = []
    for e, emotion in enumerate(sorted(RAVDESS_CODES)):
        for k in range(5):
            intensity = (k + k // 4) % 2 if e else 0
            statement, repetition, actor = (
                (k + e // 4) % 2,
                (e + k // 2 + e // 4 + k // 4) % 2,
                (e + k) % 4,
            )
            names.append(
                f"03-01-{emotion}-{intensity + 1:02d}-{statement + 1:02d}"
                f"-{repetition + 1:02d}-{actor + 1:02d}"
            )
    return names


def chosen_clips() -> list[Clip]:
    """The chosen clips in the folder of the corpus."""
    folder = resolve("ravdess")
    clips = find_clips(folder, CORPORA["ravdess"])
    missing = [name for name in chosen_names() if name not in clips]
    if missing:
        raise SystemExit(
            f"{len(missing)} of the clips are not in {str(folder)!r}, the first is {missing[0]}."
        )
    return [Clip(name, *clips[name]) for name in chosen_names()]


def recordings_folder() -> Path:
    """Where the recordings are kept, outside the repository: they are clips of the corpus."""
    folder = cache_folder().resolve() / "recorder"
    if folder.is_relative_to(ROOT):
        raise SystemExit(
            "Recordings of the corpus must not lie in the repository. Set SER_CACHE to a folder outside it."
        )
    folder.mkdir(exist_ok=True)
    return folder


# --------------------------------------------------------------------------------------------------------
# ----- comparing


def envelope(samples: audio.Samples) -> audio.Samples:
    """The root mean square over 20 ms, every 5 ms."""
    return np.sqrt(
        (sliding_window_view(samples, _WINDOW)[::_HOP].astype(np.float64) ** 2).mean(axis=1)
    )


def likeness(source: audio.Samples, recorded: audio.Samples) -> Likeness:
    """Compare at the shift where the envelopes agree best; at least nine tenths of the source have to be
    met.
    """
    one, other = envelope(source), envelope(recorded)
    slack = len(one) // 10
    best = Likeness(0.0, 0.0)
    for shift in range(-slack, len(other) - len(one) + slack + 1):
        start, stop = max(0, -shift), min(len(one), len(other) - shift)
        ours, theirs = one[start:stop], other[start + shift : stop + shift]
        if (
            theirs.std() > 0
            and (correlation := float(np.corrcoef(ours, theirs)[0, 1])) > best.correlation
        ):
            best = Likeness(
                correlation, float(10 * np.log10((theirs**2).mean() / (ours**2).mean()))
            )
    return best


# --------------------------------------------------------------------------------------------------------
# ----- capturing


def recorded(playwright: Playwright, url: str, samples: audio.Samples) -> bytes:
    """What the recorder of the app at `url` sends when it hears the samples. A new browser, as its fake
    microphone plays once.
    """
    with tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(
            **chromium_options(microphone_file(Path(folder), samples))
        )
        try:
            page = browser.new_context(permissions=["microphone"]).new_page()
            page.add_init_script(_LISTEN)
            page.goto(f"{url}/record_and_predict")
            recorder = page.frame_locator("iframe[title*='audiorecorder']")
            recorder.get_by_role("button", name="Record").click(timeout=60_000)
            stop = recorder.get_by_role("button", name="Stop")
            stop.wait_for()
            page.wait_for_timeout(
                1000 * len(samples) / audio.SAMPLE_RATE + 600
            )  # it plays in real time, after 0.3 s of silence
            stop.click()
            page.wait_for_function("() => window.recorded")
            return base64.b64decode(page.evaluate("() => window.recorded"))
        finally:
            browser.close()


def capture_one(playwright: Playwright, url: str, clip: Clip) -> tuple[bytes, Likeness | None, int]:
    """The best of up to `TRIES` recordings of a clip, how it compares (None if none can be used), and how
    many were made.
    """
    source = audio.load(clip.path).samples
    best: tuple[bytes, Likeness | None] = b"", None
    for number in range(1, TRIES + 1):
        try:
            data = recorded(playwright, url, source)
            compared = likeness(source, audio.decode(data).samples)
        except (PlaywrightError, SerError) as error:
            print(f"{clip.name}  try {number}: {str(error).splitlines()[0]}", flush=True)
            continue
        if best[1] is None or compared.correlation > best[1].correlation:
            best = data, compared
        if compared.correlation >= ENOUGH_CORRELATION:
            break
        print(f"{clip.name}  try {number}: correlation only {compared.correlation:.3f}", flush=True)
    return *best, number


def capture(clips: list[Clip], folder: Path) -> None:
    """Record the clips that the folder does not yet hold."""
    missing = [clip for clip in clips if not (folder / f"{clip.name}.webm").exists()]
    print(f"{len(clips) - len(missing)} recordings are there, {len(missing)} are to be made")
    if not missing:
        return
    if chromium() is None:
        raise SystemExit(
            "No Chromium was found. Install it (Debian: apt install chromium) or set CHROMIUM to its path."
        )
    failed = []
    with served() as url:
        with contextlib.suppress(AttributeError, OSError):
            os.nice(
                -5
            )  # where it is allowed, the browser goes before other work: what its audio misses is lost
        with sync_playwright() as playwright:
            for clip in missing:
                data, best, tries = capture_one(playwright, url, clip)
                if best is None:
                    failed.append(clip.name)
                    continue
                part = folder / f"{clip.name}.part"
                part.write_bytes(data)
                part.replace(part.with_suffix(".webm"))
                print(
                    f"{clip.name}  correlation {best.correlation:.3f}, "
                    f"level {best.level_change_db:+5.1f} dB, tries {tries}",
                    flush=True,
                )
    if failed:
        raise SystemExit(f"No usable recording of {', '.join(failed)}. Run it again.")


# --------------------------------------------------------------------------------------------------------
# ------- scoring


def score(clips: list[Clip], recordings: Path, models_folder: Path) -> pd.DataFrame:
    """One row per clip: its truth, how the recording compares, and eight probabilities from the file and
    from the recording.
    """
    emotion, gender = (models.load_default(task, models_folder) for task in ("emotion", "gender"))
    print(f"models: {emotion.card.id}, {gender.card.id}")
    rows = []
    for clip in clips:
        sounds = {
            "file": audio.load(clip.path),
            "recorder": audio.load(recordings / f"{clip.name}.webm"),
        }
        compared = likeness(sounds["file"].samples, sounds["recorder"].samples)
        rows.append(
            {
                "clip": clip.name,
                "truth": clip.labels.emotion,
                "gender": clip.labels.gender,
                "level_change_db": round(compared.level_change_db, 2),
                "envelope_correlation": round(compared.correlation, 4),
                **{
                    f"{source}_{label}": round(value, 5)
                    for source in SOURCES
                    for label, value in predict(
                        sounds[source], emotion, gender
                    ).emotion_probabilities.items()
                },
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Play clips of RAVDESS into the app's recorder; what it costs a model."
    )
    parser.add_argument(
        "--capture", action="store_true", help="only record the clips that are not yet recorded"
    )
    parser.add_argument("--score", action="store_true", help="only predict and write the table")
    parser.add_argument(
        "--models",
        type=Path,
        default=models.held_out_folder(),
        metavar="DIR",
        help="folder of models (default: those that never heard actors 1-4)",
    )
    parser.add_argument(
        "--table",
        type=Path,
        default=RECORDER_TABLE,
        metavar="CSV",
        help="where to write the table (default: %(default)s)",
    )
    options = parser.parse_args()
    both = options.capture == options.score
    try:
        clips, recordings = chosen_clips(), recordings_folder()
        if both or options.capture:
            capture(clips, recordings)
        if both or options.score:
            table = score(clips, recordings, options.models)
            with manifest.storing(options.table) as file:
                table.to_csv(file, index=False, lineterminator="\n")
            print(score_recorder(options.table).T.to_string(header=False))
    except SerError as error:
        raise SystemExit(f"{error} {error.hint}") from error


if __name__ == "__main__":
    main()
