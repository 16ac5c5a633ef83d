"""Pictures restore themselves in a real browser, or stay as they are."""

from __future__ import annotations

import base64
import io
import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pictures
import profiles
import pytest
import web_site
from PIL import Image

import comrec
from comrec import codec, jpeg, presets, segments
from comrec.metrics import psnr_db
from comrec.segments import APP2, ICC_PREFIX

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(web_site.MISSING), reason=f"missing: {web_site.MISSING}"),
]
PRESET = presets.find("comrec-lite-2")
DIST = web_site.ROOT / "comrec" / "web" / "dist"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob:; "
    "connect-src 'self'; style-src 'self'; worker-src 'self'"
)
SCRIPT = '<script type="module" src="comrec-img.js"></script>'
LONG_TASK_MS = 50


@pytest.fixture(scope="module")
def network_file():
    from comrec.web import network

    return network.dump(PRESET, 16)


@pytest.fixture(scope="module")
def base(tmp_path_factory, network_file):
    """A folder with the script and the network, and nothing else."""
    folder = tmp_path_factory.mktemp("base") / "site"
    shutil.copytree(DIST, folder)
    (folder / "network.bin").write_bytes(network_file)
    row = {"preset": PRESET.name, "number": PRESET.number, "file": "network.bin"}
    index = {"format": 1, "networks": [row]}
    (folder / "networks.json").write_text(json.dumps(index))
    (folder / "favicon.ico").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def browser():
    with web_site.closing_all() as opened:
        opened.append(web_site.Browser())
        yield opened[0]


@pytest.fixture
def site(base, tmp_path):
    """A host of its own: its folder may be changed."""
    folder = tmp_path / "site"
    shutil.copytree(base, folder)
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(folder, POLICY))
        yield opened[0]


def compressed(image: np.ndarray, scale: float, embed: bool = False, quality: int = 40):
    return comrec.compress(
        image, preset=PRESET.name, scale=scale, jpeg_quality=quality, embed=embed
    )


def put(folder: Path, name: str, made: comrec.Compressed) -> None:
    (folder / f"{name}.comrec.jpg").write_bytes(made.jpeg)
    if made.sidecar:
        (folder / f"{name}.comrec.json").write_bytes(made.sidecar)


def page(site: web_site.Site, body: str, head: str = SCRIPT) -> str:
    """Puts a page on the site; returns its URL."""
    text = f'<!doctype html><html lang="en"><meta charset="utf-8">{head}{body}'
    (site.folder / "page.html").write_text(text)
    return f"{site.url}page.html"


def shown(data: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data)))


def large() -> np.ndarray:
    """A photo of a megapixel."""
    photo = Image.fromarray(pytest.importorskip("skimage.data").astronaut())
    return np.asarray(photo.resize((1152, 912), Image.Resampling.LANCZOS))


# Name to (picture, scale, whether the sidecar is in the .jpg).
CASES = {
    "scale-1": (lambda: pictures.photo(97, 131), 1, False),
    "scale-1.5": (lambda: pictures.photo(97, 131), 1.5, False),
    "scale-2": (lambda: pictures.photo(97, 131), 2, True),
    "grey": (lambda: pictures.grey(64, 64), 1.5, False),
    "grey-odd": (lambda: pictures.grey(53, 29), 2, True),
    "alpha": (lambda: pictures.with_alpha(pictures.photo(60, 77)), 2, False),
    "alpha-embedded": (lambda: pictures.with_alpha(pictures.photo(60, 77)), 1.5, True),
    "grey-alpha": (lambda: pictures.with_alpha(pictures.grey(40, 56)), 1, False),
    "29x100": (lambda: pictures.photo(29, 100), 1.5, False),
    "1x17": (lambda: pictures.photo(1, 17), 2, False),
    "1x1": (lambda: pictures.photo(1, 1), 1, False),
    "tiles": (lambda: pytest.importorskip("skimage.data").astronaut(), 1.5, False),
}


@pytest.fixture(scope="module")
def made():
    return {name: compressed(c[0](), c[1], c[2]) for name, c in CASES.items()}


