"""Both kinds of run give a release the same: networks, settings, words and a table."""

from dataclasses import fields

import pytest

pytest.importorskip("keras", reason="needs the train extra")

from comrec.networks.presets import Preset
from comrec.train.release.release import find
from comrec.train.run.finished import TrainedPair

KINDS = pytest.mark.parametrize("kind", ["finished", "finished_joint"])


@pytest.fixture
def source(request, kind) -> TrainedPair:
    return find(request.getfixturevalue(kind))


@KINDS
def test_the_networks_are_those_of_the_preset_comcnn_first(source):
    models = source.load_models()
    assert [model.name for model in models] == ["comcnn", "reccnn"]
    assert {model.name for model in models} == set(source.derive_preset()["sizes"])


@KINDS
def test_the_settings_are_those_of_a_preset_without_names_and_files(source):
    named = {"name", "number", "summary", "licence", "training", "weights", "onnx"}
    settings = set(source.derive_preset())
    assert settings <= {field.name for field in fields(Preset)} - named


@KINDS
def test_the_words_are_whole_sentences_and_count_the_parameters(source):
    text = source.describe({"comcnn": 1234, "reccnn": 56789})
    assert "1,234" in text
    assert "56,789" in text
    for sentence in (text, source.weights_note, source.table_note):
        assert sentence.endswith(".")


@KINDS
def test_every_line_of_the_table_has_a_cell_for_each_column(source):
    head, lines = source.tabulate_validation()
    assert lines
    assert {len(tuple(line)) for line in lines} == {len(tuple(head))}


def test_a_pair_that_lacks_a_method_is_refused():
    class Half(TrainedPair):
        def load_models(self):
            return ()

    with pytest.raises(TypeError, match="abstract"):
        Half()
