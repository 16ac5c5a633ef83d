"""comrec as a codec: the files and pixels of its commands."""

import numpy as np
import pytest
from pictures import photo, photo_file

import comrec
from comrec.apps.evaluate import interface, peers
from comrec.errors import UsageError
from comrec.jpeg import coding
from comrec.networks import presets

data = pytest.importorskip("skimage.data", reason="needs the dev extra")


PRESET = "jiang2017-gray-q50-2"


@pytest.fixture(scope="module")
def made() -> comrec.Compressed:
    return comrec.compress(photo_file(".png"), preset=PRESET, jpeg_quality=50)


def test_comrec_as_a_peer_writes_and_reads_what_comrec_does(made):
    own = peers.find(f"comrec:{PRESET}@2")
    files = own.encode(photo(), 50)
    assert files == (made.jpeg, made.sidecar)
    restored = comrec.decompress(made.jpeg, made.sidecar)
    assert np.array_equal(own.decode(files), restored)
    passed = interface.run(own, photo(), 50)
    assert passed.rate_bytes == len(made.jpeg) + len(made.sidecar)
    assert presets.find(PRESET).hash in own.version


def test_an_embedded_sidecar_is_part_of_the_one_file():
    beside, inside = (peers.find(f"comrec:{PRESET}@2{e}") for e in ("", "+embed"))
    assert inside.name == beside.name + "+embed"
    (file,) = inside.encode(photo(), 50)
    assert len(file) < sum(map(len, beside.encode(photo(), 50)))
    assert np.array_equal(
        inside.decode((file,)), beside.decode(beside.encode(photo(), 50))
    )


@pytest.mark.parametrize("embed", ["", "+embed"])
def test_a_preset_without_a_scale_is_what_compress_makes_at_a_quality(embed):
    found = peers.find(f"comrec:comrec-lite{embed}", threads=1)
    assert found.name == f"comrec:comrec-lite{embed}"
    pixels = np.ascontiguousarray(data.astronaut()[:128, 180:308])
    made = comrec.compress(
        pixels, preset="comrec-lite", quality=10, embed=bool(embed), metadata="none"
    )
    expected = (made.jpeg,) if embed else (made.jpeg, made.sidecar)
    assert found.encode(pixels, 10) == expected
    restored = comrec.decompress(made.jpeg, made.sidecar, exact=True)
    assert np.array_equal(found.decode(expected), restored)


def test_an_effort_is_that_of_compress():
    found = peers.find("comrec:comrec-lite-2+effort1+embed", threads=1)
    assert found.name == "comrec:comrec-lite-2+effort1+embed"
    options = {"preset": "comrec-lite-2", "metadata": "none", "embed": True}
    made = comrec.compress(photo(64, 80), quality=10, effort=1, threads=1, **options)
    assert found.encode(photo(64, 80), 10) == (made.jpeg,)


def test_the_preset_without_networks_is_a_peer():
    found = peers.find("comrec:plain", threads=1)
    assert found.name == "comrec:plain"
    made = comrec.compress(photo(64, 80), preset="plain", quality=30, metadata="none")
    assert found.encode(photo(64, 80), 30) == (made.jpeg,)
    assert np.array_equal(found.decode((made.jpeg,)), coding.decode(made.jpeg))


def test_where_no_networks_pay_the_plain_jpeg_is_the_one_file():
    found = peers.find("comrec:comrec-lite", threads=1)
    tiny = photo()[:6, :6]
    (file,) = found.encode(tiny, 90)
    assert np.array_equal(found.decode((file,)), coding.decode(file))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{PRESET}@3", r"has scale 2\. Received: 3"),
        ("nothing@2", "no preset is called 'nothing'"),
        ("plain@1", "has no networks, so its files have no scale. Name comrec:plain"),
        (f"{PRESET}@2:visual", "has no visual tune"),
        ("comrec-lite-2@2+effort3", r"a fixed scale has no effort\. Leave"),
    ],
)
def test_a_preset_that_cannot_do_it_is_refused(name, message):
    with pytest.raises(UsageError, match=message):
        peers.find(f"comrec:{name}")
