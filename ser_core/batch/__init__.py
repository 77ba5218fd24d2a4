"""Work on many files: checkpointed, on all cores or on a cluster."""
