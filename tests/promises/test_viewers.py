"""The .jpg is an ordinary JPEG: a browser shows it as it is."""

import shutil
import subprocess

import pytest

import comrec

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
