"""The page *Tour*."""

from ser_core import evaluation, exploration
from tests.support.pages import healthy, texts
from ui import tour


def next_step(page):
    return healthy(
        next(button for button in page.button if button.label.startswith("Next: ")).click().run()
    )


def test_the_tour_leads_from_a_voice_to_knowing_what_an_answer_is_worth(app):
    page = healthy(app.switch_page("pages/tour.py").run())
    assert "which emotion will it hear" not in " ".join(pills.label for pills in page.pills)
    next(button for button in page.button if button.label == "Take a sample voice").click().run()
    page.pills(key="tour_guess").set_value("angry").run()
    assert "You guessed **angry**" in texts(next_step(page))
    assert page.subheader[0].value.startswith(("Sounds", "Cannot tell"))
    assert "**Why?**" in texts(next_step(page))
    page = next_step(page)
    ranked = exploration.rank_features(exploration.read_shipped_features(), "angry", "neutral")
    assert ranked[ranked["group"].isin(exploration.AUDIBLE_GROUPS)].iloc[0]["attribute"] in [
        subheader.value for subheader in page.subheader
    ]
    assert "Your recording: " in texts(page)
    page = next_step(page)
    page.slider(key="tour_claim").set_value(70).run()
    assert "You guessed 70%" not in texts(page)  # first the guess, then the figure
    page.toggle(key="tour_reveal").set_value(True).run()
    stored = evaluation.read_out_of_fold("nemo")
    measured = [
        evaluation.score(
            evaluation.model_rows(
                stored, "emotion", "mfcc128_v1", "random_forest", protocol, "nemo"
            ),
            "emotion",
        ).uar.value
        for protocol in ("random_split", "unseen_speakers", "corpus_left_out")
    ]
    assert all(f"{value:.0%}" in texts(page) for value in measured)
    page = next_step(page)
    page.select_slider(key="tour_noise").set_value(0).run()
    assert "prohibits" in texts(healthy(page))
    assert [button.label for button in page.button if button.label.startswith("Next: ")] == []


def test_a_step_that_needs_a_clip_says_so_and_leads_to_the_first(app):
    page = app.switch_page("pages/tour.py").run()
    page.segmented_control(key="step").set_value("2").run()
    assert "This step needs a clip" in texts(healthy(page))
    next(button for button in page.button if button.label == "Go to the first step").click().run()
    assert page.header[0].value == "1. Speak"


def test_the_lesson_sheet_has_every_step_with_its_questions():
    sheet = tour.lesson_sheet()
    assert sheet.count("\n## ") == len(tour.STEPS)
    assert all(question in sheet for step in tour.STEPS for question in step.discuss)
