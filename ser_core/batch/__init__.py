"""Work on many files: resumable, on all cores or on a cluster."""
