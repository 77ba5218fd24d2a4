"""What this person has kept: to be heard, corrected, taken along or deleted."""

from __future__ import annotations

import streamlit as st

from ui import routing, widgets
from ui.library import entries


def main() -> None:
    st.title("Library")
    st.markdown(
        "Hear what you have kept, say what it really was, take it along, or delete it for good."
    )
    entries.show()
    st.caption(
        f"Only what you chose to keep is here; it stays until you delete it. {widgets.AI_ACT}"
    )


routing.run(main)
