"""What a correction layer changes, as text. UAR is in percent, with its 95% interval in brackets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ser_core.cli.layout import align

_HEADER = (
    "tested on",
    "clips",
    "speakers",
    "UAR before [95%]",
    "UAR after [95%]",
    "difference [95%]",
)
_EXPLANATION = (
    "UAR: of each emotion the share that is recognised, in per cent, averaged over the emotions. "
    "In brackets: its 95% confidence interval.\n"
)
_NOBODY_SET_ASIDE = (
    "None of your speakers is set aside for testing: that takes clips with a label of two named speakers "
    "or more. What the layer is worth on a voice like yours is not known.\n"
)
_LIMITS = (
    "The limits for refusals and prediction sets are those of the model without the layer. "
    "People label what went wrong more often than what went right: a layer learns that too.\n"
)


def summarise_layer(report: Mapping[str, Any]) -> str:
    """Return the table of what a layer changes, and the sentences that belong to it.

    Parameters
    ----------
    report : mapping
        As the library stores it with a layer.
    """
    from ser_core.library import layer_report

    tested = [*([report["library"]] if report["library"] else []), *report["corpora"]]
    sentences = [_EXPLANATION]
    if not report["library"]:
        sentences.append(_NOBODY_SET_ASIDE)
    if report["left_out"]:
        verb = "was" if report["left_out"] == 1 else "were"
        sentences.append(
            f"{count_noun(report['left_out'], 'clip')} {verb} left out, as it is not known who speaks: "
            "it might be a speaker who was set aside.\n"
        )
    worse = [row["name"] for row in report["corpora"] if layer_report.is_worse(row)]
    if worse:
        sentences.append(
            f"WORSE, by more than chance explains, on {', '.join(worse)}: adopting it takes --force.\n"
        )
    table = align(_HEADER, [_row(tested_on) for tested_on in tested])
    return "".join([f"{table}\n", *sentences, _LIMITS])


def describe_training(counts: Mapping[str, Any]) -> str:
    """Return in words what a layer was trained on: clips, named speakers, emotions."""
    clips = count_noun(counts["clips"], "clip")
    speakers = ""
    if counts["speakers"]:
        speakers = f" of {count_noun(counts['speakers'], 'named speaker')}"
    emotions = ", ".join(f"{n} {emotion}" for emotion, n in counts["emotions"].items())
    return f"{clips}{speakers} ({emotions})"


def count_noun(n: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not 1.

    Examples
    --------
    >>> count_noun(1, "clip"), count_noun(2000, "clip")
    ('1 clip', '2,000 clips')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _row(tested_on: Mapping[str, Any]) -> tuple[str, ...]:
    shares = (_format(tested_on[name]) for name in ("before", "after", "difference"))
    return (tested_on["name"], f"{tested_on['clips']:,}", f"{tested_on['speakers']}", *shares)


def _format(share: Mapping[str, float | None]) -> str:
    value, low, high = share["value"], share["low"], share["high"]
    if value is None or low is None or high is None:
        return f"{100 * (value or 0):.1f} [too few speakers]"
    return f"{100 * value:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
