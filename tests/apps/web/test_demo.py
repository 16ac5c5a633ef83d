"""The demo page is made by one command, of the package's own scripts and network."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import scripts
from PIL import Image

import comrec
from comrec.apps.web import drop, gallery, network, page, served
from comrec.image.metrics import psnr_db
from comrec.networks import presets

pytestmark = pytest.mark.slow
TERMS = (scripts.ROOT / "docs" / "demo" / "README.md").read_text()
TITLE = "Six photographs that restore themselves"


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    pytest.importorskip("skimage", reason="needs the dev extra")
    folder = tmp_path_factory.mktemp("demo")
    scripts.run("examples/demo_page.py", folder)
    return folder


@pytest.fixture(scope="module")
def record(demo) -> dict:
    return json.loads((demo / "comrec-web.json").read_text())


@pytest.fixture(scope="module")
def rows(record) -> list[dict]:
    return [record["pictures"][name] for name in sorted(record["pictures"])]


def scripts_of(demo: Path) -> dict[str, bytes]:
    folder = demo / served.SCRIPT
    return {f"{served.SCRIPT}/{p.name}": p.read_bytes() for p in folder.iterdir()}


def of_gallery(preset) -> dict[str, bytes]:
    return served.read_script() | served.make_networks({preset.name})[0]


def test_its_script_and_network_are_those_of_the_package(demo):
    preset = presets.find(gallery.PRESET)
    there = scripts_of(demo)
    dropping = drop.make_files(drop.DropRequest(demo, preset.name), there)
    more = {name: data for name, data in dropping.items() if name in there}
    networks = served.make_networks(drop.choose_networks(preset.name))[0]
    assert there == of_gallery(preset) | networks | more
    name = network.make_file_name(preset, served.BITS)
    assert there[f"{served.SCRIPT}/{name}"] == network.dump(preset, served.BITS)


def test_its_page_is_what_the_templates_make_of_its_pictures(demo, rows):
    totals = served.count_bytes(rows, of_gallery(presets.find(gallery.PRESET)))
    for name, data in page.make_files(TITLE, rows, totals, drop.PAGE).items():
        assert data == (demo / name).read_bytes()


def test_its_files_are_on_record_and_small_and_their_terms_are_said(demo, record, rows):
    there = {
        path.relative_to(demo).as_posix(): path.read_bytes()
        for path in demo.rglob("*")
        if path.is_file() and path.name != "comrec-web.json"
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in there.items()}
    assert digests == record["files"]
    assert sum(map(len, there.values())) < 3_000_000
    assert len(rows) == 6
    for row in rows:
        assert re.search(rf"^\| \[?{row['title']}\b", TERMS, re.M), row["title"]


@pytest.mark.parametrize("name", ["coffee.png", "camera.png"])
def test_its_pictures_restore_as_close_as_they_say(demo, rows, name):
    data = pytest.importorskip("skimage.data", reason="needs the dev extra")
    title = {"coffee.png": "Coffee", "camera.png": "Cameraman"}[name]
    row = next(row for row in rows if row["title"] == title)
    with Image.open(Path(data.__file__).parent / name) as picture:
        image = np.asarray(picture)
    restored = comrec.decompress(demo / row["files"][0], exact=True)
    assert restored.shape == image.shape
    assert psnr_db(image, restored) == pytest.approx(row["psnr_db"], abs=0.01)
    assert row["bytes"] == (demo / row["files"][0]).stat().st_size
    assert row["bytes"] < 0.75 * row["plain_bytes"]
