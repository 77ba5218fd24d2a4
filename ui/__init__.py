"""What pages share of Streamlit. Nothing here is imported by `ser_core`."""
