"""The card of a release is made from its run, and its index gets a line."""

from pathlib import Path

import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)


ROOT = Path(__file__).parents[3]


def test_the_card_is_made_from_the_run(released):
    preset, place, run = released
    text = (place / "tiny-pair.md").read_text()
    assert text.startswith("# Model card: tiny-pair\n\nfor tests\n")
    assert "**Terms.** public domain\n" in text
    assert "**Trained on.** noise, made by numpy\n" in text
    assert "after round 1: the best one" in text
    assert (run / "config.json").read_text() in text.replace("```", "\n")
    assert "| warm-up | 1 | 0 | 0.5 |  |  |  |  |\n" in text
    assert "| 0 | 1 | 2 | 1.5 | 29.00 | 28.12 | 30.00 | 1.062 |\n" in text
    assert "| **1** | 1 | 2 | 1.5 | 29.75 | 28.12 | 30.75 | 1.062 |\n" in text
    assert text.count("- comrec 0.1.0, keras 3.15.1, source abc123\n") == 1
    assert text.count("- comrec 0.1.0, keras 3.15.1, source def456\n") == 1
    for file in (*preset.weights.values(), *preset.onnx.values()):
        assert f"| `{file.name}` | `{file.sha256}` |\n" in text


def test_the_index_gets_a_line_below_its_table(released):
    _, place, _ = released
    before = (ROOT / "pretrained" / "README.md").read_text().splitlines()
    last = max(i for i, line in enumerate(before) if line.startswith("|"))
    line = "| `tiny-pair` | [tiny-pair.md](tiny-pair.md) | public domain |"
    expected = [*before[: last + 1], line, *before[last + 1 :]]
    assert (place / "README.md").read_text().splitlines() == expected
