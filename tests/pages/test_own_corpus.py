"""The page Own corpus in Streamlit's own test harness: from a messy folder to scores, and the
comparison that takes it as a corpus.
"""

import io
import json
import zipfile

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ser_core import evaluation
from tests.conftest import ROOT
from tests.support.pages import state_of
from tests.support.synthesis import voice, wav

PAGE, COMPARISON = "pages/own_corpus.py", "pages/model_comparison.py"
FILES = {
    f"mine/{emotion}/{number}.wav": wav(voice(f0 + number, seconds=0.6, seed=int(f0) + number))
    for emotion, f0 in (("Happy", 300.0), ("sadness", 120.0))
    for number in range(6)
}
MESS = {
    "mine/Happy/broken.wav": b"RIFF",
    "mine/boredom/x.wav": wav(voice(seconds=0.6)),
    "mine/Happy/copy.wav": FILES["mine/Happy/0.wav"],
}
SPEAKERS = "path,emotion,speaker,gender\n" + "\n".join(
    f"{path.removeprefix('mine/')},{'happy' if 'Happy' in path else 'sad'},"
    f"{'AB'[number % 2]},{'fm'[number % 2]}"
    for number, path in enumerate(FILES)
)


@pytest.fixture
def page():
    return (
        AppTest.from_file(str(ROOT / "Home.py"), default_timeout=120).run().switch_page(PAGE).run()
    )


def texts(page):
    return " ".join(
        element.value
        for kind in ("markdown", "subheader", "caption", "info", "error", "warning")
        for element in page.get(kind)
    )


def healthy(page):
    assert not page.exception
    return page


def upload(page, files, table=None):
    page.file_uploader(key="own_folder").set_value(
        [(name, data, "audio/wav") for name, data in files.items()]
    )
    if table is not None:
        page.file_uploader(key="own_labels").set_value(("anything.csv", table.encode(), "text/csv"))
    return healthy(page.run())


def press(page, label):
    next(button for button in page.button if button.label.startswith(label)).click().run()
    return healthy(page)


def measured(page, files=FILES, table=None):
    return press(upload(page, files, table), "Measure")


def trained(page, *names):
    page.multiselect(key="own_classifiers").set_value(list(names)).run()
    return press(page, "Train and test")


def test_without_a_folder_both_layouts_are_shown(page):
    healthy(page)
    assert "Choose a folder above" in texts(page)
    assert [code.value.splitlines()[0] for code in page.code] == [
        "my-clips/",
        "path,emotion,speaker,gender",
    ]
    assert len(page.file_uploader) == 2


def test_a_messy_folder_is_measured_and_what_is_left_out_is_said(page):
    upload(page, FILES | MESS)
    assert "14 clips** labelled by folders named after emotions: 8 happy, 6 sad" in texts(page)
    assert "in no folder named after an emotion): boredom/x.wav" in texts(page)
    press(page, "Measure")
    assert {metric.label: metric.value for metric in page.metric} == {
        "Clips": "12",
        "Emotions": "2",
        "Speakers": "unknown",
        "Length": "0.1 min",
    }
    assert "cannot be used): Happy/broken.wav (NOT\\_AUDIO)" in texts(page)
    assert "the same recording as another clip): Happy/copy.wav" in texts(page)
    own = state_of(page).own_corpus
    assert own.name == "mine"
    assert own.load("Happy/1.wav").duration_s == pytest.approx(0.6)


def test_where_nobody_knows_who_speaks_the_warning_stands_on_the_page_and_in_the_comparison(page):
    trained(measured(page), "logistic_regression")
    assert ["It is not known who speaks" in warning.value for warning in page.warning] == [True]
    page.switch_page(COMPARISON).run()
    page.segmented_control(key="corpus").set_value("own").run()
    healthy(page)
    assert "These scores are optimistic" in page.warning[0].value
    assert "Guessing gives 50%" in texts(page)
    table = page.dataframe[0].value
    assert set(table.columns) == {"kind", "title", "random"}
    stored = state_of(page).own_corpus.out_of_fold
    assert table["random"].dropna().tolist() == pytest.approx(
        [100 * evaluation.score(stored, "emotion").uar.value]
    )
    for view in ("one", "two"):
        page.segmented_control(key="view").set_value(view).run()
        healthy(page)
    page.segmented_control(key="task").set_value("gender").run()
    assert "its clips lack the labels" in texts(healthy(page))


