"""The page *Feature explorer*."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ser_core import audio, exploration, features
from ser_core.storage.paths import DATA_DIR
from tests.support.pages import choose, healthy, state_of, texts
from tests.support.server import ROOT
from ui.session import OwnCorpus


def look(page, view):
    return healthy(page.segmented_control(key="look").set_value(view).run())


def own_corpus(page, speaker="", gender="", n=40):
    """A person's own corpus in the session: some clips of RAVDESS under another name."""
    some = exploration.read_shipped_features().iloc[:: 1440 // n]
    table = some.assign(corpus="mine", speaker=speaker, gender=gender)
    state_of(page).own_corpus = OwnCorpus("mine", "labels.csv", table, (), lambda _: None)
    return page.run()


def test_the_explorer_begins_with_what_makes_anger_anger(explorer):
    healthy(explorer)
    table = exploration.read_shipped_features()
    expected = exploration.rank_features(table, "angry", "neutral")
    pitch = expected[expected["group"] == "Pitch"].iloc[0]
    assert "Angry against neutral, in short:" in texts(explorer)
    assert f"{pitch['attribute']} **{pitch['difference']:+.3g} Hz**" in texts(explorer)
    assert (
        f"**{(expected['p_corrected'] < 0.05).sum()} of 128** attributes differ beyond chance"
        in texts(explorer)
    )
    heard = expected[expected["group"].isin(exploration.AUDIBLE_GROUPS)].iloc[0]
    assert explorer.subheader[0].value == heard["attribute"]
    assert (
        f"**{heard['difference']:+.3g} {heard['unit']}** in angry against neutral speech"
        in texts(explorer)
    )


def test_the_attribute_that_tells_best_leads_on_to_all_emotions(explorer):
    first = explorer.subheader[0].value
    explorer.button(key="to_attribute").click().run()
    healthy(explorer)
    assert explorer.segmented_control(key="look").value == "attributes"
    assert [subheader.value for subheader in explorer.subheader] == [first]


def test_what_tells_two_emotions_apart_is_ranked_among_the_chosen_clips(explorer):
    explorer.selectbox(key="apart_second").set_value("calm").run()
    explorer.segmented_control(key="voices").set_value("female").run()
    assert "over 12 speakers" in texts(healthy(explorer))
    explorer.pills(key="corpora").set_value(["ravdess", "nemo"]).run()
    assert "of 16 female speakers: RAVDESS" in texts(explorer)
    assert "over 12 speakers" in texts(healthy(explorer))  # nEMO has no calm
    explorer.selectbox(key="apart_second").set_value("sad").run()
    assert "over 16 speakers" in texts(healthy(explorer))
    explorer.selectbox(key="apart_second").set_value("angry").run()
    assert "Choose two different emotions" in texts(healthy(explorer))
    explorer.pills(key="corpora").set_value(["crema-d"])
    explorer.selectbox(key="apart_second").set_value("surprised").run()
    assert "None of the chosen clips is surprised" in texts(healthy(explorer))


def test_nothing_chosen_in_the_explorer_is_a_hint_and_no_error(explorer):
    explorer.pills(key="kinds").set_value([]).run()
    assert "Choose one or more kinds" in texts(healthy(explorer))
    look(explorer, "attributes").multiselect(key="attributes").set_value([]).run()
    assert "Choose an attribute above" in texts(healthy(explorer))
    look(explorer, "frequencies").pills(key="heard_emotions").set_value([]).run()
    assert "Choose one or more emotions above" in texts(healthy(explorer))
    assert "Record or pick a clip first" in texts(look(explorer, "voice"))
    explorer.pills(key="corpora").set_value([]).run()
    assert "Choose one or more corpora above" in texts(healthy(explorer))


@pytest.mark.parametrize("split", exploration.SPLITS)
def test_any_attribute_can_be_explored_by_group_and_shape(split, explorer):
    explorer.pills(key="corpora").set_value(["ravdess", "crema-d"])
    page = look(explorer, "attributes")
    page.multiselect(key="attributes").set_value(["hnr_mean", "chroma_c_sharp", "mel_05"]).run()
    assert [subheader.value for subheader in healthy(page).subheader] == [
        "Harmonics-to-noise ratio, average",
        "Chroma C#",
        "Mel band at 718 Hz",
    ]
    assert len(page.get("vega_lite_chart")) == 3
    page.segmented_control(key="voices").set_value("female").run()
    page.segmented_control(key="split").set_value(split).run()
    page.segmented_control(key="shown_as").set_value("Violin").run()
    table = pd.concat(
        [exploration.read_shipped_features("ravdess"), exploration.read_shipped_features("crema-d")]
    )
    values = exploration.feature_values(table[table["gender"] == "female"], "hnr_mean", split)
    numbers = healthy(page).dataframe[0].value
    expected = exploration.feature_summary(values).reset_index()
    pd.testing.assert_frame_equal(numbers, expected[list(numbers)], check_dtype=False)
    assert ("group" in numbers) == bool(split)
    assert "evenly chosen" in texts(page)


def test_two_emotions_can_be_put_side_by_side_and_a_linear_axis_is_explained(explorer):
    page = look(explorer, "attributes")
    page.pills(key="emotions").set_value(["sad", "angry"]).run()
    assert healthy(page).dataframe[0].value["emotion"].tolist() == ["sad", "angry"]
    assert any(
        "Save these 384 clips" in button.proto.label for button in page.get("download_button")
    )
    page.toggle(key="log_axis").set_value(True).run()
    assert "the axis stays linear" not in texts(page)
    page.multiselect(key="attributes").set_value(["level_mean"]).run()
    assert "the axis stays linear" in texts(healthy(page))
    page.pills(key="corpora").set_value(["crema-d"])
    page.pills(key="emotions").set_value(["calm", "sad", "surprised"]).run()
    assert "Not among the chosen clips: calm, surprised." in texts(healthy(page))


def test_spectrum_and_pitch_are_shown_in_either_scale_with_the_difference_of_two(explorer):
    page = look(explorer, "frequencies")
    assert len(page.get("vega_lite_chart")) == 4
    assert "mean over 24 speakers" in texts(page)
    page.segmented_control(key="lines_by").set_value("gender")
    page.segmented_control(key="frequency_axis").set_value("mel")
    page.segmented_control(key="pitch_scale").set_value("hz").run()
    assert "mean over 12 and 12 speakers" in texts(healthy(page))
    page.pills(key="heard_emotions").set_value(["sad", "angry", "happy"]).run()
    assert len(healthy(page).get("vega_lite_chart")) == 2


def test_the_map_can_be_coloured_and_says_how_much_of_it_is_drawn(explorer):
    page = look(explorer, "map")
    assert "Click a point on the map" in texts(page)
    page.pills(key="corpora").set_value(["ravdess", "crema-d", "nemo"]).run()
    assert "3,000 of 13,356 clips are drawn" in texts(healthy(page))
    page.segmented_control(key="map").set_value("linear").run()
    for by in ("gender", "speaker", "corpus", "intensity"):
        page.segmented_control(key="map_by").set_value(by).run()
        healthy(page)


def test_ones_own_recording_is_in_every_view(page):
    choose(page, "Sample")
    page.pills(key="sample").set_value("Steady low").run()
    page.switch_page("pages/feature_explorer.py").run()
    assert "Your recording: " in texts(healthy(page))
    own = features.extract(
        audio.load(DATA_DIR / "samples" / "steady-low-voice.flac"), exploration.FEATURE_SET
    )
    pitch = own.values[own.names.index("f0_median")]
    standing = exploration.share_below(exploration.read_shipped_features(), "f0_median", pitch)
    assert (
        f"**Your recording: {pitch:,.4g}**] (the violet line). {exploration.describe_share_below(standing)}"
        in texts(look(page, "attributes"))
    )
    assert (
        len(page.get("vega_lite_chart")) == 4
    )  # the distribution and the standing of two attributes
    assert texts(look(page, "frequencies")).count("The dashed violet line is your recording") == 2
    assert "The star is your recording" in texts(look(page, "map"))
    near = exploration.nearest_clips(
        exploration.build_space(exploration.read_shipped_features()), own
    )["path"].tolist()
    assert page.dataframe[-1].value["path"].tolist() == near
    look(page, "voice")
    assert len(page.get("vega_lite_chart")) == 3  # waveform, spectrogram, pitch
    assert page.dataframe[-1].value["path"].tolist() == near
    page.selectbox(key="compared_with").set_value("angry").run()
    among = exploration.select_emotions(exploration.read_shipped_features(), ["angry"])
    assert (
        healthy(page).dataframe[0].value["feature"].tolist()
        == exploration.rank_unusual_features(own.values, among)["feature"].tolist()
    )


def show_clip():
    from ui import clip_detail

    clip_detail.of_corpus("ravdess", "03-01-05-02-01-01-11.flac", "shown")


def test_a_clip_that_cannot_be_heard_shows_its_features_and_pitch_and_one_step(monkeypatch):
    monkeypatch.delenv("SER_CORPORA", raising=False)
    page = healthy(AppTest.from_function(show_clip, default_timeout=60).run())
    assert "**Angry** (strong) · male ravdess-11" in texts(page)
    assert "python -m ser_core corpora download ravdess" in texts(page)
    assert len(page.get("vega_lite_chart")) == 1  # the stored pitch
    table = exploration.read_shipped_features()
    row = table[table["path"] == "03-01-05-02-01-01-11.flac"].iloc[0]
    expected = exploration.rank_unusual_features(
        row[list(exploration.feature_specs())].to_numpy(float),
        exploration.select_emotions(table, ["angry"]),
    )
    pd.testing.assert_frame_equal(page.dataframe[0].value, expected)


@pytest.mark.corpus
def test_a_clip_of_a_corpus_is_heard_and_seen(ravdess):
    page = healthy(AppTest.from_function(show_clip, default_timeout=60).run())
    assert len(page.get("audio")) == 1
    assert len(page.get("vega_lite_chart")) == 3  # waveform, spectrogram, pitch
    page.segmented_control(key="spectrogram_shown").set_value("linear").run()
    assert len(healthy(page).get("vega_lite_chart")) == 3


def test_ones_own_corpus_is_one_of_the_choices(explorer):
    own_corpus(explorer)
    explorer.pills(key="corpora").set_value(["mine"]).run()
    assert "of unknown speakers: mine" in texts(healthy(explorer))
    assert "not known who speaks" in texts(explorer)
    for view in ("attributes", "map", "voice"):
        look(explorer, view)
    assert "not for your own" in texts(look(explorer, "frequencies"))
    assert "No speaker is known to have both" in texts(explorer)
    explorer.segmented_control(key="voices").set_value("male").run()
    assert "None of the chosen clips has such a voice" in texts(healthy(explorer))
    explorer.segmented_control(key="voices").set_value("")
    explorer.pills(key="corpora").set_value(["ravdess", "mine"]).run()
    look(explorer, "apart")
    own = state_of(explorer).own_corpus.table
    assert f"{len(own)} clips of unknown speakers are left out" in texts(explorer)
    look(explorer, "attributes").segmented_control(key="split").set_value("corpus").run()
    assert healthy(explorer).dataframe[0].value.query("group == 'mine'")["clips"].sum() == len(own)


def test_ones_own_corpus_stays_with_its_session(explorer):
    own_corpus(explorer, speaker="me")
    explorer.pills(key="corpora").set_value(["ravdess", "mine"]).run()
    assert "**1,480 clips** of 25 speakers" in texts(healthy(explorer))
    other = (
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
        .run()
        .switch_page("pages/feature_explorer.py")
        .run()
    )
    assert other.pills(key="corpora").options == ["RAVDESS", "CREMA-D", "nEMO"]
    assert "**1,440 clips** of 24 speakers" in texts(healthy(other))
