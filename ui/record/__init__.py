"""Sections of the pages that take clips and answer them."""
