"""The command `evaluate`: the scores of the stored out-of-fold predictions."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from ser_core import evaluation
from ser_core.cli import report
from ser_core.cli.arguments import add_command, add_jobs
from ser_core.cli.classifier_names import choose_classifiers
from ser_core.cli.evaluate_folder import evaluate_folder
from ser_core.cli.layout import to_markdown, to_text
from ser_core.cli.output import jobs_for, target, write_json
from ser_core.corpora import CORPORA
from ser_core.errors import ErrorCode, SerError
from ser_core.storage import manifest

if TYPE_CHECKING:
    import pandas as pd

_SCORED_BY = ["task", "corpus", "feature_set", "classifier", "protocol"]
_PAGE_PREFACE = """# Results

Written by `python -m ser_core evaluate --format markdown --output docs/results.md` from the stored
predictions in `data/`. Nothing here is typed in. [How results are counted](protocols.md) says what each
column means; the [glossary](glossary.md) explains the terms.

"""


def add_commands(commands: Any) -> None:
    """Declare `evaluate`."""
    parser = add_command(
        commands,
        "evaluate",
        evaluate,
        "Print the scores, computed from the stored out-of-fold predictions.",
    )
    parser.add_argument(
        "--refit",
        action="store_true",
        help="fit all folds anew and store the predictions (networks need PyTorch and SER_CORPORA)",
    )
    parser.add_argument(
        "--classifier",
        action="append",
        metavar="NAME",
        help="with --refit: only this one; may be repeated",
    )
    _add_experiments(parser)
    parser.add_argument(
        "--corpus",
        metavar="FOLDER",
        help="test the default model on labelled clips of your own instead; nothing is stored",
    )
    parser.add_argument(
        "--model",
        action="append",
        metavar="NAME",
        help="with --corpus: test this one; may be repeated; all: every model that ships",
    )
    parser.add_argument("--format", choices=("table", "markdown", "json"), default="table")
    parser.add_argument("--output", metavar="FILE", help="write here instead of to stdout")
    add_jobs(parser)


def _add_experiments(parser: argparse.ArgumentParser) -> None:
    """Add the flags that measure anew what other tables in `data/` hold."""
    parser.add_argument(
        "--conditions",
        action="store_true",
        help="measure anew what noise, rooms and codecs cost (needs SER_CORPORA)",
    )
    parser.add_argument(
        "--gate",
        action="store_true",
        help="measure anew what the gate refuses (needs SER_CORPORA, with esc-10)",
    )
    parser.add_argument(
        "--explanations",
        action="store_true",
        help="measure anew what is lost without the cues and moments that explanations name "
        "(needs SER_CORPORA)",
    )
    parser.add_argument(
        "--learning-curves",
        action="store_true",
        help="measure anew how many training speakers it takes (a quarter of an hour)",
    )


def evaluate(options: argparse.Namespace) -> int:
    """Print the scores and return the exit code; flags compute what is stored anew first."""
    if options.corpus:
        return evaluate_folder(options)
    if options.model:
        raise SerError(
            ErrorCode.BAD_USAGE,
            "--model says which models to test on a corpus of your own.",
            "Add: --corpus FOLDER",
        )
    _compute_anew(options)
    out_of_fold = evaluation.read_out_of_fold()
    with target(options.output) as file:
        if options.format == "json":
            write_json(_scores(out_of_fold), file)
        elif options.format == "markdown":
            file.write(_PAGE_PREFACE + to_markdown(report.build_report(out_of_fold)))
        else:
            file.write(to_text(report.build_report(out_of_fold)))
    return 0


def _scores(out_of_fold: pd.DataFrame) -> list[dict[str, Any]]:
    """The scores of each model on each corpus under each protocol."""
    return [
        dict(zip(_SCORED_BY, run, strict=True)) | evaluation.score(rows, run[0]).to_dict()
        for run, rows in out_of_fold.groupby(_SCORED_BY, observed=True)
    ]


def _compute_anew(options: argparse.Namespace) -> None:
    jobs = jobs_for(options.jobs)
    if options.gate:
        from ser_core import corpora
        from ser_core.experiments import nonspeech

        corpora.resolve(nonspeech.SOUNDS)  # a missing corpus is told before the long part
    if options.refit:
        # Training imports scikit-learn, which no other command should wait for.
        from ser_core.cli import refit

        refit.refit(choose_classifiers(options.classifier), jobs)
    if options.conditions:
        from ser_core.evaluation import robustness
        from ser_core.experiments import condition_predictions

        robustness.write_conditions(condition_predictions.predict_conditions(jobs))
    if options.gate:
        with manifest.storing(nonspeech.TABLE) as file:
            nonspeech.measure_gate(jobs).to_csv(file, index=False, lineterminator="\n")
    if options.explanations:
        from ser_core.experiments import faithfulness

        with manifest.storing(faithfulness.TABLE) as file:
            faithfulness.measure_faithfulness(jobs).to_csv(
                file, index=False, float_format="%.4f", lineterminator="\n"
            )
    if options.learning_curves:
        from ser_core.evaluation import learning_curves
        from ser_core.experiments import training_speakers

        for corpus in CORPORA:
            learning_curves.write_counts(training_speakers.count_hits(corpus, jobs=jobs), corpus)
