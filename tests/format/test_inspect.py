"""What `describe` says of a sidecar, a pair, a plain JPEG and of other files."""

from __future__ import annotations

import json

import pictures
import pytest

from comrec.errors import ComrecError, ImageError, JpegError, SidecarError
from comrec.format import container, inspect, sidecar
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.jpeg import segments

CODED = pictures.file_of(pictures.photo(), "JPEG", quality=60)
KEPT = Metadata(icc=pictures.icc())
RECORD = Sidecar("jiang2017-gray-q50", 111, 80, 2)
FIELDS = {
    "preset": "jiang2017-gray-q50", "width_px": 111, "height_px": 80, "scale": 2,
    "alpha_bytes": 0, "crc32": f"{RECORD.paired(CODED).crc32:08x}",
}  # fmt: skip


@pytest.fixture(params=[False, True], ids=["beside", "embedded"])
def packed(request, tmp_path):
    """The path of a .jpg on disk, and the content of its sidecar file or None."""
    jpeg, beside = container.pack(CODED, KEPT, RECORD, embed=request.param)
    path = tmp_path / "photo.comrec.jpg"
    path.write_bytes(jpeg)
    if beside:
        (tmp_path / "photo.comrec.json").write_bytes(beside)
    return path, beside


def test_a_pair_is_described_with_its_sizes_and_that_it_fits(packed):
    path, beside = packed
    row = inspect.describe(path)
    where = f"{path.with_suffix('.json')}, fits" if beside else "inside, fits"
    expected = FIELDS | {"file": str(path), "kind": "JPEG", "sidecar": where}
    expected |= {"jpeg_width_px": 56, "jpeg_height_px": 40, "components": 3}
    expected |= {"jpeg_bytes": path.stat().st_size, "sidecar_bytes": len(beside or b"")}
    assert expected.items() <= row.items()
    coded = segments.coded_only(path.read_bytes())
    assert row["metadata_bytes"] == path.stat().st_size - len(coded)
    assert json.loads(json.dumps(row)) == row


def test_a_sidecar_is_described_by_its_fields(tmp_path):
    path = tmp_path / "x.json"
    alpha = container.pack_alpha(pictures.alpha())
    record = Sidecar("plain", 56, 40, 1, alpha).paired(CODED)
    path.write_bytes(record.to_json())
    row = inspect.describe(path)
    assert (row["kind"], row["preset"], row["scale"]) == ("sidecar", "plain", 1)
    assert (row["width_px"], row["height_px"]) == (56, 40)
    assert row["alpha_bytes"] == len(alpha)
    assert row["sidecar_bytes"] == path.stat().st_size


def test_of_two_records_the_fitting_one_is_described(tmp_path):
    jpeg, beside = container.pack(CODED, KEPT, RECORD, embed=False)
    other = Sidecar("plain", 9, 9, 1).paired(pictures.file_of(pictures.grey(), "JPEG"))
    (tmp_path / "x.jpg").write_bytes(jpeg)
    (tmp_path / "x.comrec.json").write_bytes(other.to_json() + beside)
    assert inspect.describe(tmp_path / "x.jpg").items() >= FIELDS.items()


def test_a_sidecar_of_another_picture_does_not_fit(packed):
    path, beside = packed
    changed = pictures.file_of(pictures.photo() // 2, "JPEG", quality=60)
    jpeg, _ = container.pack(changed, KEPT, RECORD, embed=False)
    if beside is None:  # the embedded record in another picture
        jpeg = segments.insert(changed, sidecar.embedded(RECORD.paired(CODED)))
    path.write_bytes(jpeg)
    assert str(inspect.describe(path)["sidecar"]).endswith("does not fit")


def test_a_lost_sidecar_and_a_plain_jpeg_are_told_apart(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(container.pack(CODED, KEPT, RECORD, embed=False)[0])
    assert inspect.describe(path)["sidecar"] == "missing"
    path.write_bytes(CODED)
    assert inspect.describe(path)["sidecar"] == "none: a plain JPEG"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", SidecarError), (b"a text", SidecarError), (b"\xff\xd8", JpegError),
        (CODED[:-9], JpegError), (pictures.photo_file(".png"), SidecarError),
    ],
    ids=["empty", "text", "two bytes", "cut off", "PNG"],
)  # fmt: skip
def test_other_files_are_refused_by_their_name(tmp_path, data, error):
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    with pytest.raises(error) as err:
        inspect.describe(path)
    assert str(err.value).startswith(f"{path}: ")


def test_a_missing_file_and_a_folder_are_refused_by_their_name(tmp_path):
    for path in (tmp_path, tmp_path / "none.jpg"):
        with pytest.raises(ImageError, match="cannot be read") as err:
            inspect.describe(path)
        assert str(err.value).startswith(f"{path}: ")
    with pytest.raises(ComrecError):
        inspect.describe(tmp_path / "none" / "x.json")
