"""Pictures restore themselves in a real browser to the pixels that Python makes."""

from __future__ import annotations

import base64
import shutil

import numpy as np
import pictures
import profiles
import pytest
import web_site
from PIL import Image
from web_pages import (
    CASES,
    IN_BROWSER,
    NETWORK,
    POLICY,
    PRESET,
    element,
    page,
    put,
    shown,
)  # fmt: skip

import comrec
from comrec.apps.web import drift
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding, segments
from comrec.jpeg.segments import APP2, ICC_PREFIX
from comrec.networks import codec

pytestmark = IN_BROWSER


@pytest.fixture(scope="module")
def visited(web_base, browser, cases, tmp_path_factory):
    """Visits a page of all cases; returns the shown files and decoded pixels."""
    folder = tmp_path_factory.mktemp("all") / "site"
    shutil.copytree(web_base, folder)
    for name, each in cases.items():
        put(folder, name, each)
        (folder / f"{name}.coded.jpg").write_bytes(segments.coded_only(each.jpeg))
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(folder, POLICY))
        return browser.visit(
            page(opened[0], "".join(map(element, cases))),
            f"await seen.wait({len(cases)});"
            """
            const out = {};
            for (const img of document.images) {
              const isRestored = img.dataset.comrec === "restored";
              out[img.id] = {
                file: isRestored ? await seen.file(img) : null,
                coded: await seen.pixels(img.id + ".coded.jpg", 3),
              };
            }
            return out;
            """,
        )


def decoded(visited, cases, name: str) -> np.ndarray:
    """Returns the compact image as the browser decodes it, uint8 (h, w, 1 or 3)."""
    data = base64.b64decode(visited.value[name]["coded"])
    ours = coding.decode(segments.coded_only(cases[name].jpeg))
    theirs = np.frombuffer(data, np.uint8).reshape(*ours.shape[:2], 3)
    return theirs[..., : ours.shape[2]]


def restored_here(monkeypatch, each: comrec.Compressed, coded, data: bytes):
    """Restores a compact image in Python by the exported network."""
    networks = {"reccnn": drift.load(PRESET, data, threads=1)}
    ours = codec.Codec(PRESET, each.report.scale, networks=networks)
    monkeypatch.setattr(coding, "decode", lambda *_: coded)
    size = each.report.height_px, each.report.width_px
    return ours.restore(segments.coded_only(each.jpeg), size)


@pytest.mark.parametrize("name", CASES)
def test_the_page_shows_what_python_restores(
    visited, cases, network_file, monkeypatch, name
):
    image = np.asarray(shown(visited.value[name]["file"]))
    given = CASES[name][0]()
    assert image.shape == given.shape
    coded = decoded(visited, cases, name)
    expected = restored_here(monkeypatch, cases[name], coded, network_file)
    if "alpha" in name:
        assert (image[..., -1] == given[..., -1]).all()
        image = image[..., :-1]
    difference = np.abs(image.reshape(expected.shape).astype(int) - expected)
    assert difference.max() <= 1
    assert difference.mean() < 0.01  # not a picture that is near it everywhere
    if min(given.shape[:2]) > 20:  # nor the enlarged one
        compact = np.asarray(Image.fromarray(coded.squeeze()).resize(
            given.shape[1::-1], Image.Resampling.BICUBIC
        ))  # fmt: skip
        apart = np.abs(compact.reshape(expected.shape).astype(int) - expected)
        assert apart.mean() > 10 * difference.mean()


@pytest.mark.parametrize("name", CASES)
def test_the_browser_decodes_a_jpeg_as_libjpeg_turbo_does(visited, cases, name):
    ours = coding.decode(segments.coded_only(cases[name].jpeg))
    theirs = decoded(visited, cases, name)
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_its_own_decoding_costs_no_more_than_a_twentieth_of_a_decibel(visited, cases):
    for name in ("scale-1", "scale-1.5", "scale-2", "tiles"):
        given = CASES[name][0]()
        ours = psnr_db(given, comrec.decompress(cases[name].jpeg, cases[name].sidecar))
        theirs = psnr_db(given, np.asarray(shown(visited.value[name]["file"])))
        assert ours - theirs <= 0.05


