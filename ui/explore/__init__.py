"""Sections of the page that explores features."""
