"""What a feature is called, what it is measured in and what it means to a person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureSpec:
    """One named feature of a feature set.

    `title` names it to a person, `name` in tables; `sentence` is for a person who knows no signal processing;
    `frequency_hz` is set where the feature belongs to one place of the spectrum.
    """

    name: str
    title: str
    unit: str
    group: str
    sentence: str
    frequency_hz: float | None = None
