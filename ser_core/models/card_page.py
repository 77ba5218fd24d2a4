"""A model card as a text to be read."""

from __future__ import annotations

from ser_core.models.card import CardScores, Estimate, ModelCard

_TABLE_HEAD = (
    "| corpus | protocol | UAR, % [95%] | ECE | tested on |",
    "| --- | --- | ---: | ---: | --- |",
)


def to_markdown(card: ModelCard) -> str:
    """A card in Markdown, with its scores as a table (UAR with its 95% interval, in %).

    Parameters
    ----------
    card : ModelCard
        Of any model.

    Returns
    -------
    str
    """
    rows = [
        _score_row(corpus, protocol, scores)
        for corpus, by_protocol in card.scores.items()
        for protocol, scores in by_protocol.items()
    ]
    lines = [
        *(f"# {card.title} ({card.id})", ""),
        f"Of a voice it tells the {card.task}: {', '.join(card.labels)}. Made {card.created}.",
        *("", "## Learnt from", "", *_training_corpora(card)),
        *("", "## How good it is", "", *_TABLE_HEAD, *rows),
        *("", card.protocol),
        *("", "## Use and limits", "", f"{card.intended_use} {card.limits}"),
        *("", f"Licence: {card.licence}."),
        *("", "## To the letter", "", *_origin(card), ""),
    ]
    return "\n".join(lines)


def _score_row(corpus: str, protocol: str, scores: CardScores) -> str:
    clips = f"{scores['n_utterances']:,} clips, {speakers_in_words(scores['n_speakers'])}"
    uar = _percent_with_interval(scores["uar"])
    return f"| {corpus} | {protocol.replace('_', ' ')} | {uar} | {scores['ece']:.3f} | {clips} |"


def _percent_with_interval(estimate: Estimate) -> str:
    low, high = estimate["low"], estimate["high"]
    interval = "unknown"
    if low is not None and high is not None:
        interval = f"{100 * low:.1f}, {100 * high:.1f}"
    return f"{100 * estimate['value']:.1f} [{interval}]"


def _training_corpora(card: ModelCard) -> list[str]:
    return [
        f"- {corpus.name}: {corpus.speech}; {corpus.n_utterances:,} clips of "
        f"{speakers_in_words(corpus.n_speakers)}. {corpus.licence}."
        for corpus in card.corpora
    ]


def _origin(card: ModelCard) -> list[str]:
    """What the model reads, its file, and what it was made with."""
    libraries = ", ".join(f"{name} {version}" for name, version in card.libraries.items())
    python = f", Python {card.python}" if card.python else ""
    lines = [
        f"- Reads: {card.feature_set or 'what its members read'}, {card.sample_rate:,} Hz.",
        f"- File: {card.artefact}, SHA-256 {card.sha256}.",
        f"- Seed {card.seed}; made with {libraries}{python}.",
    ]
    if card.program:
        lines.append(f"- Made by the program whose source has the SHA-256 {card.program}.")
    return lines


def speakers_in_words(n: int | None) -> str:
    """The number of speakers in words.

    Parameters
    ----------
    n : int or None
        None where nobody knows who speaks.

    Returns
    -------
    str

    Examples
    --------
    >>> speakers_in_words(3), speakers_in_words(1), speakers_in_words(None)
    ('3 speakers', '1 speaker', 'unknown speakers')
    """
    if n is None:
        return "unknown speakers"
    return f"{n} speaker{'s' if n != 1 else ''}"