def test_a_table_with_speakers_gives_unseen_voices_and_models_that_can_be_saved(page):
    trained(measured(page, table=SPEAKERS), "logistic_regression", "knn")
    own = state_of(page).own_corpus
    protocols = own.out_of_fold.groupby("task")["protocol"].unique().map(set).to_dict()
    assert protocols == {
        "emotion": {"unseen_speakers", "random_split"},
        "gender": {"random_split"},
    }  # there is one man, one woman
    assert [
        "Without the clips of A, too few that are female are left to learn from" in warning.value
        for warning in page.warning
    ] == [True]
    with zipfile.ZipFile(io.BytesIO(own.models)) as archive:
        names = set(archive.namelist())
        card = json.loads(archive.read("emotion-knn/card.json"))
    assert {
        "mine.csv",
        "emotion-knn/model.joblib",
        "emotion-logistic-regression/card.json",
    } <= names
    assert card["scores"]["mine"]["unseen_speakers"]["n_speakers"] == 2
    assert [button.label for button in page.get("download_button")][:3] == [
        "Feature table (CSV)",
        "Predictions (CSV)",
        "Trained models (ZIP)",
    ]
    page.switch_page(COMPARISON).run()
    page.segmented_control(key="corpus").set_value("own").run()
    page.segmented_control(key="view").set_value("one").run()
    healthy(page)
    assert "95% interval" in texts(page)
    assert "12 clips of 2 speakers" in texts(page)
    page.segmented_control(key="view").set_value("two").run()
    assert "On the same 12 clips of 2 speakers" in texts(healthy(page))


def test_the_models_that_ship_are_asked_and_stand_beside_those_trained(page):
    measured(page, table=SPEAKERS)
    press(page, "Ask about every clip")
    own = state_of(page).own_corpus
    assert set(own.out_of_fold["protocol"]) == {"corpus_left_out"}
    assert set(own.out_of_fold["classifier"]) == {"combination"}
    trained(page, "knn")
    both = state_of(page).own_corpus.out_of_fold
    assert set(both["protocol"]) == {"corpus_left_out", "unseen_speakers", "random_split"}
    assert "Of the models that ship, which have not heard your clips" in texts(page)
    page.switch_page(COMPARISON).run()
    page.segmented_control(key="corpus").set_value("own").run()
    page.segmented_control(key="view").set_value("two").run()
    assert "were not tested in the same way" in texts(healthy(page))


def test_clips_that_the_models_learnt_from_are_no_test_of_them(page):
    files = {
        f"x/03-01-{code}-01-01-0{take}-01.wav": wav(voice(200 + int(code), seconds=0.6, seed=take))
        for code in ("03", "04")
        for take in (1, 2)
    }
    measured(page, files)
    assert "learnt from these very clips" in texts(page)
    assert not [button for button in page.button if button.label.startswith("Ask")]
    assert {metric.label: metric.value for metric in page.metric}["Speakers"] == "1"


def test_a_corpus_that_is_too_small_to_train_on_is_one_clear_sentence(page):
    measured(page, dict(list(FILES.items())[:8]))
    press(page, "Train and test")
    assert ["at least two emotions with 5 clips each" in error.value for error in page.error] == [
        True
    ]
    assert state_of(page).own_corpus is not None


def test_a_folder_without_labels_is_one_clear_sentence(page):
    upload(page, {"a.wav": FILES["mine/Happy/0.wav"], "b.wav": b""})
    assert ["Nothing says which emotion" in error.value for error in page.error] == [True]
    assert not [button for button in page.button if button.label.startswith("Measure")]


def test_what_is_forgotten_is_gone_everywhere(page):
    trained(measured(page), "knn")
    press(page, "Forget this corpus")
    assert state_of(page).own_corpus is None
    assert "Choose a folder above" in texts(page)
    page.switch_page(COMPARISON).run()
    healthy(page)
    assert page.segmented_control(key="corpus").options == ["RAVDESS", "CREMA-D", "nEMO"]


def test_a_folder_of_ser_corpora_can_be_chosen_and_no_other(page, tmp_path, monkeypatch):
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("SER_CORPORA", str(tmp_path))
    page.run()
    page.segmented_control(key="own_way").set_value("A folder in SER_CORPORA").run()
    assert page.selectbox(key="own_known").options == ["empty", "mine"]
    page.selectbox(key="own_known").select("empty").run()
    assert "no audio file" in page.error[0].value
    page.selectbox(key="own_known").select("mine").run()
    press(page, "Measure")
    assert len(state_of(page).own_corpus.table) == 12


def test_the_table_that_is_saved_is_the_one_that_the_command_line_writes(page, tmp_path, capsys):
    from ser_core import cli
    from ser_core.training.labelled_folder import to_csv

    measured(page)
    for path, data in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    assert cli.main(["extract", str(tmp_path / "mine"), "--jobs", "1"]) == 0
    pd.testing.assert_frame_equal(
        pd.read_csv(io.StringIO(capsys.readouterr().out)),
        pd.read_csv(io.BytesIO(to_csv(state_of(page).own_corpus.table))),
    )


def test_the_explorer_begins_with_the_emotions_that_an_own_corpus_has(page):
    measured(page, table=SPEAKERS)
    page.switch_page("pages/feature_explorer.py").run()
    page.pills(key="corpora").set_value(["mine"]).run()
    page.segmented_control(key="look").set_value("frequencies").run()
    assert page.pills(key="heard_emotions").value == ["happy", "sad"]
    assert len(healthy(page).get("vega_lite_chart")) > 0
    page.segmented_control(key="look").set_value("map").run()
    page.pills(key="emotions").set_value(["calm"]).run()
    assert "there are: happy, sad" in texts(healthy(page))
