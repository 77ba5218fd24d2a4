import os
import struct

import numpy as np
import pytest

from ser_core import audio
from ser_core.corpora import list_audio_files
from ser_core.errors import ErrorCode, SerError
from tests.support.synthesis import FORMATS, RATE, bad_inputs, odd_inputs, tone, voice, wav

ORIGINAL = voice(seconds=2.0)


def envelope(samples: np.ndarray) -> np.ndarray:
    """RMS of 20 ms stretches: what survives every codec."""
    frames = samples[: len(samples) // 320 * 320].reshape(-1, 320)
    return np.sqrt((frames**2).mean(axis=1))


def similarity(samples: np.ndarray, original: np.ndarray) -> float:
    """The correlation of two envelopes, allowing for the 40 ms by which an encoder may delay the sound."""
    ours, theirs = envelope(samples), envelope(original)
    n = min(len(ours), len(theirs)) - 2
    return max(np.corrcoef(ours[shift : shift + n], theirs[:n])[0, 1] for shift in range(3))


def codes(recording: audio.Recording) -> set[str]:
    return {note.code for note in audio.quality(recording).notes}


@pytest.mark.parametrize("name", FORMATS)
def test_every_promised_format_decodes_to_the_same_clip(name):
    recording = audio.decode(FORMATS[name](ORIGINAL))
    assert recording.sample_rate == 16_000
    assert recording.samples.dtype == np.float32
    assert recording.duration_s == pytest.approx(2.0, abs=0.08)
    assert similarity(recording.samples, ORIGINAL) > 0.95
    assert recording.notes == ()


@pytest.mark.parametrize("name", FORMATS)
def test_a_path_gives_what_its_bytes_give_whatever_it_is_called(name, tmp_path):
    data = FORMATS[name](ORIGINAL)
    path = tmp_path / "clip with ümlaut.bin"
    path.write_bytes(data)
    np.testing.assert_array_equal(audio.load(path).samples, audio.decode(data).samples)


@pytest.mark.parametrize("name", bad_inputs())
def test_a_bad_input_ends_in_its_own_code_and_says_what_to_do(name):
    data, code = bad_inputs()[name]
    with pytest.raises(SerError) as caught:
        audio.decode(data)
    assert caught.value.code == code
    assert str(caught.value).endswith(".")
    assert caught.value.hint.endswith(".")


@pytest.mark.parametrize("name", odd_inputs())
def test_what_is_there_of_a_cut_file_is_analysed_with_a_note(name):
    recording = audio.decode(odd_inputs()[name])
    assert codes(recording) == {"TRUNCATED"}
    assert recording.duration_s == pytest.approx(2.0 if name.startswith("cut") else 3.0, abs=0.01)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "m4a"])
