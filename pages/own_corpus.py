"""A folder of one's own as a corpus: to be explored, trained on, compared, and to judge the models
that ship by.
"""

from __future__ import annotations

import streamlit as st

from ser_core import charts
from ui import own_corpus, own_models, routing, session, widgets
from ui.compare import all_models, tested_corpora


def main() -> None:
    st.title("Own corpus")
    st.markdown(
        "Turn a folder of labelled clips into a corpus: explore it, train on it, and see what "
        "the models that ship make of it."
    )
    corpus = session.own_corpus()
    if corpus is None:
        choose()
    else:
        show(corpus)
    st.caption(
        "Your clips stay in this computer's memory and are gone a minute after you close the "
        f"page. {widgets.AI_ACT}"
    )


def choose() -> None:
    labelled = own_corpus.choose_folder()
    if labelled is not None:
        own_corpus.measure(*labelled)
        return
    widgets.explain_no_clip(
        "**Choose a folder above.** Its clips need labels in one of two ways; clips of "
        "RAVDESS, CREMA-D, nEMO, EMOVO, ASED, TESS, SAVEE and EmoDB need none, as "
        "their names say all."
    )
    own_corpus.layouts()
    st.caption(
        "Any names of the eight emotions do (angry or anger, fearful or fear, ...). Say who "
        "speaks, if you can: only then can models be tested on "
        "voices that they have not heard. Gender, intensity and statement may be left away."
    )


def show(corpus: session.OwnCorpus) -> None:
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    left.subheader(corpus.name, anchor=False)
    right.button("Forget this corpus", icon=":material/delete:", on_click=session.delete_own_corpus)
    st.caption(f"Labelled by {corpus.source}.")
    own_corpus.summary(corpus)
    with st.container(horizontal=True):
        st.page_link(
            routing.pages()["explore"],
            label="Explore it",
            icon=":material/insights:",
            query_params={"corpora": corpus.name, "look": "Attributes"},
        )
        if corpus.out_of_fold is not None:
            st.page_link(
                routing.pages()["compare"],
                label="Compare models on it",
                icon=":material/leaderboard:",
                query_params={"corpus": corpus.title},
            )
    st.divider()
    first, second = st.columns(2, gap="large")
    with first:
        st.subheader("Train on it", anchor=False)
        st.markdown(
            "Each clip is predicted by models that were trained without it, where speakers are "
            "known without its voice."
        )
        own_models.train(corpus)
    with second:
        st.subheader("Test the models that ship", anchor=False)
        st.markdown(
            "Unless your clips are of RAVDESS, CREMA-D or nEMO under new names, they have not "
            "heard them: what they get right here is **the most "
            "honest figure for your own recordings**."
        )
        own_models.judge(corpus)
    if corpus.out_of_fold is not None:
        st.divider()
        results()
    st.divider()
    st.subheader("Save it, or do the same from the command line", anchor=False)
    own_models.downloads(corpus)
    st.code(
        "python -m ser_core extract FOLDER --output features.csv\n"
        "python -m ser_core train FOLDER --output my-models\n"
        "python -m ser_core predict clip.wav --models my-models\n"
        "python -m ser_core evaluate --corpus FOLDER",
        language="bash",
    )


def results() -> None:
    """How the models that were trained or asked do, for each task."""
    for task in tested_corpora.tested_tasks(session.OWN):
        st.subheader(f"How well it goes: {task}", anchor=False)
        tested_corpora.warn_if_optimistic(task, session.OWN)
        table = tested_corpora.leaderboard(task, session.OWN)
        st.markdown(all_models.best_sentence(table, task, session.OWN))
        chart = charts.leaderboard(table, tested_corpora.reference_rows(task, session.OWN))
        widgets.draw(chart, key=f"own_board_{task}", alt="What each model recognises of your clips")


routing.run(main)