@pytest.fixture(scope="module")
def visited(base, browser, made, tmp_path_factory):
    """One visit of a page that has every case: files shown, and JPEG pixels decoded."""
    folder = tmp_path_factory.mktemp("all") / "site"
    shutil.copytree(base, folder)
    body = ""
    for name, each in made.items():
        put(folder, name, each)
        (folder / f"{name}.coded.jpg").write_bytes(segments.coded_only(each.jpeg))
        body += f'<comrec-img><img id="{name}" src="{name}.comrec.jpg" alt=""></comrec-img>'
    with web_site.closing_all() as opened:
        opened.append(web_site.Site(folder, POLICY))
        return browser.visit(
            page(opened[0], body),
            f"await seen.wait({len(made)}); const out = {{}};"
            "for (const img of document.images) out[img.id] = {"
            "file: img.dataset.comrec === 'restored' ? await seen.file(img) : null,"
            "coded: await seen.pixels(img.id + '.coded.jpg', 3)}; return out;",
        )


def decoded(visited, made, name: str) -> np.ndarray:
    """The compact image as the browser decodes it, uint8 (h, w, 1 or 3)."""
    data = base64.b64decode(visited.value[name]["coded"])
    ours = jpeg.decode(segments.coded_only(made[name].jpeg))
    theirs = np.frombuffer(data, np.uint8).reshape(*ours.shape[:2], 3)
    return theirs[..., : ours.shape[2]]


def restored_here(monkeypatch, each: comrec.Compressed, coded, network_file: bytes):
    """What Python makes of a compact image by the network as it was exported."""
    from comrec.web import drift

    record = each.report
    networks = {"reccnn": drift.runnable(PRESET, network_file, threads=1)}
    ours = codec.Codec(PRESET, record.scale, networks=networks)
    monkeypatch.setattr(jpeg, "decode", lambda *_: coded)
    size = record.height_px, record.width_px
    return ours.restore(segments.coded_only(each.jpeg), size)


@pytest.mark.parametrize("name", CASES)
def test_the_page_shows_what_python_restores(
    visited, made, network_file, monkeypatch, name
):
    image = np.asarray(shown(visited.value[name]["file"]))
    given = CASES[name][0]()
    assert image.shape == given.shape
    coded = decoded(visited, made, name)
    expected = restored_here(monkeypatch, made[name], coded, network_file)
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
def test_the_browser_decodes_a_jpeg_as_libjpeg_turbo_does(visited, made, name):
    ours = jpeg.decode(segments.coded_only(made[name].jpeg))
    theirs = decoded(visited, made, name)
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_a_browsers_own_decoding_costs_no_more_than_a_twentieth_of_a_decibel(
    visited, made
):
    for name in ("scale-1", "scale-1.5", "scale-2", "tiles"):
        given = CASES[name][0]()
        ours = psnr_db(given, comrec.decompress(made[name].jpeg, made[name].sidecar))
        theirs = psnr_db(given, np.asarray(shown(visited.value[name]["file"])))
        assert ours - theirs <= 0.05


def test_nothing_is_said_and_no_policy_violated_where_all_goes_well(visited, made):
    assert visited.console == []
    assert visited.seen["violations"] == []
    assert {event["type"] for event in visited.seen["events"]} == {"comrec-restored"}
    sizes = {e["id"]: (e["height"], e["width"]) for e in visited.seen["events"]}
    assert sizes == {name: c[0]().shape[:2] for name, c in CASES.items()}


def test_nothing_is_fetched_from_elsewhere_and_networks_once(visited):
    hosts = {url.split("/")[2] for url in visited.requests if url.startswith("http")}
    assert len(hosts) == 1
    for name in ("networks.json", "network.bin"):
        assert len([url for url in visited.requests if url.endswith(name)]) == 1


# Pictures that have a profile.


def with_icc(data: bytes) -> bytes:
    profile = ICC_PREFIX + b"\1\1" + profiles.display_p3()
    return segments.insert(data, [(APP2, profile)])


