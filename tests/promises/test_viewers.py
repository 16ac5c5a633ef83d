"""The .jpg is an ordinary JPEG, which other software and browsers show."""

import io
import shutil
import subprocess

import cv2
import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.format import sidecar

data = pytest.importorskip("skimage.data", reason="needs the dev extra")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--allow-file-access-from-files", "--dump-dom",
)  # fmt: skip
PAGE = """<!doctype html><body><script>
const image = new Image();
image.onload = () => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = context.getImageData(0, 0, 8, 8).data;
  document.body.textContent =
    `shown ${image.naturalWidth}x${image.naturalHeight} ${pixels.join(",")}`;
};
image.onerror = () => { document.body.textContent = "broken"; };
image.src = "photo.comrec.jpg";
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_chromium_shows_the_compact_image(tmp_path, channels, embed):
    photo = data.astronaut()[:96, 128:256]
    image = photo if channels == 3 else photo[..., 0].copy()
    result = comrec.compress(image, jpeg_quality=60, scale=2, embed=embed)
    (tmp_path / "photo.comrec.jpg").write_bytes(result.jpeg)
    (tmp_path / "page.html").write_text(PAGE)
    run = subprocess.run(
        [
            str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}",
            f"file://{tmp_path / 'page.html'}",
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "shown 64x48" in run.stdout
    shown = run.stdout.split("shown 64x48 ")[1].split("<")[0].split(",")
    from comrec.jpeg import coding

    coded = coding.decode(result.jpeg)[:8, :8]
    for i in range(64):
        ours = coded[i // 8, i % 8]
        theirs = [int(v) for v in shown[4 * i : 4 * i + 3]]
        assert max(abs(int(o) - t) for o, t in zip(ours, theirs, strict=False)) <= 3


@pytest.fixture(scope="module", params=["beside", "embedded", "alpha", "grey"])
def written(request) -> comrec.Compressed:
    array = {
        "alpha": pictures.with_alpha(pictures.photo()), "grey": pictures.grey(),
    }.get(request.param, pictures.photo())  # fmt: skip
    source = pictures.file_of(
        array, "PNG", exif=pictures.exif(1), icc_profile=pictures.icc()
    )
    embed = request.param == "embedded"
    return comrec.compress(source, jpeg_quality=50, scale=2, embed=embed)


def test_pillow_opens_the_jpg_without_a_warning_and_finds_its_metadata(written):
    with Image.open(io.BytesIO(written.jpeg)) as picture:
        picture.load()
        assert picture.size == (28, 20)
        assert picture.info["icc_profile"] == pictures.icc()
        assert picture.getexif()[pictures.EXIF_ARTIST] == "Somebody"


def test_opencv_opens_the_jpg(written):
    found = cv2.imdecode(np.frombuffer(written.jpeg, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found.shape[:2] == (20, 28)


def test_djpeg_opens_the_jpg_without_a_word(written):
    if not shutil.which("djpeg"):
        pytest.skip("djpeg is not installed (libjpeg-turbo-progs has it)")
    ran = subprocess.run(["djpeg"], input=written.jpeg, capture_output=True, check=True)
    assert ran.stderr == b""
    assert ran.stdout.startswith((b"P5\n28 20\n", b"P6\n28 20\n"))


def test_the_sidecar_is_one_short_line(written):
    if written.sidecar is not None:
        assert written.sidecar.count(b"\n") == 1
        assert len(written.sidecar) <= 90 or b"alpha" in written.sidecar


def test_embedding_costs_a_few_bytes():
    beside = comrec.compress(pictures.photo(), jpeg_quality=50)
    inside = comrec.compress(pictures.photo(), jpeg_quality=50, embed=True)
    assert len(inside.jpeg) - len(beside.jpeg) <= 24
    assert sidecar.MAGIC in inside.jpeg
