"""The .jpg is an ordinary JPEG, which other software and browsers show."""

import io
import re
import shutil
import subprocess

import cv2
import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.format import sidecar
from comrec.jpeg import coding

data = pytest.importorskip("skimage.data", reason="needs the dev extra")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--allow-file-access-from-files", "--dump-dom",
)  # fmt: skip
# Writes a line of size and pixels for each of its pictures.
PAGE = """<!doctype html><body><pre></pre>{images}<script>
for (const image of document.images) {{
  image.onload = () => {{
    const {{ naturalWidth: width, naturalHeight: height }} = image;
    const context = new OffscreenCanvas(width, height).getContext("2d");
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, 8, 8).data;
    document.querySelector("pre").textContent +=
      `shown ${{image.id}} ${{width}}x${{height}} ${{pixels.join(",")}}\\n`;
  }};
  image.src = `${{image.id}}.comrec.jpg`;
}}
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_chromium_shows_the_compact_images(tmp_path):
    photo = data.astronaut()[:96, 128:256]
    made = {}
    for name, image in (("grey", photo[..., 0].copy()), ("colour", photo)):
        for embed in (False, True):
            file = comrec.compress(image, jpeg_quality=60, scale=2, embed=embed).jpeg
            made[f"{name}-embedded" if embed else name] = file
    for name, file in made.items():
        (tmp_path / f"{name}.comrec.jpg").write_bytes(file)
    images = "".join(f'<img id="{name}">' for name in made)
    (tmp_path / "page.html").write_text(PAGE.format(images=images))
    run = subprocess.run(
        [
            str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}",
            f"file://{tmp_path / 'page.html'}",
        ],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    shown = dict(re.findall(r"shown (\S+) 64x48 ([\d,]+)", run.stdout))
    assert shown.keys() == made.keys(), run.stdout
    for name, file in made.items():
        theirs = np.array(shown[name].split(","), int).reshape(8, 8, 4)[..., :3]
        ours = coding.decode(file)[:8, :8].astype(int)
        assert np.abs(ours - theirs).max() <= 3, name


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
