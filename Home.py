"""The app's entry: names the pages, and is the first of them. Each session runs it.

The server imports it for `app`.
"""

import streamlit as st

from ui import routing, session, widgets
from ui.server import warming

ABOUT = {  # what each page is for; no docstring, which Streamlit would print
    "record": (
        "Record, upload or pick a sample. Hear it back, read the probabilities of eight emotions "
        "and two genders, and why."
    ),
    "several": (
        "Add a folder's worth of clips and see what each sounds like in one table, to be sorted, "
        "heard and saved."
    ),
    "own": (
        "Turn a folder of labelled clips into a corpus: explore it, train on it, and see what the "
        "models that ship make of it."
    ),
    "explore": (
        "See how pitch, spectrum, energy and rhythm differ between emotions, what tells two of "
        "them apart, and where your own recording lies."
    ),
    "compare": (
        "See how often each model is right on voices and corpora it never heard, beside the "
        "flattering figure others report."
    ),
}


def landing() -> None:
    """What this is, what to do first, what it is not."""
    pages = routing.pages()
    st.title("Speech Emotion Predictor")
    st.markdown(
        "Speak for a few seconds and see which of **eight emotions** your voice sounds like, "
        "and how far to trust the answer."
    )
    with st.container(horizontal=True):
        if st.button("Record your voice", type="primary", icon=":material/mic:"):
            st.switch_page(pages["record"])
        if st.button("Take the tour, ten minutes", icon=":material/school:"):
            st.switch_page(pages["tour"])
    st.space("small")
    places = [column for _ in range(0, len(ABOUT), 2) for column in st.columns(2, gap="medium")]
    for column, name in zip(places, ABOUT, strict=False):
        with column.container(border=True, height="stretch"):
            st.subheader(pages[name].title)
            st.markdown(ABOUT[name])
            st.page_link(pages[name], label=pages[name].title)
    st.space("small")
    left, right = st.columns(2, gap="large")
    left.subheader("What it is")
    left.markdown(
        "- A small network and perceptrons trained on **124 actors** of three corpora: "
        "**acted** North American English and Polish.\n"
        "- Accuracies are measured on **unseen voices** and on **whole corpora left out**, by "
        "commands you can run again.\n"
        "- Your recording stays in this computer's memory and is gone a minute after you close the page"
        f"{', unless you keep it in your library' if 'library' in pages else ''}."
    )
    right.subheader("What it is not")
    right.markdown(
        "- It hears how a voice *sounds*, not what a person *feels*; on real, unacted speech "
        "it will be wrong more often.\n"
        "- It is no medical device and no lie detector.\n"
        f"- {widgets.AI_ACT}"
    )
    st.page_link(
        pages["privacy"],
        label="Privacy: what is kept, where, and how to delete it",
        icon=":material/lock:",
    )


def route() -> None:
    """Name the pages and run the one that was asked for."""
    routing.configure()
    home = st.Page(landing, title="Home", icon=":material/home:", default=True)
    session.state().routed = True
    st.navigation([home, *routing.pages().values()], position="top").run()
    warming.warm_up()


if __name__ == "__main__":
    route()
else:
    from ui.server import serving

    app = st.App(
        __file__,
        lifespan=serving.lifespan,
        routes=serving.ROUTES,
        on_script_error=serving.show_failure,
    )