def test_a_display_p3_picture_keeps_its_colours_and_its_profile(site, browser, made):
    (site.folder / "p3.comrec.jpg").write_bytes(with_icc(made["scale-2"].jpeg))
    put(site.folder, "bare", made["scale-2"])
    body = "".join(
        f'<comrec-img><img id="{name}" src="{name}.comrec.jpg" alt=""></comrec-img>'
        for name in ("p3", "bare")
    )
    # The control: this browser does convert such a picture, where it is asked for pixels.
    ran = browser.visit(
        page(site, body),
        "await seen.wait(2); const of = (id) => document.getElementById(id);"
        "const file = await (await fetch('p3.comrec.jpg')).blob();"
        "const context = new OffscreenCanvas(8, 8).getContext('2d');"
        "context.drawImage(await createImageBitmap(file), 0, 0);"
        "const converted = [...context.getImageData(0, 0, 8, 8).data];"
        "return {p3: await seen.file(of('p3')), bare: await seen.file(of('bare')),"
        "converted};",
    )
    p3, bare = shown(ran.value["p3"]), shown(ran.value["bare"])
    assert p3.info["icc_profile"] == profiles.display_p3()
    assert "icc_profile" not in bare.info
    assert (np.asarray(p3) == np.asarray(bare)).all()
    coded = jpeg.decode(segments.coded_only(made["scale-2"].jpeg))[:8, :8]
    converted = np.array(ran.value["converted"]).reshape(8, 8, 4)[..., :3]
    assert np.abs(converted - coded).max() > 3


# What fails leaves the plain JPEG and one warning.


def one(name: str = "photo") -> str:
    return (
        f'<comrec-img id="element"><img id="{name}" src="{name}.comrec.jpg" alt="A photo" '
        'width="131" height="97"></comrec-img>'
    )


LOOK = (
    "await seen.wait(1); await seen.sleep(100); const [img] = document.images;"
    "return {src: img.currentSrc, state: img.dataset.comrec, natural: img.naturalWidth,"
    " srcset: img.getAttribute('srcset')};"
)


def without(name: str):
    return lambda folder: (folder / name).unlink()


def changed(name: str, old: bytes, new: bytes):
    def change(folder: Path) -> None:
        data = (folder / name).read_bytes()
        assert old in data
        (folder / name).write_bytes(data.replace(old, new))

    return change


def worker_begins(text: str):
    """The worker with something done before."""

    def change(folder: Path) -> None:
        (folder / "comrec-worker.js").rename(folder / "real-worker.js")
        (folder / "before.js").write_text(text)
        both = 'import "./before.js"; import "./real-worker.js";'
        (folder / "comrec-worker.js").write_text(both)

    return change


def crop(name: str, length: int):
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:length])

    return change


