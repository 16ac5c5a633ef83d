"""A pair that was named while other files were in the folder is found again."""

from __future__ import annotations

import cv2
import numpy as np
import pictures
import pytest
from outputs import names_in

USED = ("-p", "plain", "--jpeg-quality", 80)


def other() -> bytes:
    return pictures.file_of(np.ascontiguousarray(pictures.photo()[::-1]), "PNG")


@pytest.fixture
def rows(run, folder):
    """Returns a function: compresses the folder; returns outcomes and outputs."""

    def call(*more: object, command: str = "compress") -> dict[str, tuple[str, str]]:
        ran = run(command, "-r", ".", "--json", *more)
        assert ran.status == 0, ran
        return {
            row["input"]: (row["outcome"], row["output"])
            for row in ran.rows
            if row["outcome"] != "left_out"
        }

    return call


def test_both_of_two_pictures_with_one_name_are_compressed(rows, folder):
    (folder / "photo.webp").write_bytes(pictures.photo_file(".webp"))
    made = rows(*USED)
    assert made == {
        name: ("plain", f"{name}.comrec.jpg") for name in ("photo.png", "photo.webp")
    }
    again = rows(*USED, "--skip-existing")
    assert again == {name: ("skipped", output) for name, (_, output) in made.items()}


def test_the_pair_of_a_picture_alone_is_known_once_another_is_beside_it(rows, folder):
    rows(*USED)
    cv2.imwrite(str(folder / "photo.bmp"), cv2.imdecode(
        np.frombuffer(other(), np.uint8), cv2.IMREAD_COLOR))  # fmt: skip
    assert rows(*USED, "--skip-existing") == {
        "photo.png": ("skipped", "photo.comrec.jpg"),
        "photo.bmp": ("plain", "photo.bmp.comrec.jpg"),
    }
    # And once it is alone again.
    (folder / "photo.png").unlink()
    (folder / "photo.comrec.jpg").unlink()
    assert rows(*USED, "--skip-existing") == {
        "photo.bmp": ("skipped", "photo.bmp.comrec.jpg")
    }


def test_a_pair_that_could_be_of_either_picture_counts_for_neither(rows, folder):
    rows(*USED)
    (folder / "photo.webp").write_bytes(pictures.photo_file(".webp"))
    found = rows(*USED, "--skip-existing")
    assert {outcome for outcome, _ in found.values()} == {"plain"}
    assert {"photo.png.comrec.jpg", "photo.webp.comrec.jpg"} <= names_in(folder)


def test_restored_pictures_are_known_under_both_names(rows, folder, run):
    rows(*USED)
    assert run("decompress", "photo.comrec.jpg").status == 0
    (folder / "photo.restored.png").rename("photo.comrec.jpg.restored.png")
    back = rows("--skip-existing", command="decompress")
    assert back == {"photo.comrec.jpg": ("skipped", "photo.comrec.jpg.restored.png")}
