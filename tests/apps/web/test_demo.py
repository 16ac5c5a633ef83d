"""The demo in docs/ equals the output of `comrec web`, except for encoded bytes.

Encoders of other versions may give other bytes. The pictures must therefore match their
record, and all other files their sources.
"""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import comrec
from comrec.apps.web import gallery, network, page, served
from comrec.image.metrics import psnr_db
from comrec.networks import presets

DEMO = Path(__file__).parents[3] / "docs" / "demo"
RECORD = json.loads((DEMO / "comrec-web.json").read_text())
ROWS = [RECORD["pictures"][name] for name in sorted(RECORD["pictures"])]
AGAIN = "python examples/demo_page.py docs/demo"


def test_its_script_and_network_are_those_of_the_package():
    preset = presets.find(gallery.PRESET)
    wanted = served.read_script() | served.make_networks({preset.name})[0]
    there = {
        f"{served.SCRIPT}/{path.name}": path.read_bytes()
        for path in (DEMO / served.SCRIPT).iterdir()
    }
    assert there.keys() == wanted.keys(), AGAIN
    changed = [name for name, data in there.items() if data != wanted[name]]
    assert not changed, AGAIN
    name = network.make_file_name(preset, served.BITS)
    assert there[f"{served.SCRIPT}/{name}"] == network.dump(preset, served.BITS)


def test_its_page_is_what_the_templates_make_of_its_pictures():
    sent = {
        f"{served.SCRIPT}/{path.name}": path.read_bytes()
        for path in (DEMO / served.SCRIPT).iterdir()
    }
    totals = served.count_bytes(ROWS, sent)
    title = "Six photographs that restore themselves"
    for name, data in page.make_files(title, ROWS, totals).items():
        # zlib is not the same everywhere: what it packs to may differ by a little.
        same = [re.sub(rb"\([^)]* with gzip\)", b"", d)
                for d in (data, (DEMO / name).read_bytes())]  # fmt: skip
        assert same[0] == same[1], f"{name}: {AGAIN}"


def test_its_files_are_on_record_and_small():
    there = {
        path.relative_to(DEMO).as_posix(): path.read_bytes()
        for path in DEMO.rglob("*")
        if path.is_file() and path.name not in ("README.md", "comrec-web.json")
    }
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in there.items()}
    assert digests == RECORD["files"]
    assert sum(map(len, there.values())) < 3_000_000
    terms = (DEMO / "README.md").read_text()
    for row in ROWS:
        assert re.search(rf"^\| \[?{row['title']}\b", terms, re.M), row["title"]


@pytest.mark.parametrize("name", ["coffee.png", "camera.png"])
def test_its_pictures_restore_as_close_as_they_say(name):
    data = pytest.importorskip("skimage.data", reason="needs the dev extra")
    title = {"coffee.png": "Coffee", "camera.png": "Cameraman"}[name]
    row = next(row for row in ROWS if row["title"] == title)
    with Image.open(Path(data.__file__).parent / name) as picture:
        image = np.asarray(picture)
    restored = comrec.decompress(DEMO / row["files"][0], exact=True)
    assert restored.shape == image.shape
    assert psnr_db(image, restored) == pytest.approx(row["psnr_db"], abs=0.01)
    assert row["bytes"] == (DEMO / row["files"][0]).stat().st_size
    assert row["bytes"] < 0.75 * row["plain_bytes"]