FAILURES = {
    "the sidecar is missing": (without("photo.comrec.json"), "sidecar is missing"),
    "the sidecar is another's": (
        changed("photo.comrec.json", b'"crc":"', b'"crc":"00000000","was":"'), "unknown field",
    ),
    "the size is changed": (changed("photo.comrec.json", b"[131", b"[132"), "another picture"),
    "the sidecar is no sidecar": (changed("photo.comrec.json", b"{", b"["), "invalid JSON"),
    "no networks": (without("networks.json"), "networks.json is missing"),
    "another preset's networks": (
        changed("networks.json", b"lite-2", b"lite-9"), "no network for preset",
    ),
    "the network is missing": (without("network.bin"), "network.bin is missing"),
    "the network is cut off": (crop("network.bin", 100_000), "cut short"),
    "the network is none": (changed("network.bin", b"comrecnn", b"comrecxx"), "not a comrec network"),
    "the runtime is missing": (without("tfjs-backend-wasm-simd.wasm"), "is missing"),
    "the runtime is cut off": (crop("tfjs-backend-wasm-simd.wasm", 200_000), ""),
    "the worker is missing": (without("comrec-worker.js"), "worker"),
    "no memory for the JPEG": (
        worker_begins('globalThis.createImageBitmap = () => { throw new RangeError("no memory"); }'),
        "no memory",
    ),
    "no memory for the runtime": (
        worker_begins('WebAssembly.Memory = function () { throw new RangeError("no memory"); };'
                      'WebAssembly.instantiate = async () => { throw new RangeError("no memory"); }'),
        "no memory",
    ),
    "no WebAssembly": (worker_begins("delete globalThis.WebAssembly"), "no WebAssembly"),
    "no canvas": (worker_begins("delete globalThis.OffscreenCanvas"), "OffscreenCanvas"),
    "no compression": (worker_begins("delete globalThis.CompressionStream"), "CompressionStream"),
    "a canvas that adds noise": (
        worker_begins(
            "const real = OffscreenCanvasRenderingContext2D.prototype.getImageData;"
            "OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...given) {"
            "const image = real.apply(this, given); image.data[5] ^= 1; return image; }"
        ),
        "changes the pixels",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_leaves_the_plain_jpeg_and_one_warning(site, browser, made, name):
    put(site.folder, "photo", made["scale-1.5"])
    change, reason = FAILURES[name]
    change(site.folder)
    ran = browser.visit(page(site, one()), LOOK)
    assert ran.value["src"] == f"{site.url}photo.comrec.jpg"
    assert (ran.value["state"], ran.value["srcset"]) == ("plain", None)
    (event,) = ran.seen["events"]
    assert event["type"] == "comrec-plain"
    assert reason in event["reason"]
    warnings = [line for line in ran.console if line.startswith("warning:")]
    assert len(warnings) == 1
    assert event["reason"] in warnings[0] and "photo.comrec.jpg" in warnings[0]
    # Beside it only what browsers say of files that are missing.
    others = [line for line in ran.console if line not in warnings]
    assert all("Failed to load resource" in line for line in others)
    assert ran.seen["shifts"] == []
    assert ran.seen["revoked"] == ran.seen["made"]


def test_the_same_picture_is_restored_where_nothing_fails(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    ran = browser.visit(page(site, one()), LOOK)
    assert ran.value["state"] == "restored"
    assert ran.value["src"].startswith("blob:")
    assert ran.value["natural"] == 131


def test_a_policy_against_wasm_leaves_the_plain_jpeg(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    site.policy = POLICY.replace(" 'wasm-unsafe-eval'", "")
    ran = browser.visit(page(site, one()), LOOK)
    assert ran.value["state"] == "plain"
    assert len([line for line in ran.console if line.startswith("warning:")]) == 1


def test_a_picture_larger_than_wished_stays_plain(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    body = one().replace("<comrec-img", '<comrec-img max-pixels="10000"')
    ran = browser.visit(page(site, body), LOOK)
    assert ran.value["state"] == "plain"
    assert "at most 10000 pixels" in ran.console[0]


def test_a_plain_jpeg_is_left_alone_without_a_word(site, browser):
    data = pictures.file_of(pictures.photo(97, 131), "JPEG")
    (site.folder / "photo.comrec.jpg").write_bytes(data)
    ran = browser.visit(page(site, one()), LOOK)
    assert ran.value["state"] == "plain"
    assert [line for line in ran.console if line.startswith("warning:")] == []
    assert not [url for url in ran.requests if "network" in url]


@pytest.mark.parametrize("script", ["", '<script type="module" src="none.js"></script>'])
def test_a_page_whose_script_never_runs_shows_the_jpeg(site, browser, made, script):
    put(site.folder, "photo", made["scale-1.5"])
    ran = browser.visit(
        page(site, one(), script),
        "const [img] = document.images; await img.decode(); return img.naturalWidth;",
    )
    assert ran.value == 88


# The page's author and its visitor have their way.

SAVES = "Object.defineProperty(Navigator.prototype, 'connection', {value: {saveData: true}})"


def test_nothing_is_downloaded_for_who_saves_data(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    ran = browser.visit(page(site, one()), LOOK, init=SAVES)
    assert ran.value["state"] == "plain"
    assert ran.console == []
    assert not [u for u in ran.requests if "worker" in u or "network" in u or "json" in u]


def test_an_author_may_know_better_than_the_data_saver(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    body = one().replace("<comrec-img", '<comrec-img data-saver="ignore"')
    ran = browser.visit(page(site, body), LOOK, init=SAVES)
    assert ran.value["state"] == "restored"


def test_a_megapixel_moves_nothing_and_blocks_nothing(site, browser):
    put(site.folder, "large", compressed(large(), 2))
    body = (
        '<h1>Above</h1><comrec-img><img id="large" src="large.comrec.jpg" alt="" width="1152"'
        ' height="912"></comrec-img><p>Below</p>'
    )
    ran = browser.visit(page(site, body), LOOK, viewport={"width": 1280, "height": 1100})
    assert ran.value["state"] == "restored"
    assert ran.seen["shifts"] == []
    assert [ms for ms in ran.seen["longTasks"] if ms >= LONG_TASK_MS] == []


def test_a_picture_without_a_size_gets_that_of_the_whole(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    body = '<comrec-img src="photo.comrec.jpg" alt="A photo"></comrec-img>'
    ran = browser.visit(
        page(site, body),
        "await seen.wait(1); const [img] = document.images;"
        "return [img.width, img.height, img.alt, img.getAttribute('src')];",
    )
    assert ran.value == [131, 97, "A photo", "photo.comrec.jpg"]


def test_pictures_far_away_wait_until_they_come_near(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    put(site.folder, "far", made["scale-2"])
    (site.folder / "tall.css").write_text("div { height: 5000px }")
    body = (
        f'<link rel="stylesheet" href="tall.css">{one()}<div></div>'
        '<comrec-img><img id="far" src="far.comrec.jpg" alt=""></comrec-img>'
    )
    ran = browser.visit(
        page(site, body),
        "await seen.wait(1); await seen.sleep(300); const far = document.getElementById('far');"
        "const before = [seen.events.length, far.complete, far.dataset.comrec ?? null];"
        "far.scrollIntoView(); await seen.wait(2);"
        "return [before, far.dataset.comrec];",
    )
    assert ran.value == [[1, True, None], "restored"]


def test_pictures_in_view_come_first(site, browser, made):
    (site.folder / "tall.css").write_text("div { height: 900px }")
    names = [f"{place}{i}" for place in ("below", "seen") for i in range(4)]
    for name in names:
        put(site.folder, name, made["scale-1.5"])
    images = [
        f'<comrec-img><img id="{name}" src="{name}.comrec.jpg" alt=""></comrec-img>'
        for name in names
    ]
    # Those below stand first in the page's order of events: the grid puts them last.
    (site.folder / "tall.css").write_text(
        "main { display: flex; flex-direction: column-reverse } hr { height: 900px }"
    )
    body = (
        '<link rel="stylesheet" href="tall.css"><main>'
        f"<section>{''.join(images[:4])}</section><hr><section>{''.join(images[4:])}</section></main>"
    )
    ran = browser.visit(
        page(site, body), "await seen.wait(8);", viewport={"width": 1000, "height": 700}
    )
    order = [event["id"] for event in ran.seen["events"]]
    # Two pictures are begun before all of them have been looked at.
    assert set(order[-2:]) <= set(names[:4])
    assert len([name for name in order[:5] if name.startswith("seen")]) >= 3


def test_a_new_src_drops_the_old_picture_and_frees_it(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    put(site.folder, "other", made["29x100"])
    ran = browser.visit(
        page(site, one().replace(' width="131" height="97"', "")),
        "await seen.wait(1); const [img] = document.images; const first = img.currentSrc;"
        "img.src = 'other.comrec.jpg';"
        "await seen.until(() => img.currentSrc.endsWith('other.comrec.jpg'));"
        "await seen.wait(2); return [first, img.naturalWidth, img.naturalHeight, img.width,"
        " img.getAttribute('src')];",
    )
    first, *rest = ran.value
    assert rest == [100, 29, 100, "other.comrec.jpg"]
    assert ran.seen["revoked"] == [first]
    assert ran.console == []


def test_a_picture_that_was_replaced_meanwhile_is_never_shown(site, browser, made):
    put(site.folder, "large", compressed(large(), 2))
    put(site.folder, "other", made["29x100"])
    ran = browser.visit(
        page(site, one("large")),
        "const [img] = document.images;"
        "await seen.until(() => img.dataset.comrec === 'restoring');"
        "img.src = 'other.comrec.jpg'; await seen.wait(1); await seen.sleep(1500);"
        "return [seen.events.length, img.naturalWidth, seen.blobs.size];",
    )
    assert ran.value == [1, 100, 1]
    assert ran.console == []


@pytest.mark.parametrize("when", ["restoring", "restored"])
def test_a_picture_that_leaves_the_page_is_freed(site, browser, made, when):
    put(site.folder, "photo", made["scale-1.5"])
    ran = browser.visit(
        page(site, one()),
        "const [img] = document.images;"
        f"await seen.until(() => img.dataset.comrec === '{when}');"
        "img.parentElement.remove(); await seen.sleep(1500);"
        "return [img.getAttribute('srcset'), img.dataset.comrec ?? null];",
    )
    assert ran.value == [None, None]
    assert ran.seen["made"] == ran.seen["revoked"]
    assert ran.console == []


def test_a_picture_that_is_moved_or_comes_back_is_restored(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    ran = browser.visit(
        page(site, f"<main></main>{one()}"),
        "await seen.wait(1); const [img] = document.images; const first = img.currentSrc;"
        "const element = img.parentElement, main = document.querySelector('main');"
        "main.append(element); await seen.sleep(300); const moved = img.currentSrc === first;"
        "element.remove(); await seen.sleep(300); main.append(element);"
        "await seen.wait(2); return [moved, img.dataset.comrec];",
    )
    assert ran.value == [True, "restored"]
    assert len(ran.seen["revoked"]) == 1


def test_of_a_srcset_the_one_that_is_shown_is_restored_at_its_size(site, browser, made):
    put(site.folder, "small", made["29x100"])
    put(site.folder, "photo", made["scale-1.5"])
    body = (
        '<comrec-img srcset="small.comrec.jpg 1x, photo.comrec.jpg 2x" src="small.comrec.jpg"'
        ' alt=""></comrec-img>'
    )
    ran = browser.visit(
        page(site, body),
        "await seen.wait(1); const [img] = document.images;"
        "return [img.width, img.height, img.naturalWidth, img.getBoundingClientRect().width];",
        mobile={"deviceScaleFactor": 2},
    )
    assert [round(side) for side in ran.value] == [66, 49, 65, 66]  # natural sizes are cut
    assert ran.seen["events"][0]["width"] == 131


def test_a_picture_element_is_restored_and_given_back(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    put(site.folder, "small", made["29x100"])
    body = (
        '<picture><source srcset="photo.comrec.jpg" media="(min-width: 10px)">'
        '<img src="small.comrec.jpg" alt=""></picture>'
    )
    ran = browser.visit(
        page(site, body),
        "const { enhance } = await import('/comrec-img.js'); const [img] = document.images;"
        "const stop = enhance(img); await seen.wait(1);"
        "const restored = [img.currentSrc.slice(0, 5), img.naturalWidth]; stop();"
        "await seen.until(() => img.currentSrc.endsWith('photo.comrec.jpg'));"
        "return [...restored, document.querySelector('source').media, img.dataset.comrec ?? null,"
        " img.hasAttribute('width')];",
    )
    assert ran.value == ["blob:", 131, "(min-width: 10px)", None, False]
    assert ran.seen["revoked"] == ran.seen["made"]


def test_attributes_are_handed_on_and_kept_in_step(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    body = (
        '<comrec-img src="photo.comrec.jpg" alt="Before" width="50" loading="lazy"></comrec-img>'
    )
    ran = browser.visit(
        page(site, body),
        "await seen.wait(1); const [img] = document.images;"
        "const before = [img.alt, img.getAttribute('width'), img.loading];"
        "img.parentElement.setAttribute('alt', 'After');"
        "img.parentElement.removeAttribute('width');"
        "return [before, img.alt, img.getAttribute('width'), document.images.length];",
    )
    assert ran.value == [["Before", "50", "lazy"], "After", None, 1]


def test_webgpu_restores_what_wasm_restores(site, browser, made):
    put(site.folder, "photo", made["scale-1.5"])
    body = one() + one().replace("<comrec-img", '<comrec-img backend="webgpu"').replace(
        'id="photo"', 'id="gpu"'
    )
    ran = browser.visit(
        page(site, body),
        "await seen.wait(2); return {photo: await seen.file(document.images[0]),"
        " gpu: await seen.file(document.images[1])};",
        gpu=True,
    )
    backends = {event["id"]: event["backend"] for event in ran.seen["events"]}
    assert backends == {"photo": "wasm", "gpu": "webgpu"}
    wasm, gpu = (np.asarray(shown(ran.value[n])).astype(int) for n in ("photo", "gpu"))
    assert np.abs(wasm - gpu).max() <= 1
    assert ran.console == []