def test_a_file_of_any_format_that_is_cut_short_says_so(name):
    data = FORMATS[name](voice(seconds=4.0))
    assert codes(audio.decode(data[: len(data) * 7 // 10])) == {"TRUNCATED"}


def test_an_m4a_cut_short_has_lost_its_index_and_is_refused():
    data = FORMATS["m4a"](ORIGINAL)
    with pytest.raises(SerError, match="cut short"):
        audio.decode(data[: len(data) // 2])


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(SerError) as missing:
        audio.load(tmp_path / "no.wav")
    with pytest.raises(SerError) as folder:
        audio.load(tmp_path)
    assert (missing.value.code, folder.value.code) == ("NOT_FOUND", "UNREADABLE")


def test_channels_are_averaged_without_a_change_of_level():
    left, right = tone(300), tone(300)
    recording = audio.decode(wav(np.stack([left, right], axis=1), subtype="FLOAT"))
    np.testing.assert_allclose(recording.samples, left, atol=1e-6)
    assert recording.source_channels == 2


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_pitch_level_and_duration(rate):
    time = np.arange(2 * rate) / rate
    recording = audio.from_samples(0.3 * np.sin(2 * np.pi * 440 * time), rate)
    spectrum = np.abs(np.fft.rfft(recording.samples[:16_000]))
    assert np.argmax(spectrum) == 440
    assert recording.duration_s == pytest.approx(2.0, abs=1e-3)
    assert np.abs(recording.samples[1000:-1000]).max() == pytest.approx(0.3, rel=0.01)


def test_an_array_in_gives_what_a_file_in_gives():
    data = wav(ORIGINAL, subtype="FLOAT")
    np.testing.assert_array_equal(
        audio.from_samples(ORIGINAL, RATE).samples, audio.decode(data).samples
    )


def test_the_same_bytes_have_the_same_digest():
    data = wav(ORIGINAL)
    assert (
        audio.decode(data).sha256
        == audio.decode(data).sha256
        != audio.decode(wav(ORIGINAL * 0.5)).sha256
    )


def test_a_page_stops_decoding_at_its_limit_and_says_so():
    recording = audio.decode(wav(voice(seconds=5.0)), max_seconds=2.0)
    assert recording.duration_s == pytest.approx(2.0, abs=0.01)
    assert codes(recording) == {"TOO_LONG"}


def test_an_upload_that_is_too_large_is_refused_before_decoding():
    with pytest.raises(SerError, match="at most") as caught:
        audio.decode(b"RIFF" + bytes(3 * 2**20), max_bytes=2 * 2**20)
    assert caught.value.code == "TOO_LARGE"


def test_clipping_and_noise_are_noticed_and_a_clean_voice_is_not_blamed(rng):
    clean = voice()
    assert codes(audio.from_samples(clean, RATE)) == set()
    assert codes(audio.from_samples(np.clip(clean * 8, -1, 1), RATE)) == {"CLIPPED"}
    assert codes(audio.from_samples(clean + 0.1 * rng.standard_normal(len(clean)), RATE)) == {
        "NOISY"
    }


def test_levels_are_in_dbfs():
    quality = audio.quality(audio.from_samples(tone(440, amplitude=0.1), RATE))
    assert quality.peak_dbfs == pytest.approx(-20.0, abs=0.1)
    assert quality.level_dbfs == pytest.approx(-23.0, abs=0.1)


def test_a_clip_can_be_saved_as_wav_and_read_again(recording):
    again = audio.decode(audio.to_wav(recording))
    np.testing.assert_allclose(again.samples, recording.samples, atol=1 / 32768)


@pytest.mark.corpus
def test_the_original_48_khz_recording_and_the_16_khz_copy_give_the_same_samples(
    ravdess, ravdess_clips
):
    originals = {path.stem: path for path in list_audio_files(ravdess.parent / "ravdess-original")}
    pairs = [
        (path, originals[name])
        for name, path in ravdess_clips.items()
        if name in originals and path.suffix == ".flac"
    ]
    if not pairs:
        pytest.skip("no ravdess-original/ beside a 16 kHz ravdess/: there is nothing to compare")
    for copy, original in pairs:
        np.testing.assert_allclose(
            audio.load(original).samples, audio.load(copy).samples, atol=5e-4
        )  # 16 bits, resampled by another build


# ----------------------------------------------------------------------- files from the real world


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_cut_anywhere_is_analysed_or_refused_with_a_code(name):
    data, codes_seen = FORMATS[name](ORIGINAL), set()
    for part in range(1, 60):
        try:
            recording = audio.decode(data[: len(data) * part // 60])
            assert np.isfinite(recording.samples).all()
        except SerError as refused:
            codes_seen.add(refused.code)
    assert codes_seen <= {
        "NOT_AUDIO",
        "EMPTY",
        "TOO_SHORT",
        "SILENT",
        "BAD_RATE",
        "TOO_MANY_CHANNELS",
        "NOT_FINITE",
    }


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_with_flipped_bytes_is_analysed_or_refused_with_a_code(name, rng):
    data, codes_seen = FORMATS[name](ORIGINAL), set()
    for _ in range(60):
        damaged = bytearray(data)
        for at in rng.integers(0, min(len(data), 600), 3):
            damaged[at] = rng.integers(0, 256)
        try:
            recording = audio.decode(bytes(damaged), max_seconds=60)
            assert recording.duration_s <= 60.1
        except SerError as refused:
            codes_seen.add(refused.code)
    assert codes_seen <= {
        "NOT_AUDIO",
        "EMPTY",
        "TOO_SHORT",
        "SILENT",
        "BAD_RATE",
        "TOO_MANY_CHANNELS",
        "NOT_FINITE",
    }


@pytest.mark.parametrize("tag", [0x0000, 0x0003, 0x1234, 0xFFFE, 0xFFFF])
def test_a_wav_of_an_encoding_that_nobody_knows_is_no_audio(tag):
    data = bytearray(wav(ORIGINAL))
    data[20:22] = struct.pack("<H", tag)
    with pytest.raises(SerError) as caught:
        audio.decode(bytes(data))
    assert caught.value.code == "NOT_AUDIO"


@pytest.mark.parametrize("name", ["m4a", "webm"])
def test_a_title_in_another_encoding_does_no_harm(name):
    data = FORMATS[name](ORIGINAL, title="Gruesse_XXXX")
    assert b"Gruesse_XXXX" in data
    assert audio.decode(
        data.replace(b"Gruesse_XXXX", b"Gr\xfc\xdfe__XXXX")
    ).duration_s == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]
)
def test_a_wav_of_any_common_encoding_is_the_same_clip(subtype):
    recording = audio.decode(wav(ORIGINAL, subtype=subtype))
    assert similarity(recording.samples, ORIGINAL) > 0.98
    assert recording.notes == ()


def test_an_array_of_integers_is_scaled_by_its_type():
    for dtype, scale, offset in ((np.int16, 32768, 0), (np.int32, 2**31, 0), (np.uint8, 128, 128)):
        array = (ORIGINAL.astype(float) * (scale - 1) + offset).astype(dtype)
        np.testing.assert_allclose(audio.from_samples(array, RATE).samples, ORIGINAL, atol=0.02)


@pytest.mark.parametrize("array", [0.5, np.zeros((2, 2, 2)), np.array(["a"])])
def test_an_array_of_another_shape_or_type_is_refused(array):
    with pytest.raises(ValueError, match=r"shape \[n\] or \[n, channels\]"):
        audio.from_samples(array, RATE)


def test_only_files_are_read(tmp_path):
    """A pipe or a device may never end."""
    os.mkfifo(tmp_path / "pipe.wav")
    for name in (tmp_path / "pipe.wav", "/dev/zero", tmp_path):
        with pytest.raises(SerError, match="is no file") as raised:
            audio.read(name)
        assert raised.value.code == ErrorCode.UNREADABLE


def test_a_file_of_gigabytes_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "huge.wav").open("wb") as file:
        file.truncate(audio.MAX_FILE_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(SerError, match="at most 1,024 MB") as raised:
        audio.read(tmp_path / "huge.wav")
    assert raised.value.code == ErrorCode.TOO_LARGE
