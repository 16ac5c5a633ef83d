"""Pictures of every format, mode and odd size keep size and mode in both directions."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from PIL import Image

SIZES = [(1, 1), (1, 17), (17, 1), (29, 100)]


def hostile() -> dict[str, tuple[bytes, tuple[int, ...]]]:
    """Returns the file and the shape of the restored array, by name."""
    found = {
        name: (data, a.shape) for name, (data, a) in pictures.exact_inputs().items()
    }
    found |= {
        name: (data, a.shape) for name, (data, a) in pictures.deep_inputs().items()
    }
    for height, width in SIZES:
        arrays = {
            "grey": pictures.grey(height, width), "rgb": pictures.photo(height, width),
            "rgba": pictures.with_alpha(pictures.photo(height, width)),
            "la": pictures.with_alpha(pictures.grey(height, width)),
        }  # fmt: skip
        for mode, array in arrays.items():
            data = pictures.file_of(array, "PNG")
            found[f"sizes/{mode}_{width}x{height}.png"] = data, array.shape
    for turn in (3, 6, 7):
        data = pictures.file_of(
            pictures.photo(29, 100), "JPEG", quality=95, exif=pictures.exif(turn)
        )
        shape = (29, 100, 3) if turn < 5 else (100, 29, 3)
        found[f"turned/deep/er/{turn}.JPG"] = data, shape
    photo = pictures.photo().shape
    found |= {name: (data, photo) for name, data in pictures.animations().items()}
    for kind in ("JPEG", "TIFF"):
        found[f"cmyk.{kind.lower()}"] = pictures.file_of(pictures.cmyk(), kind), photo
    found["grey.jpg"] = pictures.file_of(pictures.grey(), "JPEG"), pictures.grey().shape
    # One name each, whatever the format: photo.png and photo.tif would collide.
    return {
        "/".join(
            [*parts[:-1], parts[-1].replace(".", "-", parts[-1].count(".") - 1)]
        ): v
        for name, v in found.items()
        for parts in [name.split("/")]
    }


HOSTILE = hostile()


SLOW = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    """Makes the folder, each format in its own folder, so that no names collide."""
    root = tmp_path / "in put"
    for name, (data, _) in HOSTILE.items():
        path = root / name.rsplit(".", 1)[-1] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (root / "notes.txt").write_text("not a picture, and not named like one")
    return root


@pytest.mark.parametrize(
    ("options", "elsewhere"),
    [
        pytest.param(
            ["--jpeg-quality", 50, "-p", "jiang2017-gray-q50-2"], False, marks=SLOW
        ),
        (["--jpeg-quality", 50, "-p", "comrec-lite-2", "--scale", 1.5], False),
        pytest.param([], True, marks=SLOW),
    ],
    ids=["jiang2017, outputs beside", "lite", "default, outputs elsewhere"],
)  # fmt: skip
def test_every_picture_comes_back_in_its_size_and_mode(
    run, folder, listing, options, elsewhere
):
    coded = folder.parent / "coded" if elsewhere else folder
    back = folder.parent / "back"
    before = listing()
    to = ["-o", coded] if elsewhere else []
    made = run("compress", "-r", folder, *to, *options, "--json")
    assert made.status == 0, made.err
    assert len(made.rows) == len(HOSTILE)
    expected = "comrec" if options else "plain"
    outcomes = [row["outcome"] for row in made.rows]
    assert outcomes.count(expected) > len(HOSTILE) // 3

    # Nothing that came in has changed, not even its date.
    assert {
        name: entry for name, entry in listing().items() if name in before
    } == before
    again = run("compress", "-r", folder, *to, "--skip-existing", "--json")
    assert [row["outcome"] for row in again.rows] == ["skipped"] * len(HOSTILE)

    restored = run("decompress", "-r", coded, "-o", back, "--json")
    assert restored.status == 0, restored.err
    assert len(restored.rows) == len(HOSTILE)
    for name, (data, shape) in HOSTILE.items():
        path = back / name.rsplit(".", 1)[-1] / name
        array = np.asarray(Image.open(path.with_name(f"{path.stem}.restored.png")))
        assert array.shape == shape, name
        if len(shape) == 3 and shape[2] in (2, 4) and "16" not in name:
            alpha = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))[..., 3]
            np.testing.assert_array_equal(array[..., -1], alpha)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [["-p", "comrec-lite", "--effort", 0], ["--jpeg-quality", 30]],
    ids=["lite", "base"],
)
def test_a_large_photo_comes_back(run, tmp_path, options):
    large = np.tile(pictures.photo(200, 250), (6, 7, 1))  # of several tiles each way
    source = tmp_path / "large.png"
    Image.fromarray(large).save(source, compress_level=1)
    made = run("compress", source, "--json", *options)
    assert made.status == 0
    assert made.rows[0]["outcome"] == "comrec"
    assert run("decompress", tmp_path / "large.comrec.jpg").status == 0
    with Image.open(tmp_path / "large.restored.png") as restored:
        assert restored.size == (1750, 1200)
        wanted = np.asarray(Image.open(source)).astype(float)
        error = np.mean((wanted - np.asarray(restored)) ** 2)
    assert 10 * np.log10(255**2 / error) >= made.rows[0]["psnr_db"] - 0.001
