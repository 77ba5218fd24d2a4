"""The registry of kinds: every stored name is in it, and it is where the strings stand."""

import re

import pytest

from ser_core import evaluation, models
from ser_core.features import FEATURE_SETS, NETWORK_INPUT
from ser_core.models.kinds import COMBINATION, COMBINATION_OF_ONE, JOINT_KINDS, KINDS, SEVERAL
from tests.support.source import FILES, ROOT, relative


def test_every_kind_is_listed_under_its_name_and_reads_something_known():
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.inputs in {None, NETWORK_INPUT, SEVERAL, *FEATURE_SETS}


def test_every_model_that_ships_is_of_a_kind_that_fits_it():
    for card in models.cards():
        assert card.artefact.endswith(card.kind.artefact)
        assert card.kind.inputs in (None, card.inputs)
        assert card.title.startswith(card.kind.title)


def test_every_model_of_the_stored_table_has_a_title():
    table = evaluation.read_out_of_fold()
    for feature_set, classifier in (
        table[["feature_set", "classifier"]].drop_duplicates().to_numpy()
    ):
        assert models.title(classifier, feature_set)


@pytest.mark.parametrize("name", [*JOINT_KINDS, COMBINATION_OF_ONE])
def test_the_name_of_a_joint_kind_stands_in_the_registry_only(name):
    if name in (COMBINATION, "network"):
        pattern = re.compile(rf'(==|!=|in \(|\[)\s*"{name}"')
    else:
        pattern = re.compile(rf'"{name}"')
    places = [
        relative(path)
        for path in FILES
        if path.is_relative_to(ROOT / "ser_core")
        and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert places in ([], ["ser_core/models/kinds.py"])
