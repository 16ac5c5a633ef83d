"""The scripts run as their first lines say, on data made here."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scripts import load, run, start
from tiny_run import crops

ROOT = Path(__file__).parents[2]
import comrec
from comrec.networks import presets

data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture
def pictures(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(3):
        Image.fromarray(data.camera()[i * 90 : i * 90 + 128, 100:228]).save(
            folder / f"{i}.png"
        )
    return folder


# Tables I and II

TABLES = "experiments/paper/reproduce_tables.py"
WEIGHTS = ROOT / "pretrained"
RECCNN = WEIGHTS / "jiang2017-gray-q50-2.reccnn.c1350c86.onnx"
COMCNN = WEIGHTS / "jiang2017-gray-q50.comcnn.8e3a361b.onnx"
Rows = dict[tuple[str, str, str], list[dict[str, str]]]


@pytest.fixture(scope="module")
def two(tmp_path_factory) -> Path:
    """A grey and a colour picture; the first has the name of a published one."""
    folder = tmp_path_factory.mktemp("two")
    Image.fromarray(data.camera()[90:186, 100:212]).save(folder / "house.png")
    Image.fromarray(data.astronaut()[40:121, 180:297]).save(folder / "photo.png")
    (folder / "notes.md").write_text("not a picture")
    return folder


def rows_of(path: Path) -> Rows:
    """Rows by budget, protocol and method."""
    head, *lines = [line.split("\t") for line in path.read_text().splitlines()]
    found: Rows = {}
    for line in lines:
        row = dict(zip(head, line, strict=True))
        found.setdefault((row["budget"], row["protocol"], row["method"]), []).append(
            row
        )
    return found


@pytest.fixture(scope="module")
def tables(two, tmp_path_factory) -> tuple[str, Rows, Path]:
    """A whole run on both pictures: what it printed, its rows, its figure."""
    out = tmp_path_factory.mktemp("out")
    printed = run(
        TABLES, two, "--out", out / "t.tsv", "--figure", out / "t.png",
        "--reccnn-only-qf10", RECCNN, "--reccnn-only-qf5", "none",
    )  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == ["t.png", "t.tsv"]
    return printed, rows_of(out / "t.tsv"), out / "t.png"


def test_tables_have_a_row_for_each_method_protocol_and_picture(tables):
    methods = {
        "qf5": ("jpeg", "half", "comcnn", "comrec"),
        "qf10": ("jpeg", "half", "comcnn", "reccnn", "comrec"),
    }
    assert list(tables[1]) == [
        (budget, protocol, method)
        for budget in methods
        for protocol in ("paper", "byte-fair", "mozjpeg")
        for method in methods[budget]
    ]
    for rows in tables[1].values():
        assert [row["image"] for row in rows] == ["house", "photo"]


def test_the_byte_budget_of_each_protocol_holds_and_is_used(tables):
    for (_, protocol, method), rows in tables[1].items():
        budgets = [int(row["plain_bytes"]) for row in rows]
        given = [int(r["jpeg_bytes"]) + int(r["sidecar_bytes"]) for r in rows]
        assert sum(given) <= sum(budgets)
        assert sum(given) > 0.85 * sum(budgets)
        if protocol == "paper":
            assert len({row["compact_quality"] for row in rows}) == 1
            assert {row["sidecar_bytes"] for row in rows} == {"0"}
        else:
            assert all(g <= b for g, b in zip(given, budgets, strict=True))
            has_sidecar = {int(row["sidecar_bytes"]) > 60 for row in rows}
            assert has_sidecar == {method != "jpeg"}
        for row, size in zip(rows, given, strict=True):
            pixels = {"house": 96 * 112, "photo": 81 * 117}[row["image"]]
            assert float(row["rate_bpp"]) == pytest.approx(8 * size / pixels, abs=1e-5)


def test_a_row_says_what_comrec_itself_makes_of_the_picture(tables, two):
    """Against the public API: the same bytes on disk, the same picture from them."""
    from comrec.image.metrics import psnr_db

    row = tables[1]["qf10", "byte-fair", "comrec"][0]
    made = comrec.compress(
        two / "house.png", preset="jiang2017-gray-q50-2",
        jpeg_quality=int(row["compact_quality"]),
    )  # fmt: skip
    assert len(made.jpeg) == int(row["jpeg_bytes"])
    assert len(made.sidecar) == int(row["sidecar_bytes"])
    with Image.open(two / "house.png") as picture:
        image = np.asarray(picture)
    restored = comrec.decompress(made.jpeg, made.sidecar)
    reached_db = psnr_db(image, restored)
    assert float(row["psnr_db"]) == pytest.approx(reached_db, abs=1e-3)
    gain_db = reached_db - float(row["plain_psnr_db"])
    assert float(row["gain_db"]) == pytest.approx(gain_db, abs=1e-3)


def test_methods_are_what_they_leave_out(tables):
    for protocol in ("paper", "byte-fair"):
        half, comcnn, reccnn, comrec = (
            tables[1]["qf10", protocol, method]
            for method in ("half", "comcnn", "reccnn", "comrec")
        )
        # The RecCNN given was not trained for bicubic reduction: it may do harm.
        for one, other, least_db in ((half, reccnn, -1), (comcnn, comrec, 0.3)):
            for a, b in zip(one, other, strict=True):
                assert a["jpeg_bytes"] == b["jpeg_bytes"]
                gained_db = float(b["psnr_db"]) - float(a["psnr_db"])
                assert abs(gained_db) > 0.01
                assert gained_db > least_db
        assert {row["weights"] for row in half} == {"none"}
        pair = presets.find("jiang2017-gray-q50-2").hash
        assert {row["weights"] for row in comcnn} == {pair.split("-")[0]}
        assert {row["weights"] for row in reccnn} == {"b5189bf4"}  # its own
        assert {row["weights"] for row in comrec} == {pair}
        assert {row["preset"] for row in reccnn} == {RECCNN.name}


def test_published_figures_are_matched_by_name_and_kept_from_mozjpeg(tables):
    found = {
        key: [row["published_psnr_db"] for row in rows]
        for key, rows in tables[1].items()
    }
    assert found["qf5", "paper", "jpeg"] == ["27.77", "nan"]
    assert found["qf10", "byte-fair", "comrec"] == ["33.25", "nan"]
    assert found["qf10", "paper", "half"] == ["nan", "nan"]
    assert found["qf10", "mozjpeg", "comrec"] == ["nan", "nan"]


def test_tables_are_printed_in_100_columns_and_say_what_is_missing(tables):
    printed, rows, figure = tables
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("Table ") for line in lines) == 6
    assert sum(line.startswith("comrec ") for line in lines) == 6
    assert "QF 5: RecCNN only is left out" in printed
    assert "QF 10: RecCNN only" not in printed
    first = rows["qf5", "paper", "comrec"][0]
    assert f"{float(first['psnr_db']):.2f}" in next(x for x in lines if "comrec " in x)
    with Image.open(figure) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000


def test_quick_tables_are_of_a_corner_of_the_first_picture(called, two, tmp_path):
    options = "--quick", "--reccnn-only-qf10", "none", "--out", tmp_path / "t.tsv"
    printed = called("paper/reproduce_tables", two, *options).out
    found = rows_of(tmp_path / "t.tsv")
    methods = ("jpeg", "half", "comcnn", "comrec")
    assert list(found) == [
        ("qf10", p, m) for p in ("paper", "byte-fair") for m in methods
    ]
    for (row,) in found.values():
        assert (row["image"], row["published_psnr_db"]) == ("house-96px", "nan")
    assert "RecCNN only is left out" in printed


@pytest.mark.slow
def test_a_reccnn_is_the_same_from_keras_weights(called, two, tmp_path):
    pytest.importorskip("keras", reason="needs the train extra")
    reached = []
    for kind in ("onnx", "weights.h5"):
        file, out = RECCNN.with_name(f"{RECCNN.stem}.{kind}"), tmp_path / f"{kind}.tsv"
        options = "--quick", "--reccnn-only-qf10", file, "--out", out
        assert called("paper/reproduce_tables", two, *options).status == 0
        (row,) = rows_of(out)["qf10", "paper", "reccnn"]
        reached.append(float(row["psnr_db"]))
        assert row["preset"] == file.name
    assert reached[0] == pytest.approx(reached[1], abs=0.002)


def stub(folder: Path, module: str) -> str:
    """A PYTHONPATH on which a module cannot be imported."""
    (folder / f"{module}.py").write_text(f"raise ImportError('no {module} here')")
    return str(folder)


def test_without_mozjpeg_its_protocol_is_left_out_and_that_is_said(two, tmp_path):
    (tmp_path / "one").mkdir()
    with Image.open(two / "house.png") as house:  # libvips decodes PNG
        house.save(tmp_path / "one" / "x.bmp")
    printed = run(TABLES, tmp_path / "one", PYTHONPATH=stub(tmp_path, "pyvips"))
    assert "Protocol mozjpeg is left out" in printed
    assert printed.count("\nJPEG ") == 4
    assert "\nmozjpeg " not in printed


def broken(tmp_path: Path, name: str, content: bytes | np.ndarray) -> Path:
    folder = tmp_path / "folder"
    folder.mkdir()
    if isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        Image.fromarray(content).save(folder / name)
    return folder


FLAT = np.full((40, 40), 99, np.uint8)
REFUSED = {
    "no such folder": (lambda t: [t / "nowhere"], "nowhere: not a folder"),
    "nothing in it": (lambda t: [broken(t, "a.txt", b"")], "folder: no pictures"),
    "not a picture": (lambda t: [broken(t, "a.png", b"text")], "a.png: not a picture"),
    "cut off": (
        lambda t: [broken(t, "a.png", Path(COMCNN).read_bytes()[:99])],
        "a.png: not a picture",
    ),
    "too small": (lambda t: [broken(t, "a.png", FLAT[:8])], "a.png: SSIM needs 11"),
    "too plain": (lambda t: [broken(t, "a.png", FLAT)], "at no quality does half fit"),
}
OPTIONS = {
    "unknown preset": (["--preset-qf10", "nobody"], "no preset is called 'nobody'"),
    "no networks": (["--preset-qf10", "plain"], "plain: not a pair for grey"),
    "no such file": (["--reccnn-only-qf10", "x.onnx"], "x.onnx: no such file"),
    "another kind": (["--reccnn-only-qf10", "README.md"], "README.md: a RecCNN is"),
    "another network": (["--reccnn-only-qf10", COMCNN], "8x8 came out as 4x4"),
    "no place": (["--out", "README.md/t.tsv"], "README.md/t.tsv: cannot be written"),
}


@pytest.fixture
def refusal(typed, monkeypatch):
    """The one line of a run of the tables that has to fail."""
    monkeypatch.chdir(ROOT)

    def call(*args: object) -> str:
        line, said = typed("paper/reproduce_tables", *args)
        assert said == ""
        assert line.startswith("reproduce_tables: ")
        assert "\n" not in line
        return line

    return call


@pytest.mark.parametrize("case", REFUSED)
def test_bad_pictures_are_refused_in_one_line(case, refusal, tmp_path):
    make, message = REFUSED[case]
    assert message in refusal(*make(tmp_path), "--quick")


@pytest.mark.parametrize("case", OPTIONS)
def test_bad_options_of_the_tables_are_refused_in_one_line(case, refusal, two):
    options, message = OPTIONS[case]
    assert message in refusal(two, "--quick", *options)


def test_tables_without_scikit_image_say_what_to_install(two, tmp_path):
    result = start(TABLES, two, "--quick", PYTHONPATH=stub(tmp_path, "skimage"))
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("reproduce_tables: ")
    assert "pip install comrec[eval]" in line


@pytest.mark.slow
def test_bulk_speed_writes_rows(tmp_path):
    run("experiments/speed/bulk_speed.py", "--quick", "--out", tmp_path / "rows.tsv")
    lines = (tmp_path / "rows.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    assert {row[0] for row in rows} >= {"compress", "one", "pool", "shards"}
    assert {row[1] for row in rows} == {"0", "1"}


@pytest.mark.slow
def test_tiles_writes_rows(tmp_path):
    options = "--quick", "--presets", "comrec-lite-2", "--out", tmp_path / "rows.tsv"
    run("experiments/speed/tiles.py", *options)
    assert len((tmp_path / "rows.tsv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_the_ablation_gives_each_way_the_same_training(called, tmp_path):
    pytest.importorskip("keras", reason="needs the train extra")
    out, runs = tmp_path / "rows.tsv", tmp_path / "runs"
    ended = called(
        "training/ablate_estimators", "--quick", "--data", crops(tmp_path / "data"),
        "--validation", crops(tmp_path / "judged", side_px=48),
        "--runs", runs, "--out", out,
    )  # fmt: skip
    assert ended.status == 0, ended
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    ways = [(row["estimator"], float(row["rate_weight"]) > 0) for row in rows]
    assert len(ways) == len(set(ways)) == 7
    assert {row["reconstruction_steps"] for row in rows} == {"8"}
    assert {r["compact_steps"] for r in rows if r["estimator"] != "none"} == {"16"}
    assert all(float(row["psnr_db"]) > 0 for row in rows)


def test_the_view_of_a_compact_image_is_compared_at_its_bytes(called, tmp_path):
    out, figure = tmp_path / "rows.tsv", tmp_path / "view.png"
    ended = called(
        "quality/compact_view", ROOT / "examples", "--preset",
        "jiang2017-gray-q50", "--out", out, "--figure", figure,
    )  # fmt: skip
    assert ended.status == 0, ended
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert [row["quality"] for row in rows] == ["10", "25", "50", "75"]
    for row in rows:
        assert int(row["plain_bytes"]) <= int(row["jpeg_bytes"])
        loss_db = float(row["plain_psnr_db"]) - float(row["view_psnr_db"])
        assert float(row["loss_db"]) == pytest.approx(loss_db, abs=0.0011)
        assert float(row["view_psnr_db"]) > 20
    with Image.open(figure) as sheet:
        assert sheet.width == 3 * sheet.height


@pytest.mark.slow
def test_compress_is_held_to_its_promises_on_a_folder(two, tmp_path):
    out = tmp_path / "rows.tsv"
    said = run("experiments/quality/never_worse.py", two, "--every", 2, "--out", out)
    assert "0 of 9 files do not meet the request, 0 are worse" in said
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert {row["picture"] for row in rows} == {"house"}
    assert {row["kept"] for row in rows} == {"True"}
    assert {row["worse"] for row in rows} == {"False"}
    quality = {r["value"]: r for r in rows if r["request"] == "quality"}
    for value, row in quality.items():
        assert row["plain_quality"] == value
        assert int(row["total_bytes"]) <= int(row["plain_bytes"])
        assert float(row["psnr_db"]) >= float(row["plain_psnr_db"])


@pytest.mark.slow
def test_every_way_of_the_ablation_of_comcnn_gets_the_same_epochs(called, tmp_path):
    pytest.importorskip("keras", reason="needs the train extra")
    out = tmp_path / "rows.tsv"
    config = ROOT / "experiments" / "configs" / "comrec-lite.json"
    ended = called(
        "training/ablate_comcnn", config, "--quick", "--epochs", "1",
        "--runs", tmp_path / "runs", "--out", out,
    )  # fmt: skip
    assert ended.status == 0, ended
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert [row["way"] for row in rows[::6]] == [
        "plain", "alternating", "joint", "alternating, all scales"
    ]  # fmt: skip
    assert {(r["scale"], r["rate_bpp"]) for r in rows} >= {("1", "0.5"), ("2", "0.15")}
    epochs = {int(r["codec_epochs"]) + int(r["reccnn_epochs"]) for r in rows}
    assert len(epochs) == 1
    assert {row["codec_epochs"] for row in rows} == {"0", "1"}


@pytest.mark.slow
def test_the_speed_of_a_step_is_measured_in_both_precisions(called, tmp_path):
    pytest.importorskip("keras", reason="needs the train extra")
    out = tmp_path / "rows.tsv"
    assert called("training/step_speed", "--quick", "--out", out).status == 0
    head, *rows = out.read_text().splitlines()
    assert [row.split("\t")[1] for row in rows] == ["float32", "mixed_bfloat16"]
    assert head.split("\t")[1] == "precision"


def test_the_demo_gives_each_codec_at_most_the_bytes_of_avif(monkeypatch, tmp_path):
    with Image.open(ROOT / "examples" / "astronaut.png") as photo:
        photo.crop((160, 20, 224, 84)).save(tmp_path / "photo.png")
    demo = load("../examples/demo", monkeypatch)
    quick = partial(comrec.compress, preset="comrec-lite-2", effort=0)
    monkeypatch.setattr(comrec, "compress", quick)
    monkeypatch.setattr(demo, "PHOTO", tmp_path / "photo.png")
    monkeypatch.setattr(demo, "RATES_BPP", (2.0,))
    monkeypatch.setattr(demo, "DETAIL", (10, 10, 50, 50))
    monkeypatch.setattr("sys.argv", ["demo", str(tmp_path / "demo")])
    demo.main()
    head, *rows = (tmp_path / "demo" / "demo.tsv").read_text().splitlines()
    assert head.split("\t") == ["rate_bpp", "codec", "setting", "bytes", "psnr_db"]
    sizes = {row.split("\t")[1]: int(row.split("\t")[3]) for row in rows}
    assert list(sizes) == ["plain JPEG", "WebP", "AVIF", "comrec"]
    assert max(sizes.values()) == sizes["AVIF"] <= 64 * 64 * 2 / 8
    with Image.open(tmp_path / "demo" / "demo.webp") as sheet:
        assert sheet.width == 5 * (2 * 40 + 12) + 12
