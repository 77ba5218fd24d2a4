"""The description of one feature: its name, its unit, and what it means to a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureSpec:
    """One named feature of a feature set.

    Attributes
    ----------
    name : str
        The column of the feature in tables.
    title : str
        Its name for people.
    unit : str
        Such as "dB" or "semitones/s"; "none" for a number without a unit.
    group : str
        The kind of feature, such as "Pitch".
    sentence : str
        What it means, for a person who knows no signal processing.
    frequency_hz : float or None
        The frequency that the feature belongs to, where it belongs to one.
    """

    name: str
    title: str
    unit: str
    group: str
    sentence: str
    frequency_hz: float | None = None
