"""The server around the pages: its log, readiness, turns and warm-up."""
