"""The page *Several clips*."""

from ser_core.storage.paths import DATA_DIR
from tests.support.pages import healthy, texts
from ui.record import several_clips


def test_many_clips_become_a_table_and_a_bad_one_loses_no_other(app):
    page = app.switch_page("pages/several_clips.py").run()
    assert "The table appears here" in texts(healthy(page))
    voices = [
        (path.name, path.read_bytes(), "audio/flac")
        for path in sorted((DATA_DIR / "samples").glob("*.flac"))
    ]
    uploader = page.file_uploader(key="several_Files")
    for file in (voices[0], ("broken.wav", b"RIFF", "audio/wav"), *voices[1:]):
        uploader.upload(*file)
    uploader.run()
    healthy(page)
    table = page.dataframe[0].value
    assert list(table["file"]) == [voices[0][0], "broken.wav", *(name for name, *_ in voices[1:])]
    assert "1 could not be used" in texts(page)
    said = table.set_index("file")
    assert said.loc["broken.wav", "error"].startswith("This is no sound file")  # and not its code
    assert set(said["reasons"].dropna()) <= {"", *several_clips.WHY_NOT.values()}
    page.text_input(key="several_named").set_value("voice").run()
    assert len(page.dataframe[0].value) == len(voices)
    page.text_input(key="several_named").set_value("nothing is called so").run()
    assert "No clip is left" in texts(healthy(page))
