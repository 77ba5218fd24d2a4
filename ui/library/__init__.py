"""The library of kept recordings on pages, and who may see it."""
