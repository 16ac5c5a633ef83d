"""`comrec verify`: the PSNR of a pair, and originals that are not its own."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.jpeg import segments


def test_verify_measures_the_psnr_of_the_pair(run, made, pair, tmp_path):
    assert run("verify", pair[0]).status == 0
    ran = run("verify", pair[0], "--original", tmp_path / "photo.png", "--json")
    assert ran.status == 0
    assert ran.rows[0]["psnr_db"] == round(made.report.psnr_db, 3)


@pytest.mark.parametrize("other", ["mirrored", "cropped", "grey", "alpha"])
def test_verify_refuses_another_original(refused, tmp_path, other):
    photo = pictures.photo()
    array = pictures.with_alpha(photo) if other == "alpha" else photo
    (tmp_path / "x.jpg").write_bytes(
        comrec.compress(array, jpeg_quality=50, embed=True).jpeg
    )
    changed = {
        "mirrored": 255 - photo, "cropped": photo[:, 1:], "grey": pictures.grey(),
    }.get(other, array).copy()  # fmt: skip
    if other == "alpha":
        changed[5, 5, 3] ^= 1
    (tmp_path / "other.png").write_bytes(pictures.file_of(changed, "PNG"))
    line = refused(
        "verify", tmp_path / "x.jpg", "--original", tmp_path / "other.png",
        names=tmp_path / "x.jpg",
    )  # fmt: skip
    assert "Keep" in line


def test_verify_refuses_a_changed_jpg(refused, pair):
    data = pair[0].read_bytes()
    picture = Image.open(io.BytesIO(data))
    marker = [(s.marker, bytes(s.payload)) for s in segments.parse(data)
              if s.marker == segments.APP11]  # fmt: skip
    pair[0].write_bytes(segments.insert(pictures.file_of(picture, "JPEG"), marker))
    refused("verify", pair[0], names=pair[1])


@pytest.mark.parametrize("kind", ["two frames", "16 bits", "CMYK"])
def test_verify_keeps_an_original_that_holds_more(run, tmp_path, kind):
    data, note = {
        "two frames": (pictures.animations()["two.gif"], "the first of 2 frames"),
        "16 bits": (pictures.deep_inputs()["rgb16.png"][0], "16 bits a channel came"),
        "CMYK": (pictures.file_of(pictures.cmyk(), "TIFF"), "CMYK came"),
    }[kind]
    (tmp_path / "odd.bin").write_bytes(data)
    jpeg = tmp_path / "x.jpg"
    run("compress", tmp_path / "odd.bin", "-o", jpeg, "--jpeg-quality", 50, "--quiet")
    ran = run("verify", jpeg, "--original", tmp_path / "odd.bin", "--json")
    assert ran.status == 1
    assert ran.err.startswith(f"comrec: {jpeg}: restores to ")
    assert f"{note}" in ran.err
    assert "Keep the original" in ran.err


def test_flat_pictures_are_compared_though_plain_jpeg_keeps_them(run, tmp_path):
    flat, photo = tmp_path / "flat.png", tmp_path / "photo.png"
    flat.write_bytes(pictures.file_of(np.full((64, 64, 3), 255, np.uint8), "PNG"))
    photo.write_bytes(pictures.photo_file(".png"))
    out = tmp_path / "out"
    made = run("compress", "--jpeg-quality", 50, flat, photo, "-o", f"{out}/")
    assert made.status == 0
    assert b"PSNR infinite (identical); better than comrec" in made.out
    assert (out / "photo.comrec.jpg").exists()
    jpeg = out / "flat.comrec.jpg"
    assert run("verify", jpeg, "--original", flat).status == 0
    black = tmp_path / "black.png"
    black.write_bytes(pictures.file_of(np.zeros((64, 64, 3), np.uint8), "PNG"))
    assert run("verify", jpeg, "--original", black).status == 1


PHOTO = pictures.photo_file(".jpg")
LEFT_OUT = {
    "a second picture": PHOTO + PHOTO,
    "a gain map": PHOTO + PHOTO[:2] + b"\xff\xe1\0\x0ahdrgm:..." + PHOTO[2:],
    "a video": PHOTO + b"\0\0\0\x18ftypmp42" + bytes(40),
    "a colour space": pictures.png_of(
        56, 40, 8, 0, b"".join(b"\0" + row.tobytes() for row in pictures.grey()),
        (b"cICP", b"\x09\x10\0\1"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LEFT_OUT)
def test_what_compress_leaves_out_is_said_listed_and_kept_by_verify(
    run, tmp_path, what
):
    source, jpeg = tmp_path / "odd.bin", tmp_path / "x.jpg"
    source.write_bytes(LEFT_OUT[what])
    ran = run("compress", source, "-o", jpeg, "--jpeg-quality", 50, "--json")
    assert len(ran.rows[0]["left_out"]) == len(ran.rows[0]["notes"]) == 1
    assert ran.rows[0]["notes"][0] in ran.err
    ran = run("verify", jpeg, "--original", source)
    assert ran.status == 1
    assert "Keep the original" in ran.err


KEPT = {
    "exif": (segments.APP1, pictures.exif()),
    "icc": (segments.APP2, segments.ICC_PREFIX + b"\1\1" + pictures.icc()),
    "xmp": (segments.APP1, segments.XMP_PREFIX + pictures.XMP % 1),
    "iptc": (segments.APP13, b"Photoshop 3.0\x008BIM\4\4\0\0\0\0\0\2\x1c\2"),
    "comment": (segments.COM, b"Grandma at the lake"),
    "text": (segments.APP15, b"PNG text\0\0\0\0\3tEXta\0b"),
}


@pytest.mark.parametrize("kind", KEPT)
def test_an_original_may_go_only_while_its_metadata_are_there(run, tmp_path, kind):
    source, jpeg = tmp_path / "photo.jpg", tmp_path / "x.jpg"
    source.write_bytes(segments.insert(PHOTO, [KEPT[kind]]))
    run("compress", source, "-o", jpeg, "--jpeg-quality", 50)
    kept = run("verify", jpeg, "--original", source)
    assert (kept.status, kept.err) == (0, "")
    assert b"may be deleted" in kept.out
    others = ",".join(k for k in KEPT if k != kind)
    run(
        "compress", source, "-o", jpeg, "--jpeg-quality", 50, "-f", "--metadata", others
    )
    lost = run("verify", jpeg, "--original", source)
    assert lost.status == 1
    assert kind in lost.err.lower()


def test_an_original_may_go_if_the_host_kept_its_density(run, tmp_path):
    source, jpeg = tmp_path / "photo.png", tmp_path / "x.jpg"
    source.write_bytes(pictures.file_of(pictures.photo(), "PNG", dpi=(300, 300)))
    run("compress", source, "-o", jpeg, "--jpeg-quality", 50)
    assert run("verify", jpeg, "--original", source).status == 0
    with Image.open(jpeg) as picture:
        assert picture.info["dpi"] == (300, 300)
    jpeg.write_bytes(segments.coded_only(jpeg.read_bytes()))  # a host stripped it
    ran = run("verify", jpeg, "--original", source)
    assert ran.status == 1
    assert "density" in ran.err


LARGE = ("--target-bpp", 30)  # which any JPEG fits


def test_an_unchanged_jpeg_holds_all_of_its_original(run, tmp_path):
    source, jpeg = tmp_path / "photo.jpg", tmp_path / "x.jpg"
    small = pictures.file_of(pictures.photo(), "JPEG", quality=5, optimize=True)
    source.write_bytes(small + b"a trailer")
    row = run("compress", source, "-o", jpeg, *LARGE, "--json").rows[0]
    assert (row["outcome"], row["left_out"], row["notes"]) == ("unchanged", [], [])
    assert run("verify", jpeg, "--original", source).status == 0
    jpeg = tmp_path / "y.jpg"
    row = run("compress", source, "-o", jpeg, *LARGE, "--json", "--metadata", "exif")
    row = row.rows[0]
    assert row["left_out"] == ["trailing data"]
    assert run("verify", jpeg, "--original", source).status == 1


def test_decompress_lists_what_its_format_cannot_hold(run, tmp_path):
    source, jpeg = tmp_path / "photo.jpg", tmp_path / "x.jpg"
    source.write_bytes(segments.insert(PHOTO, [KEPT["comment"], KEPT["exif"]]))
    run("compress", source, "-o", jpeg, "--jpeg-quality", 50)
    rows = {
        suffix: run("decompress", jpeg, "-o", tmp_path / f"y{suffix}", "--json").rows[0]
        for suffix in (".png", ".tif", ".webp", ".bmp")
    }
    assert {suffix: row["left_out"] for suffix, row in rows.items()} == {
        ".png": [],
        ".tif": ["comment"],
        ".webp": ["comment"],
        ".bmp": ["exif", "comment"],
    }


def test_a_profile_of_the_same_colours_in_fewer_bytes_is_no_loss(run, folder):
    for name, profile in (("srgb", pictures.srgb()), ("other", pictures.icc())):
        path = folder / f"{name}.png"
        data = pictures.file_of(pictures.photo(), "PNG", icc_profile=profile)
        path.write_bytes(data)
        assert run("compress", path, "--jpeg-quality", 50, "--scale", 2).status == 0
        pair = folder / f"{name}.comrec.jpg"
        assert run("verify", pair, "--original", path).status == 0
    ran = run("verify", folder / "srgb.comrec.jpg", "--original", folder / "other.png")
    assert ran.status == 1
    assert "with other: ICC" in ran.err