def test_where_all_goes_well_nothing_is_said_and_no_policy_violated(visited):
    assert visited.console == []
    assert visited.seen["violations"] == []
    assert {event["type"] for event in visited.seen["events"]} == {"comrec-restored"}
    sizes = {e["id"]: (e["height"], e["width"]) for e in visited.seen["events"]}
    assert sizes == {name: c[0]().shape[:2] for name, c in CASES.items()}


def test_nothing_is_fetched_from_elsewhere_and_networks_once(visited):
    hosts = {url.split("/")[2] for url in visited.requests if url.startswith("http")}
    assert len(hosts) == 1
    for name in ("networks.json", NETWORK):
        assert len([url for url in visited.requests if url.endswith(name)]) == 1


def with_icc(data: bytes) -> bytes:
    profile = ICC_PREFIX + b"\1\1" + profiles.display_p3()
    return segments.insert(data, [(APP2, profile)])


def test_a_display_p3_picture_keeps_its_colours_and_its_profile(site, browser, cases):
    (site.folder / "p3.comrec.jpg").write_bytes(with_icc(cases["scale-2"].jpeg))
    put(site.folder, "bare", cases["scale-2"])
    # The control: this browser converts such a picture where it is asked for pixels.
    script = """
        await seen.wait(2);
        const of = (id) => seen.file(document.getElementById(id));
        const file = await (await fetch("p3.comrec.jpg")).blob();
        const context = new OffscreenCanvas(8, 8).getContext("2d");
        context.drawImage(await createImageBitmap(file), 0, 0);
        const converted = [...context.getImageData(0, 0, 8, 8).data];
        return { p3: await of("p3"), bare: await of("bare"), converted };
    """
    ran = browser.visit(page(site, element("p3") + element("bare")), script)
    p3, bare = shown(ran.value["p3"]), shown(ran.value["bare"])
    assert p3.info["icc_profile"] == profiles.display_p3()
    assert "icc_profile" not in bare.info
    assert (np.asarray(p3) == np.asarray(bare)).all()
    coded = coding.decode(segments.coded_only(cases["scale-2"].jpeg))[:8, :8]
    converted = np.array(ran.value["converted"]).reshape(8, 8, 4)[..., :3]
    assert np.abs(converted - coded).max() > 3


def test_metadata_have_no_say_in_the_pixels(site, browser, cases):
    made = cases["scale-2"].jpeg
    adobe = b"Adobe\0\x64" + bytes(5)  # says that the three components are RGB
    added = [(0xEE, adobe), (0xE1, segments.EXIF_PREFIX + pictures.exif(6)[6:])]
    (site.folder / "lies.comrec.jpg").write_bytes(segments.insert(made, added))
    put(site.folder, "bare", cases["scale-2"])
    script = """
        await seen.wait(2);
        const of = (id) => seen.file(document.getElementById(id));
        return { lies: await of("lies"), bare: await of("bare") };
    """
    ran = browser.visit(page(site, element("lies") + element("bare")), script)
    lies, bare = (np.asarray(shown(ran.value[name])) for name in ("lies", "bare"))
    assert (lies == bare).all()


def test_webgpu_restores_what_wasm_restores(site, browser, cases):
    put(site.folder, "photo", cases["scale-1.5"])
    put(site.folder, "gpu", cases["scale-1.5"])
    ran = browser.visit(
        page(site, element("photo") + element("gpu", 'backend="webgpu"')),
        """
        await seen.wait(2);
        const [photo, gpu] = document.images;
        return { photo: await seen.file(photo), gpu: await seen.file(gpu) };
        """,
        gpu=True,
    )
    backends = {event["id"]: event["backend"] for event in ran.seen["events"]}
    assert backends == {"photo": "wasm", "gpu": "webgpu"}
    wasm, gpu = (np.asarray(shown(ran.value[n])).astype(int) for n in ("photo", "gpu"))
    assert np.abs(wasm - gpu).max() <= 1
    assert ran.console == []
