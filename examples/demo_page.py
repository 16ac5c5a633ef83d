"""Makes a gallery of six photographs of scikit-image, free of copyright.

Beside it is a page on which visitors restore JPEGs of their own.

    python examples/demo_page.py docs/demo

Their sources and terms are in docs/demo/README.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import skimage

from comrec.cli.main import main

PHOTOS = {
    "astronaut.png": "Astronaut",
    "camera.png": "Cameraman",
    "chelsea.png": "Chelsea",
    "coffee.png": "Coffee",
    "hubble_deep_field.jpg": "Hubble extreme deep field",
    "rocket.jpg": "Falcon 9",
}
OPTIONS = ("-q", "60", "--drop", "--title", "Six photographs that restore themselves")

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name, title in PHOTOS.items():
            photo = Path(skimage.__file__).parent / "data" / name
            copy = Path(folder) / f"{title}{photo.suffix}"
            copy.write_bytes(photo.read_bytes())
        sys.exit(main(["web", folder, sys.argv[1], *OPTIONS]))
