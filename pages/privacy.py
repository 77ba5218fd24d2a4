"""What is kept of a person's voice, where, for how long, and how to delete it."""

from __future__ import annotations

import streamlit as st

from ser_core.library import is_configured
from ui import routing
from ui.library import access

KEPT = """
| in this server's memory | until |
|---|---|
| your recording, or the file you chose | *Delete this recording*, which takes earlier ones, too{copy} |
| what was heard in it: probabilities, pitch, features | it is deleted with the recording |
| your personal baseline | *Delete the baseline* |
| the files on *Several clips*, and their table | you take the files away there |
| your own corpus, and models trained on it | *Forget this corpus* |
"""
NEVER = """
- Your voice is **never written to disk**{kept}; nobody else's page shows anything of it.
- Nothing is sent to anyone: this server asks no other computer, and the pages load nothing from
  elsewhere. No cookie but one that protects your uploads from other sites, and nothing that counts
  visits.
- Models do not learn from what you record{learnt}.
"""
LEFT_ALONE = {"kept": ", nor to a log", "learnt": ""}
UNLESS_KEPT = {
    "kept": " unless you press *Keep this recording* (see below), and never to a log",
    "learnt": ", unless you label it in your library and have them learn from it",
}
LOG = """
One line for each clip that was answered: when, how long it is, whether there was an answer, and how
long that took. One for each that could not be used, with the reason's code. When something fails:
the place in the program, and the reference that you were shown. **Never** a voice, a file's name,
an emotion, an address or a name.
"""
LIBRARY_OFF = "On this server there is **no library**: nothing outlives your visit."
LIBRARY_ON = """
On this server a **library** is switched on. A recording goes into it only when you click to keep it
there; then it stays on the server's disk until you delete it on the page *Library*. What was learnt
from your labels, and the speakers' names that were noted for testing it, stay until you press
*Delete all* there.
"""
NOT_OFFERED = """
A **library** is switched on, but not offered to you, as you came from another computer or through a
proxy that does not say who you are: nothing of yours can be kept.
"""


def main() -> None:
    st.title("Privacy")
    st.markdown("Your voice is yours. This is all that the app keeps of it, and how you delete it.")
    offered = access.is_offered()
    st.markdown(KEPT.format(copy=" (not a copy in your library)" if offered else ""))
    st.markdown(
        "All of it goes **a minute after you close the page**, or at once when the server "
        "ends. If only the connection is lost, the page finds "
        "your recording again within that minute. What you save with a button is a file on your own computer."
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Never", anchor=False)
        st.markdown(NEVER.format(**(UNLESS_KEPT if offered else LEFT_ALONE)))
        st.subheader("Kept on purpose", anchor=False)
        st.markdown(LIBRARY_ON if offered else NOT_OFFERED if is_configured() else LIBRARY_OFF)
    with right:
        st.subheader("The way of your voice", anchor=False)
        st.markdown(
            "From the microphone to the computer that runs this app, and no further. If that "
            "is the one before you, it does not leave it; if you "
            "opened an address that begins with https, it travels there encrypted."
        )
        st.subheader("What the log has", anchor=False)
        st.markdown(LOG)
        st.caption(
            "While models are trained on your own corpus, tables of its features (no sound) "
            "pass through a temporary folder."
        )


routing.run(main)
