"""Sections of the page that compares models."""
