"""Architectures that a race compares: what they are, what they cost, and their rows."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("ajpegli", reason="needs the eval extra")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "experiments" / "training"
sys.path.insert(0, str(FOLDER))

import candidates
from candidates import Candidate
from PIL import Image

from comrec.errors import UsageError
from comrec.networks.models.pyramid import build_reccnn
from comrec.train.prepared.recipe import Recipe, prepare

CONFIGS = sorted((ROOT / "experiments" / "configs").glob("race-*.json"))
SHAPES = [
    Candidate("plain", (4,), (2,)),
    Candidate("pyramid", (4, 6), (1, 2, 1)),
    Candidate("quarter", (8,), (1,), stride=4),
    Candidate("quarter-pyramid", (4, 8), (1, 1, 1), stride=4),
    Candidate("grid", (4, 6), (1, 1, 1), grid=(8, 1)),
    Candidate("eighth", (8,), (1,), stride=8, tail_px=1),
]


def picture(side: int) -> np.ndarray:
    return np.random.default_rng(0).random((1, side, side, 3), np.float32)


def run(model: keras.Model, *given: np.ndarray) -> np.ndarray:
    # Not `predict`, which compiles for each network.
    return np.array(keras.ops.convert_to_numpy(model(list(given))))


CONDITION = np.array([[0.1, 0.2, 0.3, 0.4, 0]], np.float32)


@pytest.mark.parametrize(("widths", "blocks"), [((6,), (3,)), ((4, 6), (1, 2, 1))])
def test_at_stride_two_a_candidate_is_the_network_of_the_family(widths, blocks):
    ours, theirs = (
        candidates.build(Candidate("same", widths, blocks)),
        build_reccnn(widths, blocks),
    )
    assert [w.shape for w in ours.weights] == [w.shape for w in theirs.weights]
    ours.set_weights(theirs.get_weights())
    given = [picture(32), CONDITION]
    np.testing.assert_allclose(run(ours, *given), run(theirs, *given), atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_residual_has_the_size_of_the_picture(shape):
    model = candidates.build(shape)
    side = 3 * shape.multiple_px
    residual = run(model, picture(side), CONDITION)
    assert residual.shape == (1, side, side, 3)
    assert np.isfinite(residual).all()


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_multiply_adds_and_weights_are_those_of_the_layers(shape):
    side = 64
    model = candidates.build(shape)
    sized = keras.Model(model.inputs, [
        layer.output for layer in model.layers if isinstance(layer, keras.layers.Conv2D)
    ])  # fmt: skip
    layers = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    made = sized([picture(side), CONDITION])
    made = made if isinstance(made, list) else [made]
    places = [int(np.prod(x.shape[1:3])) for x in made]
    sizes = [int(np.prod(layer.kernel.shape)) for layer in layers]
    total = sum(n * size for n, size in zip(places, sizes, strict=True))
    assert shape.count_multiply_adds() == round(total / side**2)
    assert sum(weights for weights, _ in shape.kernels()) == sum(sizes)


def test_the_configs_keep_to_the_multiply_adds_of_their_class():
    most = {"race-base": 150_000, "race-nano": 6_000}
    assert {path.stem for path in CONFIGS} == {*most}
    for path in CONFIGS:
        _, rows = candidates.load(path)
        for row in rows:
            assert row.count_multiply_adds() <= most[path.stem]
            assert sum(weights for weights, _ in row.kernels()) < 3e6


def test_a_candidate_comes_back_from_its_record():
    for shape in SHAPES:
        assert candidates.from_record(json.loads(json.dumps(shape.record()))) == shape


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not the config of a race"),
        ('{"training": {}}', "not the config of a race"),
        ('{"training": {}, "candidates": []}', "one or more of different names"),
        ('{"training": {}, "candidates": [{"name": "a", "widths": [4], "blocks": '
         '[1, 1]}]}', "2n - 1 counts"),
        ('{"training": {}, "candidates": [{"name": "a", "widths": [4], "blocks": [1],'
         '"stride": 3}]}', "the stride must be"),
    ],
)  # fmt: skip
def test_a_config_that_is_none_is_refused_in_one_line(tmp_path, text, words):
    path = tmp_path / "race.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=words) as err:
        candidates.load(path)
    assert "\n" not in str(err.value)


@pytest.mark.slow
def test_a_race_goes_on_where_it_was_stopped_and_writes_a_row_for_each(
    called, tmp_path
):
    y, x = np.mgrid[:300, :300]
    photo = np.stack([np.sin(x / a + y / 9) * 100 + 128 for a in (3, 5, 7)], -1)
    photo = photo.astype(np.uint8)
    (tmp_path / "held").mkdir()
    Image.fromarray(photo).save(tmp_path / "held" / "photo.png")
    recipe = Recipe(count=6, side_px=96, scales=(1,), scale_shares=(1,))
    list(prepare(tmp_path / "crops", recipe, [photo], [1]))
    config = {
        "training": {"epochs": 2, "epoch_batches": 2, "batch": 2, "patch_px": 32},
        "candidates": [
            {"name": "a", "widths": [4], "blocks": [1], "stride": 4},
            {"name": "b", "widths": [4], "blocks": [1], "stride": 8, "tail_px": 1},
        ],
    }
    path, out = tmp_path / "race-tiny.json", tmp_path / "rows.tsv"
    path.write_text(json.dumps(config))

    def run(*more):
        return called(
            "training/race", path, "--codings", tmp_path / "crops", "--validation",
            tmp_path / "held", "--runs", tmp_path / "runs", *more,
        )  # fmt: skip

    done = run("--only", "a", "--minutes", "0", "--out", out)
    assert done.status == 0, done
    before = rows_of(out)
    assert [(row["steps"], row["steps_done"]) for row in before] == [("4", "0")] * 2
    assert {row["gain_db_1_0.5"] for row in before} == {"-"}
    done = run("--only", "a", "--minutes", "1e-9")
    assert "out of time" in done.err
    done = run("--only", "a")
    assert done.status == 0, done
    (tmp_path / "runs" / "a" / "reccnn.onnx").unlink()  # as if killed before it
    done = run("--out", out)
    assert done.status == 0, done
    assert done.out.count("loss") == 2  # both epochs of b
    rows = rows_of(out)
    assert [(row["race"], row["name"]) for row in rows] == [
        ("tiny", "a"),
        ("tiny", "b"),
    ]
    assert {row["steps_done"] for row in rows} == {"4"}
    assert all(float(row["ms_per_megapixel"]) > 0 for row in rows)
    assert all(np.isfinite(float(row["jpeg_gain_db_10"])) for row in rows)


def rows_of(path: Path) -> list[dict[str, str]]:
    head, *lines = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(head, line, strict=True)) for line in lines]
