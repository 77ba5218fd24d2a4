"""`evaluate --refit`: fit all folds anew and store the out-of-fold predictions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from ser_core import evaluation
from ser_core.models.kinds import COMBINATION_OF_ONE, JOINT_KINDS
from ser_core.storage import manifest
from ser_core.training import cross_validation

if TYPE_CHECKING:
    import pandas as pd

    from ser_core.training.cross_validation import Selection


def refit(names: Sequence[str], jobs: int) -> None:
    """Fit the folds of some classifiers anew and replace their stored out-of-fold predictions.

    Parameters
    ----------
    names : sequence of str
        The classifiers. One of the models of all corpora stands for all of them.
    jobs : int
        The number of processes.

    Raises
    ------
    SerError
        BAD_USAGE where PyTorch is missing; NOT_FOUND where a corpus or a table is.
    """
    import pandas as pd

    from ser_core.training.classifiers import CLASSIFIERS

    is_joint = bool(set(names) & set(JOINT_KINDS))
    replaced = {*names, *JOINT_KINDS, COMBINATION_OF_ONE} if is_joint else {*names}
    stored = evaluation.read_out_of_fold()
    parts = [stored[~stored["classifier"].isin(replaced)]]
    if is_joint:  # first, as it says at once what is missing
        parts.append(_refit_joint(jobs))
    single = [name for name in names if name in CLASSIFIERS]
    if single:
        parts += _refit_single(single, jobs)
    evaluation.write_out_of_fold(pd.concat(parts, ignore_index=True))


def _refit_joint(jobs: int) -> pd.DataFrame:
    """Fit the models of all corpora; their limits and what a personal baseline adds are stored, too."""
    from ser_core.evaluation import enrolment, selective
    from ser_core.training import joint, release, simulated_enrolment

    pooled, _, _ = release.collect(jobs)
    out_of_fold = joint.out_of_fold(pooled)
    with manifest.storing(selective.LIMITS_TABLE) as file:
        joint.limits(pooled).to_csv(file, index=False, lineterminator="\n")
    enrolment.write_choices(simulated_enrolment.compare_with_baseline(pooled))
    return out_of_fold


def _refit_single(names: Sequence[str], jobs: int) -> list[pd.DataFrame]:
    """Fit classifiers of one corpus; the parameters that inner folds chose are stored, too."""
    from ser_core.training import left_out

    by_feature_set: dict[str, list[str]] = {}
    for feature_set, name in cross_validation.SHIPPED:
        if name in names:
            by_feature_set.setdefault(feature_set, []).append(name)
    parts = [
        left_out.out_of_fold(feature_set, classifiers, jobs)
        for feature_set, classifiers in by_feature_set.items()
    ]
    selections: list[Selection] = []
    for table in cross_validation.shipped_tables():
        rows, chosen = cross_validation.out_of_fold(table, names, jobs=jobs)
        parts.append(rows)
        selections += chosen
    _store_selections(selections, names)
    return parts


def _store_selections(selections: Sequence[Selection], names: Sequence[str]) -> None:
    import pandas as pd

    chosen = pd.DataFrame([asdict(selection) for selection in selections])
    chosen["parameters"] = [json.dumps(parameters) for parameters in chosen["parameters"]]
    if evaluation.SELECTIONS.exists():
        stored = evaluation.read_selections()
        chosen = pd.concat([stored[~stored["classifier"].isin(names)], chosen])
    with manifest.storing(evaluation.SELECTIONS) as file:
        chosen.to_csv(file, index=False, float_format="%.4f", lineterminator="\n")
