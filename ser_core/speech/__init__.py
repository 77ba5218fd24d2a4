"""Is it speech, where in a recording, and which windows of it are analysed."""
