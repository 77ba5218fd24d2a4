import re

import pytest

from ser_core import emotions


def test_the_eight_emotions_keep_the_order_of_ravdess_codes():
    assert emotions.EMOTIONS == (
        "neutral",
        "calm",
        "happy",
        "sad",
        "angry",
        "fearful",
        "disgust",
        "surprised",
    )
    assert [emotions.RAVDESS_CODES[f"{code:02d}"] for code in range(1, 9)] == list(
        emotions.EMOTIONS
    )


@pytest.mark.parametrize(
    ("name", "emotion"),
    [("natural", "neutral"), ("Scared", "fearful"), (" ANGRY ", "angry"), ("disgust", "disgust")],
)
def test_names_and_aliases_are_understood_in_any_case(name, emotion):
    assert emotions.parse_emotion(name) == emotion


def test_an_unknown_emotion_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"neutral, calm, .* Got 'bored'"):
        emotions.parse_emotion("bored")


def test_every_alias_stands_for_an_emotion_and_every_label_has_its_own_colour():
    assert set(emotions.ALIASES.values()) <= set(emotions.EMOTIONS)
    for labels in emotions.LABELS.values():
        colours = [emotions.COLOURS[label] for label in labels]
        assert len(set(colours)) == len(labels)
        assert all(re.fullmatch(r"#[0-9A-F]{6}", colour) for colour in colours)


def test_pages_show_the_second_names_of_neutral_and_fearful():
    assert emotions.display_name("neutral") == "Neutral (natural)"
    assert emotions.display_name("fearful") == "Fearful (scared)"
