"""The classifiers that `--classifier` may name."""

from __future__ import annotations

from collections.abc import Sequence

from ser_core.errors import ErrorCode, SerError
from ser_core.models.kinds import JOINT_KINDS


def choose_classifiers(
    names: Sequence[str] | None, joint: Sequence[str] = JOINT_KINDS
) -> tuple[str, ...]:
    """Return the classifiers that were named, or all where none was.

    Parameters
    ----------
    names : sequence of str, optional
        What the user named.
    joint : sequence of str
        The models of all corpora that may be named besides the classifiers of one corpus. They are
        trained together: to name one is to train all.

    Raises
    ------
    SerError
        BAD_USAGE where there is no such classifier.
    """
    from ser_core.training.classifiers import CLASSIFIERS

    known = (*CLASSIFIERS, *joint)
    for name in names or ():
        if name not in known:
            raise SerError(
                ErrorCode.BAD_USAGE,
                f"There is no classifier {name!r}.",
                f"They are: {', '.join(known)}.",
            )
    return tuple(names or known)
